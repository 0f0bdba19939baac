"""Cameras from a file: good rows are kept, bad ones told, and nothing is ever deleted unasked.

While one batch is merged by the database the next is copied to it, and the one after that is read
and checked here. They are merged in the order of the file.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from sharpeyes.registry.column_reading import Block, ColumnReader
from sharpeyes.registry.credentials import Connection, CredentialStore
from sharpeyes.registry.device_code import has_code_digits
from sharpeyes.registry.division_lookup import DivisionLookup
from sharpeyes.registry.doubting import doubts
from sharpeyes.registry.errors import FieldProblem, shown
from sharpeyes.registry.history import sign
from sharpeyes.registry.import_merge import (
    Accepted,
    BatchMerge,
    HiddenError,
    Merged,
    RacedError,
    hold,
    look_up,
    stored_files,
)
from sharpeyes.registry.import_report import ImportReport, RefusedRow
from sharpeyes.registry.row_reading import NewState, RowReader
from sharpeyes.registry.sheet_opening import OpenSheet
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow

BATCH_ROWS = 6000
"""Rows that are committed together: enough to be quick, few enough to lose or to lock."""

_WRITTEN_TOGETHER = 2
"""Batches under way: one is merged, and the next is copied to where it will be merged from."""

_TURN_S = 3600.0
_TRIES = 10


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows that were looked at.

    Attributes:
        rows: Those that came from the file, but for broken ones; to look at them again.
        last_row: Of the batch, and so of the file so far.
        block: New cameras, read together.
        accepted: Others to be merged, read one by one.
        records: Both, as the database wants them.
        same: How many are on file just so, by their digest.
        refused: The others.
    """

    rows: list[SheetRow]
    last_row: int
    block: Block
    accepted: list[Accepted]
    records: list[tuple[object, ...]]
    same: int
    refused: list[RefusedRow]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What reads the rows of a file, and what writes them."""

    divisions: DivisionLookup
    rows: RowReader
    columns: ColumnReader
    merge: BatchMerge


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
        unreadable_rows: Rows without a device code that can be read, so far.
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
        self._credentials = credentials
        self._sheet = sheet
        self._actor = actor
        self._now = now
        self._import_id = import_id
        self._whole = whole
        self._reach = reach
        self._elsewhere: frozenset[str] = frozenset()
        self._writes = import_id is not None
        self._held: Connection | None = None
        self._reading: _Reading
        # Numbers take a third of the memory of texts.
        self._first_rows: dict[int, int] = {}
        self.unreadable_rows = 0
        self.unreported: list[ImportReport] = []

    def has_seen(self, device_code: str) -> bool:
        """Tell whether a row of the file, taken or not, names this camera."""
        return int(device_code) in self._first_rows

    async def run(self) -> AsyncGenerator[ImportReport]:
        """Import batch by batch.

        Memory grows by some 100 bytes a row, for the codes that were seen.

        Yields:
            A report of each batch once it is committed; with `whole` once it is written, and the
            transaction ends with the last. Who stops here leaves whole batches, or nothing.

        Raises:
            ImportFileError: The file cannot be read further; what was committed stays.
        """
        self._reading = await self._prepare(self._pool)
        if not (self._whole and self._writes):
            async with aclosing(self._batches()) as reports:
                async for report in reports:
                    yield report
            return
        async with self._pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            self._held = connection
            committed = False
            try:
                async with aclosing(self._batches()) as reports:
                    async for report in reports:
                        yield report
                if self._writes:
                    await _to_its_end(transaction.commit())
                    committed = True
            finally:
                self._held = None
                if not committed:
                    await transaction.rollback()

    async def _prepare(self, database: Connection | asyncpg.Pool) -> _Reading:
        divisions = await DivisionLookup.load(database)
        sheet, now = self._sheet, self._now
        rows = RowReader(sheet.layout, divisions, sheet.name, now, ragged=sheet.ragged)
        columns = ColumnReader(sheet.layout, divisions, rows, now)
        return _Reading(divisions, rows, columns, BatchMerge(rows.fields, self._credentials))

    async def _batches(self) -> AsyncGenerator[ImportReport]:
        writing: deque[asyncio.Task[ImportReport]] = deque()
        # On one connection one thing is done after the other.
        together = 1 if self._held is not None else _WRITTEN_TOGETHER
        try:
            while lines := await asyncio.to_thread(self._next_lines):
                batch = await self._judge_lines(lines)
                if self._whole and batch.refused:
                    # It is known now that none will be kept; the rest is only looked at.
                    self._writes = False
                before = writing[-1] if writing else None
                writing.append(asyncio.create_task(self._write(batch, before)))
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

    async def _judge_lines(self, lines: list[SheetRow | BrokenRow]) -> _Batch:
        rows, refused = self._distinct(self._reading.rows, lines)
        batch = await self._judge(rows, lines[-1].row)
        batch.refused.extend(refused)
        batch.refused.sort(key=lambda one: one.row)
        return batch

    def _distinct(
        self, reader: RowReader, lines: list[SheetRow | BrokenRow]
    ) -> tuple[list[SheetRow], list[RefusedRow]]:
        """Keep rows that could be read and whose device code was not there before."""
        rows: list[SheetRow] = []
        refused = []
        for line in lines:
            if isinstance(line, BrokenRow):
                self.unreadable_rows += 1
                problem = FieldProblem("", "", line.reason)
                refused.append(RefusedRow(line.row, [line.text], (problem,)))
                continue
            reason = reader.refuse_width(line)
            if reason is not None:
                self.unreadable_rows += 1
                problem = FieldProblem("", "", reason)
                refused.append(RefusedRow(line.row, line.cells, (problem,)))
                continue
            code = reader.code(line)
            if not has_code_digits(code):
                self.unreadable_rows += 1
                rows.append(line)
                continue
            first = self._first_rows.setdefault(int(code), line.row)
            if first == line.row:
                rows.append(line)
            else:
                problem = FieldProblem("device_code", shown(code), f"is in row {first} already")
                refused.append(RefusedRow(line.row, line.cells, (problem,)))
        return rows, refused

    async def _judge(
        self,
        rows: list[SheetRow],
        last_row: int,
        connection: Connection | None = None,
    ) -> _Batch:
        reading = self._reading
        database = connection or self._held or self._pool
        reader = reading.rows
        codes, digests = await asyncio.to_thread(_begin, reader, rows)
        known = await look_up(
            database, {c: d for c, d in zip(codes, digests, strict=True) if has_code_digits(c)}
        )
        differing = [
            place for place, code in enumerate(codes) if code not in known or not known[code][1]
        ]
        stored = await stored_files(database, [codes[i] for i in differing if codes[i] in known])

        def judge() -> _Batch:
            # Who may not change all of the city gets each row looked at, for its division.
            together = [
                place
                for place in differing
                if not self._reach and codes[place] not in known and has_code_digits(codes[place])
            ]
            block = reading.columns.read(
                [rows[i].cells for i in together],
                [codes[i] for i in together],
                [digests[i] for i in together],
            )
            taken = set(together) - {together[i] for i in block.rest}
            accepted, refused = [], []
            for place in differing:
                if place in taken:
                    continue
                row, code = rows[place], codes[place]
                read, on_file = reader.read(row, code), stored.get(code)
                judged = reader.finish(read, on_file)
                if isinstance(judged, NewState):
                    judged = self._within_reach(judged, reading.divisions)
                if isinstance(judged, NewState):
                    accepted.append(
                        Accepted(
                            file=judged.file,
                            state=judged.state,
                            division_path=reading.divisions.paths[judged.file.division_code],
                            stored_revision=0 if on_file is None else on_file.revision,
                            digest=digests[place],
                            credentials=read.credentials,
                        )
                    )
                else:
                    refused.append(RefusedRow(row.row, row.cells, tuple(judged)))
            records = reading.merge.records(block, accepted)
            same = len(rows) - len(differing)
            return _Batch(rows, last_row, block, accepted, records, same, refused)

        return await asyncio.to_thread(judge)

    def _within_reach(
        self, judged: NewState, divisions: DivisionLookup
    ) -> NewState | list[FieldProblem]:
        code, division = judged.file.device_code, judged.file.division_code
        if code in self._elsewhere:
            return [FieldProblem("device_code", code, "is registered beyond what you may see")]
        if divisions.paths[division].startswith(self._reach):
            return judged
        return [FieldProblem("division_code", division, "lies beyond what you may change")]

    async def _write(
        self, batch: _Batch, before: asyncio.Task[ImportReport] | None
    ) -> ImportReport:
        """Write a batch once the one before it is written."""
        if batch.records:
            batch, merged = await self._merge(batch, before)
        else:
            merged = Merged(0, 0, 0)
            await _end(before)
        told = batch.block.doubts(self._now)
        told.update(
            f"{doubt.field}: {doubt.reason}"
            for row in batch.accepted
            for doubt in doubts(row.file, now=self._now)
        )
        lacking = sum(row.file.lacks_path for row in batch.accepted)
        return ImportReport(
            last_row=batch.last_row,
            added=merged.added,
            changed=merged.changed,
            unchanged=merged.unchanged + batch.same,
            refused_rows=len(batch.refused),
            refused=tuple(batch.refused),
            without_path=lacking + batch.block.count_without_path(),
            doubts=told,
        )

    async def _merge(
        self, batch: _Batch, before: asyncio.Task[ImportReport] | None
    ) -> tuple[_Batch, Merged]:
        again = tree_changed = False
        merge = self._reading.merge
        for _ in range(_TRIES):
            try:
                async with self._transaction() as connection:
                    if again:
                        # Somebody changed one of the cameras since we looked: now we hold them.
                        await self._take_turn(connection)
                        if tree_changed:
                            self._reading = await self._prepare(connection)
                        batch = await self._judge_again(batch, connection)
                    # Copied while the batch before is still being merged.
                    async with merge.staged(connection, batch.records):
                        await _end(before)
                        if not again:
                            await self._take_turn(connection)
                        merged = await self._merge_staged(connection, merge, batch)
            except HiddenError as error:
                self._elsewhere |= error.codes
            except RacedError:
                pass
            except asyncpg.ForeignKeyViolationError as error:
                if error.constraint_name != "camera_division":
                    raise
                # A division has moved, or is gone, since we looked.
                tree_changed = True
            else:
                return batch, merged
            again = True
        raise RacedError

    async def _judge_again(self, batch: _Batch, connection: Connection) -> _Batch:
        await hold(connection, [self._reading.rows.code(row) for row in batch.rows])
        again = await self._judge(batch.rows, batch.last_row, connection)
        judged = {row.row for row in batch.rows}
        again.refused.extend(one for one in batch.refused if one.row not in judged)
        again.refused.sort(key=lambda one: one.row)
        if self._whole and again.refused:
            self._writes = False
        return again

    async def _merge_staged(
        self, connection: Connection, merge: BatchMerge, batch: _Batch
    ) -> Merged:
        new = len(batch.block)
        if not self._writes:
            return await merge.compare(connection, new, batch.accepted)
        merged = await merge.write(connection, new, batch.accepted)
        if merged.added or merged.changed:
            await announce_many(connection)
        return merged

    async def _take_turn(self, connection: Connection) -> None:
        """See to it that until the transaction ends no subtree moves and no other import writes."""
        await connection.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtext('sharpeyes.division'))",
            timeout=_TURN_S,
        )
        if self._writes:
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('sharpeyes.import'))", timeout=_TURN_S
            )
            await sign(connection, self._actor, import_id=self._import_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        if self._held is not None:
            async with self._held.transaction():
                yield self._held
        else:
            stack = AsyncExitStack()
            try:
                connection = await stack.enter_async_context(self._pool.acquire())
                await stack.enter_async_context(connection.transaction())
                yield connection
            except BaseException as error:
                await stack.__aexit__(type(error), error, error.__traceback__)
                raise
            # Who stops the import now would not learn whether this was committed.
            await _to_its_end(stack.aclose())


async def announce_many(connection: Connection) -> None:
    """Tell all processes, once the transaction is committed, that many cameras changed."""
    await connection.execute("SELECT pg_notify('sharpeyes', '{}')")


async def _end(task: asyncio.Task[ImportReport] | None) -> None:
    """Wait until a batch is written. Fails as it did; who waits no longer leaves it be."""
    if task is not None:
        await asyncio.shield(task)


def _begin(reader: RowReader, rows: Sequence[SheetRow]) -> tuple[list[str], list[bytes]]:
    """Return the device codes and the digests of rows."""
    return [reader.code(row) for row in rows], [reader.digest(row) for row in rows]


async def _to_its_end(deed: Awaitable[None]) -> None:
    """Do something to its end; it is too late to stop us."""
    doing = asyncio.ensure_future(deed)
    while not doing.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(doing)
    doing.result()
