"""Rows into the database: a batch is copied beside the cameras and merged in a few statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import repeat
from operator import attrgetter, itemgetter

import asyncpg
import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera
from sharpeyes.registry.column_reading import Block
from sharpeyes.registry.credentials import Connection, CredentialStore
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.tokens import camera_tokens

_LIFE = ("life", "life_reason", "life_until")
_DERIVED = ("division_path", "tokens")
"""What triggers would fill in, at many times the cost."""
# Others may hold one of the rows, or all of the machine.
_BATCH_S = 600.0
_FILED = FiledCamera.__struct_fields__

# Where somebody else has changed a camera since, its row has another revision.
_LOOK_UP = """
    SELECT device_code, camera.revision,
        COALESCE(revision = import_revision AND import_digest = handed_in.digest, false) AS same
    FROM unnest($1::text[], $2::bytea[]) AS handed_in (device_code, digest)
    JOIN camera USING (device_code)
"""
_STORED = f"SELECT {', '.join(_FILED)} FROM camera WHERE device_code = ANY($1::text[])"  # noqa: S608
# In the order of the codes, as everybody who locks several cameras does.
_LOCK = """
    SELECT count(*) FILTER (WHERE locked.revision = import_row.stored_revision)
    FROM import_row JOIN (
        SELECT camera.device_code, camera.revision FROM camera
        WHERE camera.device_code = ANY($1::text[]) ORDER BY camera.device_code FOR UPDATE
    ) AS locked USING (device_code)
"""
_HIDDEN = """
    SELECT device_code FROM import_row WHERE NOT EXISTS (
        SELECT FROM camera WHERE camera.device_code = import_row.device_code
    )
"""
# Written otherwise, these rows come to the same as what is on file.
_REMEMBER = """
    UPDATE camera SET import_digest = import_row.import_digest, import_revision = camera.revision
    FROM import_row
    WHERE import_row.stored_revision > 0 AND import_row.import_digest IS NOT NULL
        AND camera.device_code = import_row.device_code
        AND (camera.import_digest, camera.import_revision)
            IS DISTINCT FROM (import_row.import_digest, camera.revision)
"""


class RacedError(Exception):
    """Somebody changed a camera of the batch between looking it up and writing it: look again."""


class HiddenError(Exception):
    """Cameras of the batch are on file where whoever imports it cannot see them.

    Attributes:
        codes: Their device codes.
    """

    def __init__(self, codes: frozenset[str]) -> None:
        super().__init__(f"{len(codes)} cameras are beyond reach")
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a batch."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row to merge.

    Attributes:
        file: All fields.
        state: Its life.
        division_path: Of its division.
        stored_revision: The revision that was looked up; 0 for a new camera.
        digest: Of the row's texts; empty for none.
        credentials: What to store for it, if anything.
    """

    file: CameraFile
    state: LifeState
    division_path: str
    stored_revision: int
    digest: bytes
    credentials: Credentials | None = None


async def look_up(
    connection: Connection | asyncpg.Pool, digests: dict[str, bytes]
) -> dict[str, tuple[int, bool]]:
    """Return the revision of each camera that is on file, and whether its row is as it was.

    Args:
        connection: The database.
        digests: Of the rows' texts, by device code.
    """
    rows = await connection.fetch(_LOOK_UP, list(digests), list(digests.values()))
    return {row["device_code"]: (row["revision"], row["same"]) for row in rows}


async def hold(connection: Connection, codes: Sequence[str]) -> None:
    """Keep these cameras as they are, up to the end of the transaction, for all but ourselves."""
    await connection.execute(
        "SELECT FROM camera WHERE device_code = ANY($1::text[]) ORDER BY device_code FOR UPDATE",
        codes,
    )


async def stored_files(
    connection: Connection | asyncpg.Pool, codes: Sequence[str]
) -> dict[str, FiledCamera]:
    """Return what is on file under these codes."""
    rows = await connection.fetch(_STORED, codes) if codes else []
    return {row["device_code"]: msgspec.convert(dict(row), FiledCamera) for row in rows}


class BatchMerge:
    """Writes batches of one file's rows: what is new, and what differs from what is on file.

    Args:
        fields: The fields of a camera's file that the rows say something of, in whatever order;
            all others stay as they are.
        credentials: Where user names and passwords go.
    """

    def __init__(self, fields: Sequence[str], credentials: CredentialStore) -> None:
        self._credentials = credentials
        self._fields = tuple(fields)
        self._values_of = attrgetter(*self._fields)
        compared = (*self._fields, *_LIFE)
        written = (*compared, *_DERIVED, "import_digest")
        self._copied = (*written, "stored_revision")
        differs = f"({_of('camera', compared)}) IS DISTINCT FROM ({_of('import_row', compared)})"
        # All of this is made of our own field names.
        self._stage = (
            f"CREATE TEMP TABLE import_row AS SELECT {', '.join(written)},"  # noqa: S608
            " revision AS stored_revision FROM camera WITH NO DATA"
        )
        self._insert = (
            f"INSERT INTO camera ({', '.join(written)}, import_revision)"  # noqa: S608
            f" SELECT {', '.join(written)}, 1 FROM import_row"
            " WHERE stored_revision = 0"
        )
        self._update = (
            f"UPDATE camera SET ({', '.join(written)}) = ROW ({_of('import_row', written)}),"  # noqa: S608
            " revision = camera.revision + 1, import_revision = camera.revision + 1,"
            " updated_at = now() FROM import_row"
            " WHERE import_row.stored_revision > 0"
            f" AND camera.device_code = import_row.device_code AND {differs}"
        )
        self._count_changed = (
            f"SELECT count(*) FROM import_row JOIN camera USING (device_code) WHERE {differs}"  # noqa: S608
        )

    def records(self, block: Block, rows: Sequence[Accepted]) -> list[tuple[object, ...]]:
        """Return the rows of a batch as the statements below want them."""
        records: list[tuple[object, ...]] = []
        if len(block):
            traits = zip(
                block.column("place_kinds"),
                block.column("maker"),
                block.columns["tier"],
                block.columns["life"],
                block.division_paths,
                strict=False,
            )
            tokens = camera_tokens(
                block.columns["name"], block.column("place_name"), block.column("address"), traits
            )
            columns = [block.columns[name] for name in (*self._fields, *_LIFE)]
            records += zip(
                *columns,
                block.division_paths,
                tokens,
                [digest or None for digest in block.digests],
                repeat(0),
                strict=False,
            )
        files = [row.file for row in rows]
        tokens = camera_tokens(
            [file.name for file in files],
            [file.place_name for file in files],
            [file.address for file in files],
            [
                (
                    row.file.place_kinds,
                    row.file.maker,
                    row.file.tier,
                    row.state.life,
                    row.division_path,
                )
                for row in rows
            ],
        )
        for row, found in zip(rows, tokens, strict=True):
            state = msgspec.structs.astuple(row.state)
            values = (*self._values_of(row.file), *state, row.division_path, found)
            records.append((*values, row.digest or None, row.stored_revision))
        # Cameras are locked in the order of their codes, as everybody does who locks several.
        records.sort(key=itemgetter(0))
        return records

    @asynccontextmanager
    async def staged(
        self, connection: Connection, records: Sequence[tuple[object, ...]]
    ) -> AsyncIterator[None]:
        """Copy rows to where `compare` and `write` find them, as long as the block lasts."""
        await connection.execute(self._stage)
        await connection.copy_records_to_table(
            "import_row", records=records, columns=self._copied, timeout=_BATCH_S
        )
        yield
        await connection.execute("DROP TABLE import_row")

    async def compare(self, connection: Connection, new: int, rows: Sequence[Accepted]) -> Merged:
        """Say what `write` would do with the staged rows; passwords are not compared."""
        changed = await connection.fetchval(self._count_changed)
        added = new + sum(row.stored_revision == 0 for row in rows)
        return Merged(added, changed, new + len(rows) - added - changed)

    async def write(self, connection: Connection, new: int, rows: Sequence[Accepted]) -> Merged:
        """Write the staged rows: what is new and what differs.

        Args:
            connection: In a transaction.
            new: How many of the staged rows are not among `rows`: new cameras, all of them.
            rows: The others.

        Raises:
            RacedError: Nothing may be kept of the transaction.
            HiddenError: The same.
        """
        known = [row.file.device_code for row in rows if row.stored_revision]
        new += len(rows) - len(known)
        if known and await connection.fetchval(_LOCK, known, timeout=_BATCH_S) < len(known):
            raise RacedError
        if new and await self._add(connection) < new:
            hidden = await connection.fetch(_HIDDEN)
            codes = frozenset(row["device_code"] for row in hidden)
            raise HiddenError(codes) if hidden else RacedError
        changed = 0
        if known:
            changed = _count(await connection.execute(self._update, timeout=_BATCH_S))
        changed += await _put_credentials(connection, rows, self._credentials)
        if known:
            await connection.execute(_REMEMBER, timeout=_BATCH_S)
        return Merged(new, changed, len(known) - changed)

    async def _add(self, connection: Connection) -> int:
        """Insert the new cameras; return how many were not there yet."""
        # Triggers join thousands of groups with tables of which there are no statistics yet when a
        # registry is filled: row by row that takes a minute a batch. Memory is for the index of
        # tokens, which takes in what has waited.
        await connection.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
        try:
            # By far the usual case; asking about each row whether it is there costs much more.
            async with connection.transaction():
                inserted = await connection.execute(self._insert, timeout=_BATCH_S)
        except asyncpg.UniqueViolationError:
            inserted = await connection.execute(
                f"{self._insert} ON CONFLICT (device_code) DO NOTHING", timeout=_BATCH_S
            )
        await connection.execute("SET LOCAL enable_nestloop = on; SET LOCAL work_mem = DEFAULT")
        return _count(inserted)


def _of(table: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


async def _put_credentials(
    connection: Connection,
    rows: Sequence[Accepted],
    credentials: CredentialStore,
) -> int:
    """Store passwords that differ; return how many cameras changed in nothing else."""
    secrets = {row.file.device_code: row.credentials for row in rows if row.credentials}
    if not secrets:
        return 0
    found = await connection.fetch(
        "SELECT camera_id, device_code, revision FROM camera WHERE device_code = ANY($1::text[])",
        list(secrets),
    )
    by_id = {row["camera_id"]: secrets[row["device_code"]] for row in found}
    differing = await credentials.differing(connection, by_id)
    if not differing:
        return 0
    before = {row.file.device_code: row.stored_revision for row in rows}
    only_secrets = sorted(
        row["camera_id"]
        for row in found
        if row["camera_id"] in differing and row["revision"] == before[row["device_code"]]
    )
    # A camera's row is locked before its credentials, as in every other place.
    await connection.execute(
        "UPDATE camera SET revision = revision + 1, updated_at = now()"
        " WHERE camera_id = ANY($1::bigint[])",
        only_secrets,
    )
    await credentials.put_many(connection, differing)
    return len(only_secrets)


def _count(command_tag: str) -> int:
    return int(command_tag.rpartition(" ")[2])
