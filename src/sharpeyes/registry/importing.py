"""Cameras from a file: good rows are kept, bad ones told, and nothing is ever deleted unasked.

While the database takes in two batches the next is copied to it, and the one after that is read
and checked here. They are committed in the order of the file.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

import asyncpg

from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.import_judging import BatchJudge
from sharpeyes.registry.import_report import ImportReport
from sharpeyes.registry.import_writing import BatchWriter, to_its_end
from sharpeyes.registry.sheet_opening import OpenSheet
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow

BATCH_ROWS = 6000
"""Rows that are committed together: enough to be quick, few enough to lose or to lock."""

_WRITTEN_TOGETHER = 3
"""Batches under way: two are taken in, and the next is copied to where it will be taken from.

With the look at what is on file an import holds four connections at most.
"""


class CameraImport:
    """The import of one file, each camera upserted by its device code.

    Columns that the file does not have stay as they are on file. Of rows with the same device code
    the first counts, and the others are refused.

    Args:
        pool: The database.
        credentials: Where user names and passwords go.
        sheet: The file; its rows are read as the import goes on.
        actor: Who imports it.
        now: The time, UTC.
        import_id: Of the `ImportRuns` entry that the changes belong to; None for a dry run.
        whole: Keep all rows, or none if one is refused.
        reach: The path of the division that the actor may change; empty for all.

    Attributes:
        unreported: Reports of batches that were committed just when somebody stopped the import.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        credentials: CredentialStore,
        sheet: OpenSheet,
        *,
        actor: str,
        now: datetime,
        import_id: int | None,
        whole: bool = False,
        reach: str = "",
    ) -> None:
        self._pool = pool
        self._sheet = sheet
        self._whole = whole
        self._judge = BatchJudge(sheet, credentials, now, reach)
        self._writer = BatchWriter(
            pool, self._judge, actor=actor, now=now, import_id=import_id, whole=whole
        )
        self.unreported: list[ImportReport] = []

    @property
    def unreadable_rows(self) -> int:
        """Rows without a device code that can be read, so far."""
        return self._judge.unreadable_rows

    def has_seen(self, device_code: str) -> bool:
        """Tell whether a row of the file, taken or not, names this camera."""
        return self._judge.has_seen(device_code)

    async def run(self) -> AsyncGenerator[ImportReport]:
        """Import batch by batch.

        Memory grows by some 100 bytes a row, for the codes that were seen.

        Yields:
            A report of each batch once it is committed; with `whole` once it is written, and the
            transaction ends with the last. Who stops here leaves whole batches, or nothing.

        Raises:
            ImportFileError: The file cannot be read further; what was committed stays.
            ImportRacedError: Rows could not be written; what was committed stays.
        """
        await self._judge.prepare(self._pool)
        writer = self._writer
        if not (self._whole and writer.writes):
            async with aclosing(self._batches()) as reports:
                async for report in reports:
                    yield report
            return
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            writer.held = connection
            committed = False
            try:
                async with aclosing(self._batches()) as reports:
                    async for report in reports:
                        yield report
                if writer.writes:
                    await to_its_end(transaction.commit())
                    committed = True
            finally:
                writer.held = None
                if not committed:
                    await transaction.rollback()

    async def _batches(self) -> AsyncGenerator[ImportReport]:
        writing: deque[asyncio.Task[ImportReport]] = deque()
        held = self._writer.held
        # On one connection one thing is done after the other.
        together = 1 if held is not None else _WRITTEN_TOGETHER
        try:
            while lines := await asyncio.to_thread(self._next_lines):
                batch = await self._judge.judge(lines, held or self._pool)
                writing.append(self._writer.start(batch))
                if len(writing) == together:
                    report = await asyncio.shield(writing[0])
                    writing.popleft()
                    yield report
            while writing:
                report = await asyncio.shield(writing[0])
                writing.popleft()
                yield report
        finally:
            for task in writing:
                task.cancel()
            ended = await asyncio.gather(*writing, return_exceptions=True)
            self.unreported = [report for report in ended if isinstance(report, ImportReport)]

    def _next_lines(self) -> list[SheetRow | BrokenRow]:
        return list(itertools.islice(self._sheet.rows, BATCH_ROWS))
