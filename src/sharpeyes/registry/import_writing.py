"""The batches of an import into the database: two at a time, committed in the order of the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime

import asyncpg

from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.doubting import doubts
from sharpeyes.registry.errors import ImportRacedError
from sharpeyes.registry.history import announce_many, sign
from sharpeyes.registry.import_judging import Batch, BatchJudge
from sharpeyes.registry.import_merge import HiddenError, Merged, RacedError
from sharpeyes.registry.import_report import ImportReport

_TURN_S = 3600.0
_TRIES = 10


class _Turn:
    """The right to write that other imports wait for: a batch's own, or that of the one before.

    Attributes:
        taken: Set once the batch has it.
        lost: Set once the batch gave it back without a commit, and tries again.
    """

    def __init__(self) -> None:
        self.taken = asyncio.Event()
        self.lost = asyncio.Event()


class BatchWriter:
    """Writes batches, each in a transaction of its own unless all of the file is in one.

    Only one import writes at a time: it has the turn. A batch of new cameras is written beside the
    one before it, under that one's turn; it is committed after it.

    Args:
        pool: The database.
        judge: Of the same file; looks again at what somebody else has changed meanwhile.
        actor: Who imports it.
        now: The time, UTC.
        import_id: Of the `ImportRuns` entry that the changes belong to; None for a dry run.
        whole: Keep all rows, or none if one is refused.

    Attributes:
        held: The connection and transaction of the whole file, if it is in one.
        writes: Whether anything is kept.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        judge: BatchJudge,
        *,
        actor: str,
        now: datetime,
        import_id: int | None,
        whole: bool,
    ) -> None:
        self._pool = pool
        self._judge = judge
        self._actor = actor
        self._now = now
        self._import_id = import_id
        self._whole = whole
        self._before: asyncio.Task[ImportReport] | None = None
        self._turn: _Turn | None = None
        self._last_row = 0
        self.held: Connection | None = None
        self.writes = import_id is not None

    def start(self, batch: Batch) -> asyncio.Task[ImportReport]:
        """Begin to write the batch that follows the one before."""
        self._look_at_refused(batch)
        beside = None
        if self.held is None and batch.records and not batch.accepted:
            beside = self._turn
        # Beside a batch that has no turn of its own, nothing would keep other imports away.
        turn = _Turn() if beside is None else None
        task = asyncio.create_task(self._write(batch, self._before, turn, beside))
        self._before, self._turn = task, turn
        return task

    async def _write(
        self,
        batch: Batch,
        before: asyncio.Task[ImportReport] | None,
        turn: _Turn | None,
        beside: _Turn | None,
    ) -> ImportReport:
        if batch.records:
            batch, merged = await self._merge(batch, before, turn, beside)
        else:
            merged = Merged(0, 0, 0)
            await _end(before)
        self._last_row = batch.last_row
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
        self,
        batch: Batch,
        before: asyncio.Task[ImportReport] | None,
        turn: _Turn | None,
        beside: _Turn | None,
    ) -> tuple[Batch, Merged]:
        try:
            return batch, await self._merge_once(batch, before, turn, beside)
        except (RacedError, HiddenError, asyncpg.ForeignKeyViolationError) as error:
            tree_changed = self._learn(error)
            if turn is not None:
                turn.lost.set()
        # Who has the turn must never wait for a batch that has yet to get it.
        await _end(before)
        for _ in range(_TRIES):
            try:
                return await self._merge_held(batch, tree_changed=tree_changed)
            except (RacedError, HiddenError, asyncpg.ForeignKeyViolationError) as error:
                tree_changed = self._learn(error) or tree_changed
        raise ImportRacedError(self._last_row if self.held is None and self.writes else None)

    def _learn(self, error: RacedError | HiddenError | asyncpg.ForeignKeyViolationError) -> bool:
        """Note why a try failed; tell whether a division has moved, or is gone, since we looked."""
        if isinstance(error, HiddenError):
            self._judge.elsewhere |= error.codes
        if isinstance(error, asyncpg.ForeignKeyViolationError):
            if error.constraint_name != "camera_division":
                raise error
            return True
        return False

    async def _merge_once(
        self,
        batch: Batch,
        before: asyncio.Task[ImportReport] | None,
        turn: _Turn | None,
        beside: _Turn | None,
    ) -> Merged:
        """Write a batch as it was judged, without a look at whether that still holds."""
        merge = self._judge.merge
        # Copied while the batch before is still being merged.
        async with self._transaction() as connection, merge.staged(connection, batch.records):
            if before is None or beside is None:
                await _end(before)
                await self._take_turn(connection)
                if turn is not None:
                    turn.taken.set()
                return await self._merge_staged(connection, batch)
            await _first(before, beside.taken)
            await self._keep_tree(connection)
            merged = await self._merge_staged(connection, batch)
            # Who tries again needs the turn. Another import that has it may wait for our cameras.
            await _first(before, beside.lost)
            if not before.done():
                raise RacedError
            await _end(before)
            return merged

    async def _merge_held(self, batch: Batch, *, tree_changed: bool) -> tuple[Batch, Merged]:
        """Look again and write, while nobody else can change what was looked at."""
        async with self._transaction() as connection:
            await self._take_turn(connection)
            if tree_changed:
                await self._judge.prepare(connection)
            batch = await self._judge.judge_again(batch, connection)
            self._look_at_refused(batch)
            async with self._judge.merge.staged(connection, batch.records):
                return batch, await self._merge_staged(connection, batch)

    def _look_at_refused(self, batch: Batch) -> None:
        if self._whole and batch.refused:
            # It is known now that none will be kept; the rest is only looked at.
            self.writes = False

    async def _merge_staged(self, connection: Connection, batch: Batch) -> Merged:
        new, merge = len(batch.block), self._judge.merge
        if not self.writes:
            return await merge.compare(connection, new, batch.accepted)
        merged = await merge.write(connection, new, batch.accepted)
        if merged.added or merged.changed:
            await announce_many(connection)
        return merged

    async def _take_turn(self, connection: Connection) -> None:
        """See to it that until the transaction ends no subtree moves and no other import writes."""
        await self._keep_tree(connection)
        if self.writes:
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('sharpeyes.import'))", timeout=_TURN_S
            )

    async def _keep_tree(self, connection: Connection) -> None:
        await connection.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtext('sharpeyes.division'))",
            timeout=_TURN_S,
        )
        if self.writes:
            await sign(connection, self._actor, import_id=self._import_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        if self.held is not None:
            async with self.held.transaction():
                yield self.held
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
            await to_its_end(stack.aclose())


async def to_its_end(deed: Awaitable[None]) -> None:
    """Do something to its end; it is too late to stop us."""
    doing = asyncio.ensure_future(deed)
    while not doing.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(doing)
    doing.result()


async def _end(task: asyncio.Task[ImportReport] | None) -> None:
    """Wait until a batch is written. Fails as it did; who waits no longer leaves it be."""
    if task is not None:
        await asyncio.shield(task)


async def _first(task: asyncio.Task[ImportReport], event: asyncio.Event) -> None:
    """Wait until a batch is written or an event is set."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
