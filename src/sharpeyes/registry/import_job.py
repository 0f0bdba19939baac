"""One import from its first row to its record: what commands and the API have in common."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime

import asyncpg

from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.errors import (
    ImportFileError,
    ImportRacedError,
    ImportStateError,
    UnknownDivisionError,
)
from sharpeyes.registry.history import announce_many, sign
from sharpeyes.registry.import_report import ImportReport
from sharpeyes.registry.import_runs import (
    PROBLEMS_KEPT,
    ImportRuns,
    RowProblem,
    RunState,
    problems_of,
)
from sharpeyes.registry.importing import CameraImport
from sharpeyes.registry.refused_sheet import RefusedRows
from sharpeyes.registry.sheet_opening import OpenSheet

_RETIRED_TOGETHER = 5000
_FETCHED_TOGETHER = 10_000
_TURN_S = 3600.0
_ON_FILE = """
    SELECT device_code FROM camera
    WHERE life <> 'removed' AND ($1::text IS NULL OR division_path ^@ $1) ORDER BY device_code
"""
_RETIRE = """
    UPDATE camera SET life = 'removed', life_reason = $2, life_until = NULL,
        revision = revision + 1, updated_at = now()
    WHERE device_code = ANY($1::text[]) AND life <> 'removed'
"""


class ImportJob:
    """Imports a file and keeps the record of it.

    Args:
        pool: The database.
        credentials: Where user names and passwords go.
        sheet: The file.
        actor: Who imports it.
        now: The time, UTC.
        dry_run: Only say what would be done.
        whole: Keep all rows, or none if one is refused.
        division: The division whose cameras the file should name, all of them; None for all.
        reach: The path of the division that the actor may change; empty for all.

    Attributes:
        is_dry_run: Whether nothing is written.
        import_id: Of the record, once it runs.
        total: What became of the rows so far.
        problems: The first ones.
        missing: Codes of cameras that are on file, not removed, and not in the file; None as long
            as the file was not read to its end.
        refused: The refused rows, for `refused_sheet`; None where there are none.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        credentials: CredentialStore,
        sheet: OpenSheet,
        *,
        actor: str,
        now: datetime,
        dry_run: bool = False,
        whole: bool = False,
        division: str | None = None,
        reach: str = "",
    ) -> None:
        self._pool = pool
        self._runs = ImportRuns(pool)
        self._credentials = credentials
        self._sheet = sheet
        self._actor = actor
        self._now = now
        self.is_dry_run = dry_run
        self._whole = whole
        self._division = division
        self._reach = reach
        self._unreadable_rows = 0
        self._retired = 0
        self.import_id = 0
        self.total = ImportReport()
        self.problems: list[RowProblem] = []
        self.missing: list[str] | None = None
        self.refused: bytes | None = None

    @property
    def kept_nothing(self) -> bool:
        """Whether a refused row kept all others out."""
        return self._whole and self.total.refused_rows > 0

    async def start(self) -> int:
        """Note that the import begins, and return its identity.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        await self._path()
        self.import_id = await self._runs.start(
            self._sheet, self._actor, dry_run=self.is_dry_run, all_or_nothing=self._whole
        )
        return self.import_id

    async def run(self, *, retire: int | None = None) -> AsyncGenerator[ImportReport]:
        """Import batch by batch, once it was started.

        Args:
            retire: Where it is already confirmed how many cameras are to be retired: as
                `retire_missing` at the end, a refusal of which goes into the record.

        Yields:
            What became of each batch. Who stops here leaves whole batches (with `whole`: nothing).

        Raises:
            ImportFileError: The file cannot be read further; what was committed stays.
            ImportRacedError: Rows could not be written; what was committed stays.
        """
        importer = CameraImport(
            self._pool,
            self._credentials,
            self._sheet,
            actor=self._actor,
            now=self._now,
            import_id=None if self.is_dry_run else self.import_id,
            whole=self._whole,
            reach=self._reach,
        )
        state: RunState = "stopped"
        problem = ""
        refused = RefusedRows(self._sheet.layout)
        try:
            try:
                async with aclosing(importer.run()) as reports:
                    async for report in reports:
                        self._add(report, refused)
                        await self._note()
                        yield report
            finally:
                for report in importer.unreported:
                    self._add(report, refused)
            self._unreadable_rows = importer.unreadable_rows
            self.missing = [c async for c in self._on_file() if not importer.has_seen(c)]
            state = "failed" if self.kept_nothing else "done"
            problem = "rows were refused, so none was kept" if self.kept_nothing else ""
            if retire is not None:
                problem = await self._retire_at_once(retire)
        except (ImportFileError, ImportRacedError) as error:
            state, problem = "failed", str(error)
            raise
        finally:
            await self._note()
            if self.total.refused_rows:
                self.refused = refused.packed()
            await self._runs.finish(
                self.import_id,
                state,
                problem=problem,
                missing=None if self.missing is None else len(self.missing),
                retired=self._retired,
                refused=self.refused,
            )

    def refuse_retiring(self) -> str | None:
        """Say why cameras that the file does not name must not be retired, or None."""
        if self.is_dry_run:
            return "this is a dry run"
        if self.missing is None:
            return "the file was not read to its end"
        if self.kept_nothing:
            return "rows were refused, so none was kept"
        if self._unreadable_rows:
            return (
                f"{self._unreadable_rows:,} rows have no device code that can be read, and may be "
                "of cameras that seem to be missing: mend them first"
            )
        return None

    async def retire_missing(self, count: int) -> int:
        """Take the cameras that the file does not name out of service; undoing includes it.

        Args:
            count: How many they are, from whoever confirmed it.

        Returns:
            How many were retired: fewer where somebody else was quicker.

        Raises:
            ImportStateError: They are not so many, or must not be retired; nothing was changed.
        """
        reason = self.refuse_retiring()
        if reason is not None or self.missing is None:
            raise ImportStateError(f"nothing was retired: {reason}")
        if count != len(self.missing):
            raise ImportStateError(
                f"nothing was retired: {len(self.missing):,} cameras are missing, not {count:,}"
            )
        why = f"not in {self._sheet.name}"
        for start in range(0, count, _RETIRED_TOGETHER):
            self._retired += await self._retire(
                self.missing[start : start + _RETIRED_TOGETHER], why
            )
            await self._pool.execute(
                "UPDATE import_run SET retired = $2, updated_at = now() WHERE import_id = $1",
                self.import_id,
                self._retired,
            )
        return self._retired

    async def _retire_at_once(self, count: int) -> str:
        try:
            await self.retire_missing(count)
        except ImportStateError as error:
            return str(error)
        return ""

    async def _retire(self, codes: Sequence[str], why: str) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('sharpeyes.import'))", timeout=_TURN_S
            )
            await sign(connection, self._actor, import_id=self.import_id)
            done = await connection.execute(_RETIRE, codes, why)
            await announce_many(connection)
        return int(done.rpartition(" ")[2])

    def _add(self, report: ImportReport, refused: RefusedRows) -> None:
        self.total += report
        for row in report.refused:
            refused.append(row)
        room = PROBLEMS_KEPT - len(self.problems)
        if room > 0:
            self.problems += problems_of(report.refused)[:room]

    async def _note(self) -> None:
        await self._runs.progress(self.import_id, self.total, self.problems)

    async def _path(self) -> str | None:
        if self._division is None:
            return None
        path: str | None = await self._pool.fetchval(
            "SELECT path FROM division WHERE division_code = $1", self._division
        )
        if path is None:
            raise UnknownDivisionError(self._division)
        return path

    async def _on_file(self) -> AsyncIterator[str]:
        path = await self._path()
        async with self._pool.acquire() as connection, connection.transaction():
            async for row in connection.cursor(_ON_FILE, path, prefetch=_FETCHED_TOGETHER):
                yield row["device_code"]
