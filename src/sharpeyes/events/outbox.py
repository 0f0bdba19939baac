"""The outbox: which deliveries are due, and who holds them; `recording` has what became of them.

Deliveries wait in lanes, one for each camera and endpoint. A relay leases a lane, sends its oldest
delivery, and records the result under the lease. Whatever it does not record, because it was
killed or cut off, is sent again once the lease has ended: at least once, never lost.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import asyncpg
import structlog

from sharpeyes.events.errors import EndpointLockedError, UnknownEndpointError
from sharpeyes.events.event import Event
from sharpeyes.events.sealed_secret import Sealer, StoredSecret
from sharpeyes.events.store import Connection, event_from_row

log = structlog.get_logger()

Lease = tuple[int, int, uuid.UUID]

_TARGETS = """
SELECT endpoint_id, name, url, secret_ciphertext, secret_nonce, key_id, deferred_until
FROM endpoint WHERE CASE WHEN $1::text IS NULL THEN state = 'active' ELSE name = $1 END
ORDER BY endpoint_id
"""

_OLD_SECRETS = """
SELECT endpoint_id, label, ciphertext, nonce, key_id
FROM endpoint_old_secret WHERE valid_until > $1 ORDER BY valid_until DESC
"""

_LEASE_LANES = """
WITH due AS (
    SELECT lane.endpoint_id, lane.camera_id
    FROM delivery_lane lane JOIN endpoint USING (endpoint_id)
    WHERE lane.endpoint_id = $1 AND endpoint.state = 'active'
      AND lane.due_at <= CASE WHEN $7 THEN 'infinity' ELSE $2::timestamptz END
      AND (lane.due_at <= $2 OR lane.lease_token IS NULL)
      AND endpoint.deferred_until IS NOT DISTINCT FROM $6
    ORDER BY lane.due_at LIMIT $3
    FOR UPDATE OF lane SKIP LOCKED
)
UPDATE delivery_lane lane SET lease_token = $4, due_at = $5
FROM due WHERE (lane.endpoint_id, lane.camera_id) = (due.endpoint_id, due.camera_id)
"""

# Not part of the statement before: its snapshot is older than the locks that it waited for, and
# could show a delivery that another relay has just recorded as delivered.
_HEADS = """
SELECT head.delivery_id, head.attempt_count, head.attempts_before, event.*
FROM delivery_lane lane
CROSS JOIN LATERAL (
    SELECT delivery_id, attempt_count, attempts_before, event_id FROM delivery
    WHERE endpoint_id = lane.endpoint_id AND camera_id = lane.camera_id AND state = 'pending'
    ORDER BY sequence LIMIT 1
) head
JOIN event USING (event_id)
WHERE lane.endpoint_id = $1 AND lane.lease_token = $2
"""

# Whoever moves the time on has the right to one trial. It does not wait for any lane's time: late
# in an outage that is hours away, and nobody would notice that the receiver is back.
_TAKE_TRIAL = """
UPDATE endpoint SET deferred_until = $3
WHERE endpoint_id = $1 AND state = 'active' AND deferred_until <= $2 AND EXISTS (
    SELECT 1 FROM delivery_lane
    WHERE endpoint_id = $1 AND (due_at <= $2 OR lease_token IS NULL))
"""

_GIVE_TRIAL_BACK = """
UPDATE endpoint SET deferred_until = $3 WHERE endpoint_id = $1 AND deferred_until = $2
"""

# Claims that were not begun. What is no longer ours is left as it is.
_GIVE_BACK = """
WITH ours AS (
    SELECT lane.endpoint_id, lane.camera_id FROM delivery_lane lane
    JOIN unnest($1::bigint[], $2::bigint[], $3::uuid[])
        AS held (endpoint_id, camera_id, lease_token) USING (endpoint_id, camera_id, lease_token)
    ORDER BY lane.endpoint_id, lane.camera_id FOR UPDATE OF lane SKIP LOCKED
)
UPDATE delivery_lane lane SET lease_token = NULL, due_at = '-infinity'
FROM ours WHERE (lane.endpoint_id, lane.camera_id) = (ours.endpoint_id, ours.camera_id)
"""

_DEFER = """
UPDATE endpoint SET deferred_until = $2
WHERE endpoint_id = $1 AND state = 'active' AND deferred_until IS NULL
"""

# Of an endpoint that is there again: what failed only because it was away waits no longer. In the
# order in which events and replays lock lanes.
HASTEN = """
WITH waiting AS (
    SELECT endpoint_id, camera_id FROM delivery_lane
    WHERE endpoint_id = $1 AND lease_token IS NULL AND due_at > '-infinity'
    ORDER BY camera_id FOR UPDATE
)
UPDATE delivery_lane lane SET due_at = '-infinity'
FROM waiting WHERE (lane.endpoint_id, lane.camera_id) = (waiting.endpoint_id, waiting.camera_id)
"""


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint as the relay needs it.

    Attributes:
        endpoint_id: Its identity.
        name: What people call it.
        url: Where to post.
        secrets: What deliveries are signed with: the present one, then replaced ones.
        deferred_until: Nothing is sent before, and then one delivery; None: served as usual.
    """

    endpoint_id: int
    name: str
    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    deferred_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that may be attempted, once, under a lease.

    Attributes:
        delivery_id: Which delivery.
        target: Where to.
        event: What.
        attempt: Which attempt this will be, from 1.
        lease_token: What shows that the lane is still ours.
        attempts_before: How many of them the schedule does not count: those before it was
            replayed, and trials of a deferred endpoint.
    """

    delivery_id: int
    target: Target
    event: Event
    attempt: int
    lease_token: uuid.UUID
    attempts_before: int = 0

    @property
    def lease(self) -> Lease:
        """What shows that its lane is ours: endpoint, camera and token."""
        return self.target.endpoint_id, self.event.camera_id, self.lease_token

    @property
    def is_trial(self) -> bool:
        """Whether it tries out a deferred endpoint: that uses up none of its attempts."""
        return self.target.deferred_until is not None


class Outbox:
    """Leases due deliveries.

    Args:
        pool: Connections to the database.
        sealer: Opens the endpoints' secrets.
    """

    def __init__(self, pool: asyncpg.Pool, sealer: Sealer) -> None:
        self._pool = pool
        self._sealer = sealer
        self._locked: set[str] = set()

    async def targets(self, now: datetime) -> list[Target]:
        """Return the endpoints that are served now; the deliveries of one that is locked wait.

        A secret that was replaced signs beside the present one until its time is over at `now`.
        """
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(_TARGETS, None)
            old = await self._old_secrets(connection, now)
        targets = [self._target(row, old[row["endpoint_id"]]) for row in rows]
        return [target for target in targets if target is not None]

    async def target(self, name: str, now: datetime) -> Target:
        """Return one endpoint, whether it is served or not.

        Raises:
            UnknownEndpointError: None has this name.
            EndpointLockedError: Its secret does not open.
        """
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(_TARGETS, name)
            if row is None:
                raise UnknownEndpointError(name)
            old = await self._old_secrets(connection, now)
        target = self._target(row, old[row["endpoint_id"]])
        if target is None:
            raise EndpointLockedError(name)
        return target

    async def _old_secrets(
        self, connection: Connection, now: datetime
    ) -> defaultdict[int, list[bytes]]:
        found = defaultdict[int, list[bytes]](list)
        for row in await connection.fetch(_OLD_SECRETS, now):
            stored = StoredSecret(row["ciphertext"], row["nonce"], row["key_id"])
            try:
                secret = self._sealer.open(stored, row["label"].encode())
            except ValueError:
                continue  # its endpoint is told of when the present one does not open either
            found[row["endpoint_id"]].append(secret)
        return found

    def _target(self, row: asyncpg.Record, old_secrets: list[bytes]) -> Target | None:
        stored = StoredSecret(row["secret_ciphertext"], row["secret_nonce"], row["key_id"])
        name = row["name"]
        try:
            secret = self._sealer.open(stored, name.encode())
        except ValueError as error:
            # Asked at every look for work: told once.
            if name not in self._locked:
                self._locked.add(name)
                log.warning("endpoint cannot be served", endpoint=name, reason=str(error))
            return None
        self._locked.discard(name)
        return Target(
            endpoint_id=row["endpoint_id"],
            name=name,
            url=row["url"],
            secrets=(secret, *old_secrets),
            deferred_until=row["deferred_until"],
        )

    async def claim(self, target: Target, limit: int, now: datetime, lease_s: float) -> list[Claim]:
        """Lease due lanes of one endpoint, the longest due first.

        Args:
            target: Whose.
            limit: How many at most.
            now: Compared with the lanes' due times.
            lease_s: How long nobody else gets them.

        Returns:
            The oldest pending delivery of each lane; none when the endpoint has been deferred, or
            is no longer, since `target` was read.
        """
        return await self._claim(target, limit, now, lease_s, is_trial=False)

    async def _claim(
        self, target: Target, limit: int, now: datetime, lease_s: float, *, is_trial: bool
    ) -> list[Claim]:
        token = uuid.uuid4()
        until = now + timedelta(seconds=lease_s)
        async with self._pool.acquire() as connection:
            leased = await connection.execute(
                _LEASE_LANES,
                target.endpoint_id,
                now,
                limit,
                token,
                until,
                target.deferred_until,
                is_trial,
            )
            if leased == "UPDATE 0":
                return []
            rows = await connection.fetch(_HEADS, target.endpoint_id, token)
        return [
            Claim(
                delivery_id=row["delivery_id"],
                target=target,
                event=event_from_row(row),
                attempt=row["attempt_count"] + 1,
                lease_token=token,
                attempts_before=row["attempts_before"],
            )
            for row in rows
        ]

    async def claim_trial(
        self, target: Target, now: datetime, lease_s: float, again_at: datetime
    ) -> list[Claim]:
        """Lease a lane of a deferred endpoint, if its time has come and nobody else did.

        That which is due first, though it be hours from now.

        Args:
            target: Whose.
            now: Compared with the endpoint's time.
            lease_s: How long nobody else gets the lane.
            again_at: When the next trial may be made, whatever becomes of this one.

        Returns:
            One claim, or none.
        """
        taken = await self._pool.execute(_TAKE_TRIAL, target.endpoint_id, now, again_at)
        if taken == "UPDATE 0":
            return []
        trial = replace(target, deferred_until=again_at)
        claims = await self._claim(trial, 1, now, lease_s, is_trial=True)
        if not claims:
            # Events are just being stored in all of its lanes: at the next look, then.
            await self._pool.execute(_GIVE_TRIAL_BACK, target.endpoint_id, again_at, now)
        return claims

    async def defer(self, target: Target, until: datetime) -> bool:
        """Leave an endpoint alone until then. False when somebody has done so before."""
        return await self._pool.execute(_DEFER, target.endpoint_id, until) == "UPDATE 1"

    async def give_back(self, claims: Sequence[Claim]) -> None:
        """Let others have lanes of which nothing was sent; one that is just locked, later."""
        await self._pool.execute(_GIVE_BACK, *zip(*(claim.lease for claim in claims), strict=True))
