"""Cases of events: how far they are, and what people and the case system say of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from sharpeyes.events.case import (
    Case,
    CaseHistoryStep,
    CaseMove,
    CaseState,
    CaseStep,
    may_have_case,
    state_after,
)
from sharpeyes.events.deadline_light import Light
from sharpeyes.events.errors import CaseChangedError, CaseStateError, NoCaseError
from sharpeyes.events.event import EventType, NewEvent, RandomBits, Severity, new_event_id
from sharpeyes.events.payload import CaseChanged
from sharpeyes.events.store import Connection, append

_COLUMNS: Final = ", ".join(f"k.{name}" for name in Case.__struct_fields__)

_EVENT: Final = """
SELECT event_id, type, camera_id, device_code, recorded_at, data ->> 'phase' AS phase,
       COALESCE(data ->> 'zone', '') AS zone
FROM event WHERE event_id = $1
"""
_CASE: Final = f"SELECT {_COLUMNS} FROM event_case k WHERE k.event_id = $1"  # noqa: S608  # only constants are put together
_HISTORY: Final = """
SELECT at, actor, step, words FROM event_case_step WHERE event_id = $1 ORDER BY step_id
"""
# Revision 0 is what was read of a case of which nobody had said anything.
_OPEN: Final = """
INSERT INTO event_case (event_id, camera_id, type, zone, dispatched_at, revision)
VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (event_id) DO NOTHING
"""
# What is over is due no more.
_MOVE: Final = """
UPDATE event_case SET state = $2, case_number = $3,
    acknowledged_at = CASE WHEN $4 = 'acknowledged' THEN $5 ELSE acknowledged_at END,
    handled_at = CASE WHEN $4 = 'handled' THEN $5 ELSE handled_at END,
    ended_at = CASE WHEN $4 IN ('closed', 'rejected') THEN $5 ELSE ended_at END,
    due_at = CASE WHEN $4 IN ('closed', 'rejected') THEN NULL ELSE due_at END,
    revision = revision + 1
WHERE event_id = $1
"""
_NUMBER: Final = """
UPDATE event_case SET case_number = $2, revision = revision + 1 WHERE event_id = $1
"""
_STEP: Final = """
INSERT INTO event_case_step (event_id, at, actor, step, words) VALUES ($1, $2, $3, $4, $5)
"""


@dataclass(frozen=True, slots=True)
class CaseSubject:
    """The event that a case is of, as far as its case needs it.

    Attributes:
        event_id: Which.
        type: What happened.
        camera_id: Where, as the registry counts.
        device_code: Where, as the city counts.
    """

    event_id: str
    type: str
    camera_id: int
    device_code: str


async def read_case(pool: asyncpg.Pool, event_id: str) -> tuple[Case, list[CaseHistoryStep]]:
    """Return the case of an event and its history, the oldest step first.

    An event that may have one and of which nobody has said anything has one that is dispatched.

    Raises:
        NoCaseError: There is no such event, or it is not the caller's to see, or its kind has none.
    """
    async with pool.acquire() as connection, connection.transaction():
        event = await _event(connection, event_id)
        row = await connection.fetchrow(_CASE, event_id)
        history = await _history(connection, event_id)
    if row is None:
        return _unsaid(event), history
    return msgspec.convert(dict(row), Case), history


async def move_case(
    connection: Connection,
    event_id: str,
    said: CaseMove,
    *,
    actor: str,
    now: datetime,
    random: RandomBits,
    revision: int | None = None,
) -> bool:
    """Write down what somebody says of a case, and tell of it those who want to know.

    Of two who say different things at once the second is refused, as what it says follows no
    longer; of two who say the same, the first is on record.

    Args:
        connection: In a transaction, in which the caller writes who did this, too.
        event_id: Of which event.
        said: What.
        actor: Who says so.
        now: When.
        random: For the identity of the event that tells of it.
        revision: Which the caller has read; None: any.

    Returns:
        Whether it is news. False: it was said before, and nothing was changed.

    Raises:
        NoCaseError: See `read_case`.
        CaseStateError: It does not follow from how far the case is.
        CaseChangedError: The case was changed since.
    """
    event = await _event(connection, event_id)
    await connection.execute(
        _OPEN, event_id, event["camera_id"], event["type"], event["zone"], event["recorded_at"]
    )
    row = await connection.fetchrow(f"{_CASE} FOR UPDATE", event_id)
    if row is None:  # it was deleted meanwhile
        raise NoCaseError(event_id)
    case = msgspec.convert(dict(row), Case)
    history = await _history(connection, event_id)
    is_stale = revision is not None and revision != case.revision
    try:
        state = state_after(case, said, history)
    except CaseStateError:
        if is_stale:
            raise CaseChangedError(event_id, case.revision) from None
        raise
    case_number = said.case_number or case.case_number
    if state is None:
        return await _number(connection, case, case_number)
    if is_stale:
        raise CaseChangedError(event_id, case.revision)
    await connection.execute(_MOVE, event_id, state, case_number, said.step, now)
    await add_step(connection, event_id, said.step, said.words, at=now, actor=actor)
    changed = CaseChanged(
        about_event_id=event_id,
        about_type=event["type"],
        step=said.step.value,
        state=state.value,
        light=case.light.value,
        case_number=case_number,
        words=said.words,
        deadline_at=case.deadline_at,
        revision=case.revision + 1,
    )
    subject = CaseSubject(event_id, event["type"], event["camera_id"], event["device_code"])
    await append(connection, case_event(subject, changed, now, random))
    return True


async def _number(connection: Connection, case: Case, case_number: str) -> bool:
    """Keep a number that was not said the first time."""
    if case_number == case.case_number:
        return False
    await connection.execute(_NUMBER, case.event_id, case_number)
    return True


async def add_step(
    connection: Connection,
    event_id: str,
    step: CaseStep,
    words: str,
    *,
    at: datetime,
    actor: str = "",
) -> None:
    """Write a step into a case's history; no actor: the service."""
    await connection.execute(_STEP, event_id, at, actor, step, words)


def case_event(
    subject: CaseSubject, changed: CaseChanged, now: datetime, random: RandomBits
) -> NewEvent:
    """Make the event that tells of a change; it is of the camera of the event that it is about."""
    return NewEvent(
        event_id=new_event_id(now, random),
        type=EventType.CASE_CHANGED,
        camera_id=subject.camera_id,
        device_code=subject.device_code,
        severity=_severity(changed),
        occurred_at=now,
        dedup_key=f"case:{subject.event_id}:{changed.revision}",
        data=changed,
    )


def _severity(changed: CaseChanged) -> Severity:
    if changed.step != "light" or changed.light == "blue":
        return Severity.INFO
    return Severity.ALERT if changed.light == "red" else Severity.WARNING


async def _event(connection: Connection, event_id: str) -> asyncpg.Record:
    row = await connection.fetchrow(_EVENT, event_id)
    if row is None or not may_have_case(row["type"], row["phase"]):
        raise NoCaseError(event_id)
    return row


async def _history(connection: Connection, event_id: str) -> list[CaseHistoryStep]:
    rows = await connection.fetch(_HISTORY, event_id)
    return [msgspec.convert(dict(row), CaseHistoryStep) for row in rows]


def _unsaid(event: asyncpg.Record) -> Case:
    return Case(
        event_id=event["event_id"],
        state=CaseState.DISPATCHED,
        case_number="",
        dispatched_at=event["recorded_at"],
        acknowledged_at=None,
        handled_at=None,
        ended_at=None,
        deadline_at=None,
        light=Light.NONE,
        revision=0,
    )
