"""Writes down what became of attempts; of many that end while it writes, all at once.

A delivery counts as delivered once that is committed, and never before its 2xx was read. What is
cut off in between is sent again when its lease has ended.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.attempt import Answer
from sharpeyes.events.outbox import HASTEN, Claim, Lease
from sharpeyes.events.retry import Dead, Delivered, Gone, TryAgain, Verdict

_MOST_AT_ONCE: Final = 500

# In the order in which events and replays lock lanes; who stores events of several cameras may lock
# them in another, so that none but the first is waited for.
_HOLD_LEASES = """
SELECT lane.endpoint_id, lane.camera_id, lane.lease_token FROM delivery_lane lane
JOIN unnest($1::bigint[], $2::bigint[], $3::uuid[]) AS held (endpoint_id, camera_id, lease_token)
    USING (endpoint_id, camera_id, lease_token)
ORDER BY lane.endpoint_id, lane.camera_id FOR UPDATE OF lane
"""

_RECORD_ATTEMPTS = """
WITH ended AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::timestamptz[], $5::boolean[],
                         $6::timestamptz[], $7::double precision[], $8::integer[], $9::text[],
                         $10::text[])
    AS ended (delivery_id, attempt, state, delivered_at, is_trial,
              started_at, latency_ms, http_status, error, answer_head)
),
attempted AS (
    UPDATE delivery d SET attempt_count = ended.attempt, state = ended.state,
        delivered_at = ended.delivered_at,
        attempts_before = d.attempts_before + ended.is_trial::integer
    FROM ended WHERE d.delivery_id = ended.delivery_id
)
INSERT INTO delivery_attempt
    (delivery_id, attempt, started_at, latency_ms, http_status, error, answer_head)
SELECT delivery_id, attempt, started_at, latency_ms, http_status, error, answer_head FROM ended
"""

# By itself, so that it sees what was just recorded.
_FREE_LANES = """
WITH ended AS MATERIALIZED (
    SELECT endpoint_id, camera_id, due_at, is_over AND (
        SELECT true FROM delivery d WHERE d.endpoint_id = ended.endpoint_id
            AND d.camera_id = ended.camera_id AND d.state = 'pending' LIMIT 1
    ) IS NULL AS is_empty
    FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::boolean[])
        AS ended (endpoint_id, camera_id, due_at, is_over)
),
removed AS (
    DELETE FROM delivery_lane lane USING ended
    WHERE ended.is_empty
      AND (lane.endpoint_id, lane.camera_id) = (ended.endpoint_id, ended.camera_id)
)
UPDATE delivery_lane lane SET lease_token = NULL, due_at = ended.due_at FROM ended
WHERE NOT ended.is_empty
  AND (lane.endpoint_id, lane.camera_id) = (ended.endpoint_id, ended.camera_id)
"""

_END_DEFERRAL = "UPDATE endpoint SET deferred_until = NULL WHERE endpoint_id = $1"

_DISABLE = """
UPDATE endpoint SET state = 'disabled', state_reason = $2
WHERE endpoint_id = $1 AND state = 'active'
"""

Connection = asyncpg.Connection | PoolConnectionProxy


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that is over.

    Attributes:
        claim: What was attempted.
        answer: What the receiver did.
        verdict: What follows.
        started_at: When the attempt began, UTC.
        ended_at: When it ended, UTC.
    """

    claim: Claim
    answer: Answer
    verdict: Verdict
    started_at: datetime
    ended_at: datetime

    @property
    def brings_back(self) -> bool:
        """Whether it shows that a deferred endpoint takes deliveries again."""
        return self.claim.is_trial and isinstance(self.verdict, Delivered)


class Recorder:
    """Records attempts, together with those that end meanwhile, in one transaction.

    Args:
        pool: Connections to the database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: list[tuple[Ended, asyncio.Future[bool]]] = []
        self._writing = asyncio.Lock()

    async def record(self, ended: Ended) -> bool:
        """Write down an attempt and what follows from it.

        Returns:
            Whether it was written. False when the lease was lost: then nothing was changed, for
            another relay attempts or has attempted the same delivery.
        """
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((ended, written))
        async with self._writing:
            # Unless whoever wrote before has taken ours along.
            if not written.done():
                await self._write_waiting()
        return await written

    async def _write_waiting(self) -> None:
        batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
        try:
            recorded = await record_all(self._pool, [ended for ended, _ in batch])
        except BaseException:
            for _, written in batch:
                written.cancel()
            raise
        for ended, written in batch:
            if not written.done():
                written.set_result(ended.claim.lease in recorded)


async def record_all(pool: asyncpg.Pool, attempts: Sequence[Ended]) -> set[Lease]:
    """Write down attempts, and return the leases that were held."""
    recorded, left = set[Lease](), list(attempts)
    while left:
        together = await _record(pool, left, waiting=False)
        recorded |= together
        left = [ended for ended in left if ended.claim.lease not in together]
        if left:
            # Its lease is lost, or an event is just being stored in its lane.
            recorded |= await _record(pool, [left.pop(0)], waiting=True)
    return recorded


async def _record(pool: asyncpg.Pool, attempts: Sequence[Ended], *, waiting: bool) -> set[Lease]:
    """Record those whose leases are held, in one transaction; `waiting` for whoever locks them."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(
            _HOLD_LEASES if waiting else f"{_HOLD_LEASES} SKIP LOCKED",
            *zip(*(ended.claim.lease for ended in attempts), strict=True),
        )
        held = {tuple(row) for row in rows}
        ours = [ended for ended in attempts if ended.claim.lease in held]
        if ours:
            await _write(connection, ours)
    # By itself, so that nothing else is locked while lanes are waited for.
    for endpoint_id in {ended.claim.lease[0] for ended in ours if ended.brings_back}:
        await pool.execute(HASTEN, endpoint_id)
    return held


async def _write(connection: Connection, attempts: Collection[Ended]) -> None:
    await connection.execute(_RECORD_ATTEMPTS, *zip(*map(_attempt_row, attempts), strict=True))
    await connection.execute(_FREE_LANES, *zip(*map(_lane_row, attempts), strict=True))
    for ended in attempts:
        if ended.brings_back:
            await connection.execute(_END_DEFERRAL, ended.claim.lease[0])
        if isinstance(ended.verdict, Gone):
            await connection.execute(_DISABLE, ended.claim.lease[0], ended.verdict.reason)


def _attempt_row(ended: Ended) -> tuple[object, ...]:
    claim, answer = ended.claim, ended.answer
    return (
        claim.delivery_id,
        claim.attempt,
        _STATE_AFTER[type(ended.verdict)],
        ended.ended_at if isinstance(ended.verdict, Delivered) else None,
        claim.is_trial,
        ended.started_at,
        answer.latency_ms,
        answer.http_status,
        answer.error,
        answer.head,
    )


def _lane_row(ended: Ended) -> tuple[object, ...]:
    verdict = ended.verdict
    delay_s = verdict.delay_s if isinstance(verdict, TryAgain) else 0
    due_at = ended.ended_at + timedelta(seconds=delay_s)
    return (*ended.claim.lease[:2], due_at, isinstance(verdict, Delivered | Dead))


_STATE_AFTER: dict[type[Verdict], str] = {
    Delivered: "delivered",
    TryAgain: "pending",
    Dead: "dead",
    Gone: "pending",
}
