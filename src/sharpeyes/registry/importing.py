"""Cameras from a CSV file: good rows are kept, bad ones told, and nothing is ever deleted."""

from __future__ import annotations

import itertools
import operator
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import asyncpg

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera
from sharpeyes.registry.credentials import Connection, CredentialStore
from sharpeyes.registry.csv_columns import (
    FILE_COLUMNS,
    Cells,
    read_cells,
    read_header,
    to_camera_file,
)
from sharpeyes.registry.csv_lines import BrokenLine, CsvLine, read_lines
from sharpeyes.registry.device_code import has_code_digits
from sharpeyes.registry.editing import announce, filed_camera
from sharpeyes.registry.errors import FieldProblem, ImportFileError, shown
from sharpeyes.registry.history import sign

BATCH_ROWS = 1000
"""Rows that are committed together: enough to be quick, few enough to lose or to lock."""

_SQL_TYPES = {
    "tier": "smallint",
    "longitude": "double precision",
    "latitude": "double precision",
    "rtsp_port": "integer",
    "http_port": "integer",
    "sample_interval_s": "double precision",
}
_NAMES = ", ".join(FILE_COLUMNS)
_ARRAYS = ", ".join(
    f"${number}::{_SQL_TYPES.get(column, 'text')}[]"
    for number, column in enumerate(FILE_COLUMNS, start=1)
)


def _columns_of(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in FILE_COLUMNS)


# Rows as they are on file already are left out before the INSERT, so that a re-import burns no
# identities and locks nothing. The order keeps imports and everybody else from deadlocks.
_UPSERT = f"""
    INSERT INTO camera ({_NAMES})
    SELECT {_columns_of("handed_in")}
    FROM unnest({_ARRAYS}) AS handed_in ({_NAMES})
    LEFT JOIN camera AS stored USING (device_code)
    WHERE stored.camera_id IS NULL
        OR ({_columns_of("stored")}) IS DISTINCT FROM ({_columns_of("handed_in")})
    ORDER BY device_code
    ON CONFLICT (device_code) DO UPDATE
    SET ({_NAMES}) = ROW ({_columns_of("excluded")}),
        revision = camera.revision + 1, updated_at = now()
    WHERE ({_columns_of("camera")}) IS DISTINCT FROM ({_columns_of("excluded")})
    RETURNING camera_id, device_code, revision = 1 AS added
"""  # noqa: S608  # made of our own field names


class RowProblem(FieldProblem, frozen=True, kw_only=True):
    """One field of one row that cannot be accepted; `field` is empty where it is the whole row.

    Attributes:
        row: The row's number in the file, the header being 1.
    """

    row: int

    def __str__(self) -> str:
        problem = super().__str__().strip()
        return f"row {self.row}: {problem}"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of some rows of a file. Reports of batches add up.

    Attributes:
        last_row: The last row that was dealt with; all before it were too.
        added: Cameras that are new.
        changed: Cameras of which something was on file otherwise.
        unchanged: Cameras that were on file just so.
        refused_rows: Rows that were not taken.
        refused: Why not: at least one problem for each of them.
        without_path: Rows that were taken and of which the camera `lacks_path`.
    """

    last_row: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused_rows: int = 0
    refused: tuple[RowProblem, ...] = ()
    without_path: int = 0


class CameraImporter:
    """Imports files of cameras, each upserted by its device code.

    Args:
        pool: The database.
        credentials: Where user names and passwords go.
        actor: Who imports, for the cameras' history.
    """

    def __init__(self, pool: asyncpg.Pool, credentials: CredentialStore, *, actor: str) -> None:
        self._pool = pool
        self._actor = actor
        self._credentials = credentials

    async def run(self, source: BinaryIO) -> AsyncIterator[ImportReport]:
        """Import a CSV file in UTF-8, batch by batch.

        Columns that the file does not have stay as they are on file. Of rows with the same device
        code the first counts, and the others are refused. Memory grows by some 100 bytes a row,
        for the codes that were seen.

        Args:
            source: The file, open for reading bytes; read as the import goes on.

        Yields:
            A report of each batch once it is committed. Who stops here leaves whole batches.

        Raises:
            ImportFileError: The file as a whole cannot be read; nothing was changed.
        """
        lines = read_lines(source)
        columns = _header(lines)
        divisions = await self._pool.fetch("SELECT division_code FROM division")
        codes = frozenset(row["division_code"] for row in divisions)
        first_rows: dict[int, int] = {}
        while batch := list(itertools.islice(lines, BATCH_ROWS)):
            rows, refused = _read_rows(batch, columns, first_rows)
            yield await self._store(batch[-1].row, rows, refused, columns, codes)

    async def _store(
        self,
        last_row: int,
        rows: list[Cells],
        refused: list[RowProblem],
        columns: tuple[str, ...],
        divisions: frozenset[str],
    ) -> ImportReport:
        async with self._pool.acquire() as connection, connection.transaction():
            await sign(connection, self._actor)
            # Two imports at once take turns, batch by batch.
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('sharpeyes.import'))")
            stored: dict[str, FiledCamera] = {}
            if not set(FILE_COLUMNS) <= set(columns):
                stored = await _lock(connection, rows)
            files: list[CameraFile] = []
            secrets: dict[str, Credentials] = {}
            for cells in rows:
                code = str(cells.values["device_code"])
                file = to_camera_file(cells, stored.get(code), divisions)
                if isinstance(file, CameraFile):
                    files.append(file)
                    if cells.credentials is not None:
                        secrets[file.device_code] = cells.credentials
                else:
                    refused += [_in_row(cells.row, problem) for problem in file]
            added, changed = await self._upsert(connection, files, secrets)
        refused.sort(key=lambda problem: problem.row)
        return ImportReport(
            last_row=last_row,
            added=added,
            changed=changed,
            unchanged=len(files) - added - changed,
            refused_rows=len({problem.row for problem in refused}),
            refused=tuple(refused),
            without_path=sum(file.lacks_path for file in files),
        )

    async def _upsert(
        self, connection: Connection, files: list[CameraFile], secrets: dict[str, Credentials]
    ) -> tuple[int, int]:
        """Write what differs, and return how many cameras are new and how many others changed."""
        table = zip(*map(operator.attrgetter(*FILE_COLUMNS), files), strict=True)
        written = await connection.fetch(_UPSERT, *map(list, table)) if files else []
        added = {row["camera_id"] for row in written if row["added"]}
        changed = {row["camera_id"] for row in written} - added
        by_id = {
            row["camera_id"]: secrets[row["device_code"]]
            for row in await connection.fetch(
                "SELECT camera_id, device_code FROM camera WHERE device_code = ANY($1::text[])",
                list(secrets),
            )
        }
        differing = await self._credentials.differing(connection, by_id)
        only_secrets = sorted(differing.keys() - added - changed)
        # A camera's row is locked before its credentials, as in every other place.
        await connection.execute(
            "UPDATE camera SET revision = revision + 1, updated_at = now()"
            " WHERE camera_id = ANY($1::bigint[])",
            only_secrets,
        )
        await self._credentials.put_many(connection, differing)
        await announce(connection, [*added, *changed, *only_secrets])
        return len(added), len(changed) + len(only_secrets)


def _header(lines: Iterator[CsvLine | BrokenLine]) -> tuple[str, ...]:
    first = next(lines, None)
    if first is None:
        raise ImportFileError("the file is empty")
    if isinstance(first, BrokenLine):
        raise ImportFileError(f"row {first.row}, the header, {first.reason}")
    return read_header(first.cells)


def _read_rows(
    lines: Iterable[CsvLine | BrokenLine], columns: tuple[str, ...], first_rows: dict[int, int]
) -> tuple[list[Cells], list[RowProblem]]:
    """Read lines that have the right shape and a device code that was not there before.

    Args:
        lines: One batch.
        columns: The header.
        first_rows: Where each device code was seen first; added to.
    """
    rows: list[Cells] = []
    refused: list[RowProblem] = []
    for line in lines:
        if isinstance(line, BrokenLine):
            refused.append(RowProblem(row=line.row, field="", value="", reason=line.reason))
            continue
        if len(line.cells) != len(columns):
            reason = f"has {len(line.cells)} cells, and the header {len(columns)}"
            refused.append(RowProblem(row=line.row, field="", value="", reason=reason))
            continue
        cells = read_cells(line.row, columns, line.cells)
        code = str(cells.values["device_code"])
        # Numbers take a third of the memory of texts.
        first = first_rows.setdefault(int(code), line.row) if has_code_digits(code) else line.row
        if first == line.row:
            rows.append(cells)
        else:
            problem = FieldProblem("device_code", shown(code), f"is in row {first} already")
            refused.append(_in_row(line.row, problem))
    return rows, refused


def _in_row(row: int, problem: FieldProblem) -> RowProblem:
    return RowProblem(row=row, field=problem.field, value=problem.value, reason=problem.reason)


async def _lock(connection: Connection, rows: Iterable[Cells]) -> dict[str, FiledCamera]:
    """Return what is on file under the rows' codes, and keep it so until we have written."""
    stored = await connection.fetch(
        "SELECT * FROM camera WHERE device_code = ANY($1::text[]) ORDER BY device_code FOR UPDATE",
        [cells.values["device_code"] for cells in rows],
    )
    return {row["device_code"]: filed_camera(row) for row in stored}
