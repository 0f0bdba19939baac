"""Whether what many cameras hang on can be reached: parents, samples of cameras, our own canaries.

A look is one TCP connection, closed at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import asyncpg

from sharpeyes.health.common_cause import Group
from sharpeyes.health.common_incidents import CommonIncident
from sharpeyes.health.incident import IncidentKind
from sharpeyes.health.incident_settings import CommonCauseSettings
from sharpeyes.health.status import Cause
from sharpeyes.registry.store import IS_MEASURED

_SAMPLE: Final = 5
_OF_WELL: Final = 8
_LOOKS_AT_ONCE: Final = 20

# Cameras of a group that answered when they were asked last.
_WELL: Final = f"""
SELECT c.host, c.rtsp_port FROM camera c JOIN camera_status s USING (camera_id)
WHERE s.status IN ('ok', 'degraded') AND {IS_MEASURED} AND {{of_group}}
ORDER BY hashtext(c.camera_id::text || $2) LIMIT {_OF_WELL}
"""  # noqa: S608  # only constants are put together
_OF_GROUP: Final = {
    IncidentKind.RECORDER: "c.host = $1",
    IncidentKind.NETWORK: "c.network_name = $1",
    IncidentKind.DISTRICT: "split_part(c.division_path, '/', 2) = $1",
    IncidentKind.POLLER: "EXISTS (SELECT FROM shard_lease l WHERE l.shard = c.shard"
    " AND regexp_replace(l.worker_id, '-[0-9a-f]{8}$', '') = $1)",
}
# A range of the index on hosts: "/" follows "." in order.
_OF_V4: Final = "c.host COLLATE \"C\" > $1 AND c.host COLLATE \"C\" < rtrim($1, '.') || '/'"
_OF_V6: Final = "pg_input_is_valid(c.host, 'inet') AND c.host::inet << $1::text::inet"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found.

    Attributes:
        is_back: whether the group can be reached.
        words: what was seen.
    """

    is_back: bool
    words: str


class Parents:
    """Looks whether groups can be reached.

    Args:
        pool: the database, for the addresses of cameras.
        settings: the parents and canaries that are known.
        random: for samples.
    """

    def __init__(self, pool: asyncpg.Pool, settings: CommonCauseSettings, random: Random) -> None:
        self._pool = pool
        self._settings = settings
        self._random = random

    async def canaries_answer(self) -> bool | None:
        """Tell whether we see: all canaries answer, or none does; None: some do, or none is set."""
        canaries = self._settings.canaries
        if not canaries:
            return None
        answers = await asyncio.gather(*(self._answers(*_address(place)) for place in canaries))
        return True if all(answers) else False if not any(answers) else None

    async def look(self, group: Group, camera_ids: Collection[int]) -> Seen:
        """Look at a group's parent, or where none is known at some of its cameras."""
        parent = self._settings.parents.get(f"{group.kind}:{group.key}")
        if parent is not None:
            answers = await self._answers(*_address(parent))
            return Seen(answers, f"{parent} {'answers' if answers else 'does not answer'}")
        chosen = self._random.sample(sorted(camera_ids), min(_SAMPLE, len(camera_ids)))
        rows = await self._pool.fetch(
            "SELECT host, rtsp_port FROM camera WHERE camera_id = ANY ($1) AND host IS NOT NULL",
            chosen,
        )
        return _judge(
            await asyncio.gather(*(self._answers(row["host"], row["rtsp_port"]) for row in rows))
        )

    async def silent_shares(self, groups: Collection[Group]) -> dict[Group, float]:
        """Look at cameras of groups that answered when they were last asked.

        Where something many hang on has gone, most of them do not any more, though nobody has
        asked them yet: one after the other, each until it is given up, that takes minutes.

        Returns:
            By group, which share of a sample takes no connection, 0-1; without groups in which
            nobody answered before.
        """
        shares = {}
        salt = str(self._random.random())
        for group in list(groups)[:_LOOKS_AT_ONCE]:
            key, of_group = _where(group)
            rows = await self._pool.fetch(_WELL.format(of_group=of_group), key, salt)
            if rows:
                shares[group] = [(row["host"], row["rtsp_port"]) for row in rows]
        answers = await asyncio.gather(*(self._all_answer(places) for places in shares.values()))
        return {
            group: 1 - sum(seen) / len(seen) for group, seen in zip(shares, answers, strict=True)
        }

    async def _all_answer(self, places: Sequence[tuple[str, int]]) -> list[bool]:
        # The channels of a recorder are at one place.
        distinct = sorted(set(places))
        seen = await asyncio.gather(*(self._answers(*place) for place in distinct))
        by_place = dict(zip(distinct, seen, strict=True))
        return [by_place[place] for place in places]

    async def look_again(self, incident: CommonIncident) -> Seen:
        """Look whether the group of an incident is back.

        Cameras that take connections and say nothing would seem to be, so those are left to their
        own checks.
        """
        if incident.cause is Cause.SILENT:
            return Seen(is_back=False, words="")
        rows = await self._pool.fetch(
            "SELECT camera_id FROM incident_camera WHERE incident_id = $1 AND left_at IS NULL",
            incident.incident_id,
        )
        if not rows:
            return Seen(is_back=True, words="none of its cameras is away any more")
        return await self.look(incident.group, [row["camera_id"] for row in rows])

    async def _answers(self, host: str, port: int) -> bool:
        try:
            async with asyncio.timeout(self._settings.look_timeout_s):
                _, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        writer.close()
        return True


def _where(group: Group) -> tuple[str, str]:
    """Return what a group's cameras are found by: a value, and a condition with it as $1."""
    kind, key = group
    if kind is not IncidentKind.SUBNET:
        return key, _OF_GROUP[kind]
    address, _, prefix = key.partition("/")
    if not prefix:
        return key, _OF_GROUP[IncidentKind.RECORDER]
    if ":" in address:
        return key, _OF_V6
    return f"{address.rpartition('.')[0]}.", _OF_V4


def _judge(answers: Sequence[bool]) -> Seen:
    taken = sum(answers)
    words = f"{taken} of {len(answers)} of them that were tried take a connection"
    return Seen(taken * 2 > len(answers), words)


def _address(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    return host.strip("[]"), int(port)
