"""Deadlines and lights of cases: each light is raised once, when it is due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from sharpeyes.events.case import CaseStep
from sharpeyes.events.case_settings import CaseLimit
from sharpeyes.events.case_store import CaseSubject, add_step, case_event
from sharpeyes.events.deadline_light import Light, light_at, next_light_at
from sharpeyes.events.event import EventType, RandomBits
from sharpeyes.events.payload import CaseChanged
from sharpeyes.events.store import Connection, ReadyEvent, insert

_DUE: Final = """
SELECT k.event_id, k.type, k.camera_id, e.device_code, k.state, k.case_number, k.dispatched_at,
       k.deadline_at, k.light, k.revision
FROM event_case k JOIN event e USING (event_id)
WHERE k.due_at <= $1 ORDER BY k.due_at, k.event_id LIMIT $2 FOR UPDATE OF k SKIP LOCKED
"""
_LOOKED_AT: Final = """
UPDATE event_case SET deadline_at = $2, light = $3, due_at = $4, revision = $5 WHERE event_id = $1
"""


async def raise_due(
    connection: Connection,
    now: datetime,
    limits: Mapping[EventType, CaseLimit],
    random: RandomBits,
    *,
    limit: int = 200,
) -> int:
    """Give new cases their deadlines, and raise the lights that are due.

    Where nobody has looked for long, the latest light of a case is raised and those before it are
    not.

    Args:
        connection: In a transaction.
        now: The present.
        limits: How long cases may take, by the type of their event.
        random: For the identities of the events that tell of it.
        limit: Cases at most.

    Returns:
        How many cases were looked at; where as many as `limit`, more may be due.
    """
    rows = await connection.fetch(_DUE, now, limit)
    told = [await _look(connection, row, now, limits, random) for row in rows]
    # All in one statement: it takes the cameras in an order in which nobody locks anybody out.
    if events := [event for event in told if event is not None]:
        await insert(connection, events)
    return len(rows)


async def _look(
    connection: Connection,
    row: asyncpg.Record,
    now: datetime,
    limits: Mapping[EventType, CaseLimit],
    random: RandomBits,
) -> ReadyEvent | None:
    ratios = limits.get(EventType(row["type"]))
    event_id, began_at, deadline_at = row["event_id"], row["dispatched_at"], row["deadline_at"]
    light, revision = Light(row["light"]), row["revision"]
    if ratios is None:
        await connection.execute(_LOOKED_AT, event_id, deadline_at, light, None, revision)
        return None
    deadline_at = deadline_at or began_at + timedelta(seconds=ratios.limit_s)
    due = light_at(began_at, deadline_at, now, ratios)
    is_new = due is not light
    next_at = next_light_at(began_at, deadline_at, due, ratios)
    await connection.execute(_LOOKED_AT, event_id, deadline_at, due, next_at, revision + is_new)
    if not is_new:
        return None
    await add_step(connection, event_id, CaseStep.LIGHT, due, at=now)
    changed = CaseChanged(
        about_event_id=event_id,
        about_type=row["type"],
        step="light",
        state=row["state"],
        light=due.value,
        case_number=row["case_number"],
        deadline_at=deadline_at,
        revision=revision + 1,
    )
    subject = CaseSubject(event_id, row["type"], row["camera_id"], row["device_code"])
    return ReadyEvent.of(case_event(subject, changed, now, random))
