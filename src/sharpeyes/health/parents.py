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
from sharpeyes.health.incident_settings import CommonCauseSettings
from sharpeyes.health.status import Cause

_SAMPLE: Final = 5
_TIMEOUT_S: Final = 3.0


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
        answers = await asyncio.gather(*(_answers(*_address(place)) for place in canaries))
        return True if all(answers) else False if not any(answers) else None

    async def look(self, group: Group, camera_ids: Collection[int]) -> Seen:
        """Look at a group's parent, or where none is known at some of its cameras."""
        parent = self._settings.parents.get(f"{group.kind}:{group.key}")
        if parent is not None:
            answers = await _answers(*_address(parent))
            return Seen(answers, f"{parent} {'answers' if answers else 'does not answer'}")
        chosen = self._random.sample(sorted(camera_ids), min(_SAMPLE, len(camera_ids)))
        rows = await self._pool.fetch(
            "SELECT host, rtsp_port FROM camera WHERE camera_id = ANY ($1) AND host IS NOT NULL",
            chosen,
        )
        return _judge(
            await asyncio.gather(*(_answers(row["host"], row["rtsp_port"]) for row in rows))
        )

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


def _judge(answers: Sequence[bool]) -> Seen:
    taken = sum(answers)
    words = f"{taken} of {len(answers)} of them that were tried take a connection"
    return Seen(taken * 2 > len(answers), words)


def _address(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    return host.strip("[]"), int(port)


async def _answers(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
