"""The case of an event: how far the work on it is; pure.

The case itself is the other system's. What is kept here is which events have one, how far it is, by
when it is to be over, and who said so.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from sharpeyes.events.deadline_light import Light
from sharpeyes.events.errors import CaseStateError
from sharpeyes.events.event import EventType, NewEvent, Severity


class CaseState(StrEnum):
    """How far the work is."""

    DISPATCHED = "dispatched"
    """The case system is told of the event as soon as it is stored."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody there has it."""
    HANDLED = "handled"
    """What had to be done on the spot is done."""
    CLOSED = "closed"
    """It is over, and what came of it is known."""
    REJECTED = "rejected"
    """It is over: there was nothing to be done. A false alarm."""

    @property
    def is_over(self) -> bool:
        """Whether nothing follows it."""
        return self in {CaseState.CLOSED, CaseState.REJECTED}


class CaseStep(StrEnum):
    """What happened to a case."""

    ACKNOWLEDGED = "acknowledged"
    HANDLED = "handled"
    CLOSED = "closed"
    REJECTED = "rejected"
    LIGHT = "light"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The case of an event.

    Attributes:
        event_id: Of which event.
        state: How far it is.
        case_number: What the case system calls it; empty: it has not said.
        dispatched_at: When the event was stored, UTC.
        acknowledged_at: When somebody had it.
        handled_at: When it was handled.
        ended_at: When it was closed or rejected.
        deadline_at: By when it is to be over; None: its type has no limit, or it was opened within
            the last seconds.
        light: How much of that time is gone.
        revision: Rises with every change; 0: nobody has said anything of it.
    """

    event_id: str
    state: CaseState
    case_number: str
    dispatched_at: datetime
    acknowledged_at: datetime | None
    handled_at: datetime | None
    ended_at: datetime | None
    deadline_at: datetime | None
    light: Light
    revision: int


class CaseHistoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a case's history.

    Attributes:
        at: When, UTC.
        actor: The account or token that said so; empty: the service.
        step: What was done.
        words: What was found, fed back or given as the reason; of a light, which.
    """

    at: datetime
    actor: str
    step: CaseStep
    words: str


class CaseMove(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says of a case.

    Attributes:
        step: What was done.
        words: See `CaseHistoryStep`; a case is closed or rejected with words only.
        case_number: What the case system calls it; empty: nothing is said of that.
    """

    step: CaseStep
    words: str = ""
    case_number: str = ""


CASE_TYPES: Final = frozenset(
    {EventType.ABANDONED_VEHICLE, EventType.MOTION, EventType.OUTSIDE_REPORT}
)
"""What people may have to see to on the spot. Work on cameras is an incident of health."""


def may_have_case(kind: str, phase: object) -> bool:
    """Tell whether events of a type have cases; what says that something is over has none.

    Args:
        kind: The event's type.
        phase: Of its data.
    """
    return kind in CASE_TYPES and phase != "end"


def opens_case(event: NewEvent) -> bool:
    """Tell whether a case is opened as soon as the event is stored: somebody must act on it.

    Others of `CASE_TYPES` have one from the moment on at which somebody says something of it.
    """
    return event.severity is Severity.ALERT and may_have_case(
        event.type, getattr(event.data, "phase", None)
    )


_FOLLOWS: Final = {
    CaseStep.ACKNOWLEDGED: frozenset({CaseState.DISPATCHED}),
    CaseStep.HANDLED: frozenset({CaseState.ACKNOWLEDGED}),
    CaseStep.CLOSED: frozenset({CaseState.HANDLED}),
    CaseStep.REJECTED: frozenset({CaseState.DISPATCHED, CaseState.ACKNOWLEDGED, CaseState.HANDLED}),
}
_FIRST: Final = {
    CaseState.DISPATCHED: "acknowledge it first",
    CaseState.ACKNOWLEDGED: "say first that it was handled",
    CaseState.HANDLED: "close it, or reject it as a false alarm",
    CaseState.CLOSED: "nothing follows that",
    CaseState.REJECTED: "nothing follows that",
}


def state_after(case: Case, move: CaseMove, history: Sequence[CaseHistoryStep]) -> CaseState | None:
    """Return how far a case is after a move, or None where that was said before.

    Saying the same again changes nothing, so that whoever has had no answer may ask again, also
    when the case has gone on since.

    Args:
        case: As it is.
        move: What is said.
        history: What was said before.

    Raises:
        CaseStateError: The move does not follow from the case's state, or the same was said before
            in other words.
    """
    if move.case_number and case.case_number and move.case_number != case.case_number:
        raise CaseStateError(
            f"event {case.event_id} has the case number {case.case_number!r} already, not"
            f" {move.case_number!r}",
            "number",
            {"kept": case.case_number, "given": move.case_number},
        )
    said = next((one for one in history if one.step is move.step), None)
    if said is not None:
        if move.words != said.words:
            raise CaseStateError(
                f"the case of event {case.event_id} was {said.step} already, by {said.actor} at"
                f" {said.at:%Y-%m-%d %H:%M:%S} UTC, in other words",
                "said",
                {"step": said.step, "actor": said.actor, "at": said.at.isoformat()},
            )
        return None
    if case.state not in _FOLLOWS[move.step]:
        raise CaseStateError(
            f"the case of event {case.event_id} is {case.state} and cannot be {move.step}:"
            f" {_FIRST[case.state]}",
            "order",
            {"state": case.state, "step": move.step},
        )
    return CaseState(move.step)
