"""New passwords, taken into use device by device: the first alone, then 10, then 100, then all.

Whatever a device has not accepted yet is kept beside what is in use, which stays until then. The
first refusal ends the run: whoever sends a wrong password to thousands of devices locks them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.login import Login, LoginOutcome
from sharpeyes.registry.camera import FiledCamera
from sharpeyes.registry.credentials import Connection, CredentialStore
from sharpeyes.registry.editing import announce, filed_camera
from sharpeyes.registry.errors import RolloutRunningError
from sharpeyes.registry.history import sign

WAVES = (1, 10, 100, None)
"""How many must have accepted before the next wave, which is larger; None: all that are left."""

# A device that refused is sent nothing more for this long: it may count bad logins of others, too.
_REST = timedelta(minutes=35)

_WAITING = """
    SELECT DISTINCT ON (c.host) c.*, k.ciphertext, k.nonce, k.key_id
    FROM credential_candidate k JOIN camera c USING (camera_id)
    WHERE NOT k.refused AND (k.tried_at IS NULL OR k.tried_at < $1)
      AND c.host IS NOT NULL AND c.life <> 'removed' AND c.poll_mode IN ('direct', 'recorder')
      AND NOT EXISTS (
          SELECT FROM login_rest r WHERE r.host = c.host AND r.since > $2)
    ORDER BY c.host, c.camera_id LIMIT $3
"""
_REST_SINCE = """
    INSERT INTO login_rest (host, since) VALUES ($1, $2)
    ON CONFLICT (host) DO UPDATE SET since = excluded.since
"""
# Held until the connection is released.
_ALONE = "SELECT pg_try_advisory_lock(hashtext('sharpeyes.rollout'))"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A camera and what shall be its user name and password."""

    camera: FiledCamera
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one login: in which wave, of which camera, and how it ended."""

    wave: int
    device_code: str
    login: Login


@dataclass(frozen=True, slots=True)
class RolloutCounts:
    """How many cameras have new credentials that wait, and how many of those were refused."""

    waiting: int
    refused: int


class Rollout:
    """The new credentials, and the way they go into use.

    Args:
        pool: The database.
        credentials: What seals them.
        actor: In whose name cameras change.
        now: The present, UTC.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        credentials: CredentialStore,
        *,
        actor: str,
        now: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._credentials = credentials
        self._actor = actor
        self._now = now

    async def stage(self, connection: Connection, credentials: Mapping[int, Credentials]) -> None:
        """Keep new credentials, by camera id, until their devices have accepted them."""
        sealed = [(key, self._credentials.sealed(key, credentials[key])) for key in credentials]
        await connection.executemany(
            """
            INSERT INTO credential_candidate (camera_id, ciphertext, nonce, key_id)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (camera_id) DO UPDATE SET
                ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id,
                tried_at = NULL, refused = false, evidence = ''
            """,
            [(camera_id, s.ciphertext, s.nonce, s.key_id) for camera_id, s in sealed],
        )

    async def discard(self) -> int:
        """Forget all that wait; what is in use stays, and who rests. Return how many they were."""
        rows = await self._pool.fetch("DELETE FROM credential_candidate RETURNING 1")
        return len(rows)

    async def counts(self) -> RolloutCounts:
        """Count what waits and what was refused."""
        row = await self._pool.fetchrow(
            "SELECT count(*) FILTER (WHERE NOT refused) AS waiting,"
            " count(*) FILTER (WHERE refused) AS refused FROM credential_candidate"
        )
        assert row is not None
        return RolloutCounts(row["waiting"], row["refused"])

    async def run(
        self, login: Callable[[Candidate], Awaitable[Login]], *, at_once: int
    ) -> AsyncIterator[Tried]:
        """Try what waits, wave by wave, and take into use what is accepted.

        It ends when nothing is left to try, or after the first refusal. A later run begins with
        one device again.

        Each device is noted down as one that rests before it is sent anything.

        Args:
            login: Sends a device the new credentials, once.
            at_once: How many devices are tried at once, each another address.

        Yields:
            Each login as it ends.

        Raises:
            RolloutRunningError: Another one is under way. Two would send twice as much, and one
                would not hear of the other's refusals.
        """
        async with self._pool.acquire() as connection:
            if not await connection.fetchval(_ALONE):
                raise RolloutRunningError
            async for tried in self._run(login, at_once=at_once):
                yield tried

    async def _run(
        self, login: Callable[[Candidate], Awaitable[Login]], *, at_once: int
    ) -> AsyncIterator[Tried]:
        began = self._now()
        for wave, size in enumerate(WAVES, 1):
            accepted = 0
            while size is None or accepted < size:
                room = at_once if size is None else min(at_once, size - accepted)
                batch = await self._waiting(began, room)
                if not batch:
                    return
                ended = await asyncio.gather(*(self._try(one, login) for one in batch))
                for candidate, result in zip(batch, ended, strict=True):
                    yield Tried(wave, candidate.camera.device_code, result)
                if any(result.outcome is LoginOutcome.REFUSED for result in ended):
                    return
                accepted += sum(result.outcome is LoginOutcome.ACCEPTED for result in ended)

    async def _waiting(self, began: datetime, limit: int) -> list[Candidate]:
        rows = await self._pool.fetch(_WAITING, began, self._now() - _REST, limit)
        return [
            Candidate(filed_camera(row), self._credentials.opened(row["camera_id"], row))
            for row in rows
        ]

    async def _try(
        self, candidate: Candidate, login: Callable[[Candidate], Awaitable[Login]]
    ) -> Login:
        host = candidate.camera.host
        await self._pool.execute(_REST_SINCE, host, self._now())
        result = await login(candidate)
        camera_id = candidate.camera.camera_id
        async with self._pool.acquire() as connection, connection.transaction():
            if result.outcome is not LoginOutcome.REFUSED:
                await connection.execute("DELETE FROM login_rest WHERE host = $1", host)
            if result.outcome is LoginOutcome.ACCEPTED:
                await self._take_into_use(connection, camera_id)
            else:
                await connection.execute(
                    "UPDATE credential_candidate SET tried_at = $2, refused = $3, evidence = $4"
                    " WHERE camera_id = $1",
                    camera_id,
                    self._now(),
                    result.outcome is LoginOutcome.REFUSED,
                    result.evidence,
                )
        return result

    async def _take_into_use(self, connection: Connection, camera_id: int) -> None:
        await sign(connection, self._actor)
        await connection.execute(
            """
            WITH accepted AS (
                DELETE FROM credential_candidate WHERE camera_id = $1 RETURNING *
            )
            INSERT INTO camera_credential (camera_id, ciphertext, nonce, key_id)
            SELECT camera_id, ciphertext, nonce, key_id FROM accepted
            ON CONFLICT (camera_id) DO UPDATE SET
                ciphertext = excluded.ciphertext, nonce = excluded.nonce,
                key_id = excluded.key_id, updated_at = now()
            """,
            camera_id,
        )
        await connection.execute(
            "UPDATE camera SET revision = revision + 1, updated_at = now() WHERE camera_id = $1",
            camera_id,
        )
        await announce(connection, [camera_id])
