"""Which files were imported, by whom, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec

from sharpeyes.registry.errors import FieldProblem, UnknownImportError
from sharpeyes.registry.import_report import ImportReport, RefusedRow
from sharpeyes.registry.sheet_opening import OpenSheet

PROBLEMS_KEPT = 200
"""Of one run; all of them are in its spreadsheet of refused rows."""

_SILENT_S = 120
_FILING_S = 600.0

RunState = Literal["running", "done", "stopped", "failed", "undone"]


class RowProblem(FieldProblem, frozen=True, kw_only=True):
    """One field of one row that cannot be accepted; `field` is empty where it is the whole row.

    Attributes:
        row: The row's number in the file, the first being 1.
    """

    row: int

    def __str__(self) -> str:
        problem = super().__str__().strip()
        return f"row {self.row}: {problem}"


class ImportRun(msgspec.Struct, frozen=True, kw_only=True):
    """One import of one file.

    Attributes:
        import_id: Rises with time.
        started_at: UTC.
        finished_at: UTC; None as long as it runs.
        actor: Who.
        file_name: Of the file, without folders.
        dry_run: Nothing was written.
        all_or_nothing: Nothing was kept if one row was refused.
        state: stopped: after whole batches, up to `last_row`; failed: see `problem`.
        problem: Why it failed; empty otherwise.
        remarks: What its user should know of how the file was read.
        last_row: The last row that was dealt with; all before it were, too.
        added: Cameras that are new.
        changed: Cameras of which something was on file otherwise.
        unchanged: Cameras that were on file just so.
        refused_rows: Rows that were not taken.
        without_path: Rows that were taken, of cameras that may be asked but have no stream path.
        missing: Cameras on file that the file does not name; None until it was read to its end.
        retired: Those of them that were then removed from service.
        problems: The first ones.
        has_refused_sheet: Whether there is a spreadsheet of the refused rows.
    """

    import_id: int
    started_at: datetime
    finished_at: datetime | None
    actor: str
    file_name: str
    dry_run: bool
    all_or_nothing: bool
    state: RunState
    problem: str
    remarks: list[str]
    last_row: int
    added: int
    changed: int
    unchanged: int
    refused_rows: int
    without_path: int
    missing: int | None
    retired: int
    problems: list[RowProblem]
    has_refused_sheet: bool


_PLAIN = [
    name for name in ImportRun.__struct_fields__ if name not in {"state", "has_refused_sheet"}
]
# A process that was killed could not say so.
_SELECT = f"""
    SELECT {", ".join(_PLAIN)}, refused IS NOT NULL AS has_refused_sheet,
        CASE WHEN state = 'running' AND updated_at < now() - make_interval(secs => {_SILENT_S})
            THEN 'stopped' ELSE state END AS state
    FROM import_run
"""  # noqa: S608  # made of our own field names


class ImportRuns:
    """The imports in the database.

    Args:
        pool: The database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def start(
        self, sheet: OpenSheet, actor: str, *, dry_run: bool, all_or_nothing: bool
    ) -> int:
        """Note that an import begins, and return its identity."""
        import_id: int = await self._pool.fetchval(
            "INSERT INTO import_run (actor, file_name, file_sha256, dry_run, all_or_nothing,"
            " remarks) VALUES ($1, $2, $3, $4, $5, $6) RETURNING import_id",
            actor,
            sheet.name,
            sheet.sha256,
            dry_run,
            all_or_nothing,
            list(sheet.remarks),
        )
        return import_id

    async def progress(
        self, import_id: int, total: ImportReport, problems: Sequence[RowProblem]
    ) -> None:
        """Note how far an import is.

        Args:
            import_id: Which.
            total: All of it so far.
            problems: The first ones so far.
        """
        await self._pool.execute(
            "UPDATE import_run SET updated_at = now(), last_row = $2, added = $3, changed = $4,"
            " unchanged = $5, refused_rows = $6, without_path = $7, problems = $8"
            " WHERE import_id = $1",
            import_id,
            total.last_row,
            total.added,
            total.changed,
            total.unchanged,
            total.refused_rows,
            total.without_path,
            list(problems),
        )

    async def finish(
        self,
        import_id: int,
        state: RunState,
        *,
        problem: str = "",
        missing: int | None = None,
        retired: int = 0,
        refused: bytes | None = None,
    ) -> None:
        """Note how an import ended, and let its cameras be found as quickly as all others."""
        await self._pool.execute(
            "UPDATE import_run SET finished_at = now(), updated_at = now(), state = $2,"
            " problem = $3, missing = $4, retired = $5, refused = $6 WHERE import_id = $1",
            import_id,
            state,
            problem,
            missing,
            retired,
            refused,
        )
        # Until then each search reads through all new cameras one by one.
        await self._pool.execute("SELECT file_waiting_tokens()", timeout=_FILING_S)

    async def get(self, import_id: int) -> ImportRun:
        """Return one import.

        Raises:
            UnknownImportError: There is none.
        """
        row = await self._pool.fetchrow(f"{_SELECT} WHERE import_id = $1", import_id)
        if row is None:
            raise UnknownImportError(import_id)
        return _run(row)

    async def list(self, *, before: int | None = None, limit: int = 50) -> list[ImportRun]:
        """Return imports, newest first.

        Args:
            before: The last `import_id` of the page before.
            limit: Imports at most.
        """
        rows = await self._pool.fetch(
            f"{_SELECT} WHERE $1::bigint IS NULL OR import_id < $1"
            " ORDER BY import_id DESC LIMIT $2",
            before,
            limit,
        )
        return [_run(row) for row in rows]

    async def refused(self, import_id: int) -> bytes | None:
        """Return an import's refused rows, for `refused_sheet`; None where there are none.

        Raises:
            UnknownImportError: There is no such import.
        """
        row = await self._pool.fetchrow(
            "SELECT refused FROM import_run WHERE import_id = $1", import_id
        )
        if row is None:
            raise UnknownImportError(import_id)
        refused: bytes | None = row["refused"]
        return refused


def problems_of(rows: Sequence[RefusedRow]) -> list[RowProblem]:
    """Return the problems of refused rows, each with its row."""
    return [
        RowProblem(row=row.row, field=one.field, value=one.value, reason=one.reason)
        for row in rows
        for one in row.problems
    ]


def _run(row: asyncpg.Record) -> ImportRun:
    fields: dict[str, Any] = dict(row)
    return msgspec.convert(fields, ImportRun)
