"""Where a camera may go in its life: planned, in service, maintenance, removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from sharpeyes.registry.camera import Life
from sharpeyes.registry.errors import FieldProblem, shown
from sharpeyes.registry.fields import refuse_text

LONGEST_MAINTENANCE = timedelta(days=366)
"""Longer than this a camera is not mended but forgotten; remove it, and put it back later."""

_REASON_MAX_CHARACTERS = 500

_NEXT = {
    Life.PLANNED: (Life.IN_SERVICE, Life.REMOVED),
    Life.IN_SERVICE: (Life.MAINTENANCE, Life.REMOVED),
    Life.MAINTENANCE: (Life.IN_SERVICE, Life.REMOVED),
    # With its code and its history; what stood there before stands there again.
    Life.REMOVED: (Life.IN_SERVICE, Life.PLANNED),
}


class LifeState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where in its life a camera is, or shall be.

    Attributes:
        life: planned, in_service, maintenance or removed.
        reason: Why; maintenance and removal need one.
        until: When maintenance ends by itself, with its zone; None for "until somebody says so".
    """

    life: Life = Life.IN_SERVICE
    reason: str = ""
    until: datetime | None = None


IN_SERVICE = LifeState()


def move(
    current: LifeState | None, wanted: LifeState, *, now: datetime, open_ended: bool = False
) -> LifeState | list[FieldProblem]:
    """Decide whether a camera may go from one state to another.

    Args:
        current: Where it is; None for a camera that is only being registered.
        wanted: Where it shall be. The same state again is no move, and always allowed; a
            maintenance may be given another reason or end.
        now: The time, UTC.
        open_ended: Whether maintenance may go without an end, as sheets have it. People must name
            one: a forgotten maintenance hides a broken camera for ever.

    Returns:
        The state as it is to be stored (reason stripped, time in UTC), or all that is wrong; the
        problems' fields are those of `LifeState`.
    """
    wanted = LifeState(wanted.life, wanted.reason.strip(), wanted.until)
    if current is not None and wanted == current:
        return current
    reasons = {
        "life": _refuse_life(current, wanted),
        "reason": _refuse_reason(wanted),
        "until": _refuse_until(wanted, now, open_ended=open_ended),
    }
    problems = [
        FieldProblem(field, shown(getattr(wanted, field) or ""), reason)
        for field, reason in reasons.items()
        if reason is not None
    ]
    if problems:
        return problems
    until = None if wanted.until is None else wanted.until.astimezone(UTC)
    return LifeState(wanted.life, wanted.reason, until)


def _refuse_life(current: LifeState | None, wanted: LifeState) -> str | None:
    if current is None or wanted.life in {current.life, *_NEXT[current.life]}:
        return None
    return f"a camera that is {current.life} can only become {' or '.join(_NEXT[current.life])}"


def _refuse_reason(wanted: LifeState) -> str | None:
    if not wanted.reason:
        needed = wanted.life in {Life.MAINTENANCE, Life.REMOVED}
        return f"is missing: say why it is {wanted.life}" if needed else None
    return refuse_text(wanted.reason, longest=_REASON_MAX_CHARACTERS)


def _refuse_until(wanted: LifeState, now: datetime, *, open_ended: bool) -> str | None:
    until = wanted.until
    if wanted.life is not Life.MAINTENANCE:
        return None if until is None else "only maintenance ends by itself"
    if until is None:
        return None if open_ended else "is missing: say when the maintenance should be over"
    if until.tzinfo is None:
        return "needs a time zone, such as +08:00 or Z"
    if until <= now:
        return "lies in the past"
    if until > now + LONGEST_MAINTENANCE:
        return f"lies more than {LONGEST_MAINTENANCE.days} days ahead"
    return None
