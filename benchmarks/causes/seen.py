"""What the service said of its cameras, read from its database."""

from __future__ import annotations

from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from benchmarks.simulator.score import Seen, SeenCause, SeenIncident
from sharpeyes.health.incident import Step

WORDS: Final = {
    "auth_blocked": "auth",
    "subnet": "switch",
    "network": "link",
    "district": "link",
}
"""Our words for the truth's. A password that was refused twice is no longer sent: still a password.

The city's switches are /24 networks, its links are what the camera file calls networks, and a
small city has one link for each district.
"""

# What is stored as unreachable is told to nobody. Nor is that a camera is unstable where it is so
# with many others: that is written to its history alone.
_CAUSES: Final = """
SELECT t.at, c.device_code, t.cause FROM camera_transition t JOIN camera c USING (camera_id)
WHERE t.to_status IN ('offline', 'degraded')
  AND NOT (t.cause = 'unstable' AND t.event_id IS NULL)
"""
_STEPS: Final = """
SELECT i.incident_id, i.kind, s.at, s.step FROM incident i JOIN incident_step s USING (incident_id)
WHERE i.kind <> 'camera' AND s.step = ANY ($1) ORDER BY i.incident_id, s.step_id
"""
_MEMBERS: Final = """
SELECT m.incident_id, c.device_code FROM incident_camera m JOIN camera c USING (camera_id)
"""


async def read_seen(connection: asyncpg.Connection | PoolConnectionProxy) -> list[Seen]:
    """Return the causes that were told of single cameras, and the incidents of many."""
    seen: list[Seen] = [
        SeenCause(at, code, cause) for at, code, cause in await connection.fetch(_CAUSES)
    ]
    members: dict[int, set[str]] = {}
    for number, code in await connection.fetch(_MEMBERS):
        members.setdefault(number, set()).add(code)
    opened: dict[int, SeenIncident] = {}
    steps = [Step.OPENED, Step.REOPENED, Step.CLOSED]
    for number, kind, at, step in await connection.fetch(_STEPS, steps):
        if step == Step.CLOSED:
            begun = opened.pop(number)
            seen.append(SeenIncident(begun.at, at, kind, begun.cameras))
        else:
            opened[number] = SeenIncident(at, None, kind, frozenset(members.get(number, ())))
    return [*seen, *opened.values()]
