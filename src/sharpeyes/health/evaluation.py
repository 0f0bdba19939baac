"""From what a device answered to check results; pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sharpeyes.detectors.picture import Plane, check_picture, shrink, to_luma, working_size
from sharpeyes.detectors.quality import is_frozen
from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.rtsp import RtspDescription
from sharpeyes.health.status import Cause, Check, CheckResult

_THINNED: Final = 4
_MANY_MINUTES: Final = 120


@dataclass(frozen=True, slots=True)
class Login:
    """With what a device was asked.

    Attributes:
        wanted: whether it was to be shown that our password is right.
        blocked_for_s: for how long no password is sent yet, since it refused ours.
    """

    wanted: bool
    blocked_for_s: float = 0.0


def judge_description(
    answer: RtspDescription | Fault, login: Login, endpoint: str, slow_ms: float
) -> list[CheckResult]:
    """Judge the answer to OPTIONS and DESCRIBE.

    Args:
        answer: what came.
        login: with what it was asked.
        endpoint: host and port, for the evidence.
        slow_ms: an answer that takes longer is slow.

    Returns:
        Nothing if the fault was ours.
    """
    if isinstance(answer, RtspDescription):
        reached = CheckResult(Check.REACH)
        if answer.latency_ms > slow_ms:
            words = f"{endpoint} takes {answer.latency_ms:.0f} ms to describe its stream"
            reached = CheckResult(Check.REACH, Cause.SLOW, words)
        stream = CheckResult(Check.STREAM)
        if answer.video is None:
            words = f"{endpoint} describes a stream without video"
            stream = CheckResult(Check.STREAM, Cause.RTSP, words)
        return [reached, stream]
    return judge_answer(answer, login, endpoint)


def judge_answer(fault: Fault | None, login: Login, endpoint: str) -> list[CheckResult]:
    """Judge whether a camera can be reached and lets us have what it was asked for.

    Args:
        fault: what was wrong with its answer; None if nothing was.
        login: with what it was asked.
        endpoint: host and port, for the evidence.

    Returns:
        Nothing if the fault was ours.
    """
    if fault is None:
        return [CheckResult(Check.REACH), CheckResult(Check.STREAM)]
    match fault.kind:
        case FaultKind.LOCAL:
            return []
        case FaultKind.NETWORK | FaultKind.SILENT:
            return [CheckResult(Check.REACH, Cause(fault.kind.value), fault.evidence)]
        case FaultKind.AUTH:
            return [CheckResult(Check.REACH), *_refused(fault, login, endpoint)]
        case FaultKind.BUSY | FaultKind.UNREADABLE:
            # It works for others: those who were there before us, or who read its codec.
            return [CheckResult(Check.REACH)]
        case FaultKind.PROTOCOL | FaultKind.NO_FRAMES:
            unusable = CheckResult(Check.STREAM, Cause.RTSP, fault.evidence)
            return [CheckResult(Check.REACH), unusable]


def judge_picture(fault: Fault | None, login: Login, endpoint: str) -> list[CheckResult]:
    """Judge whether a picture came.

    Args:
        fault: why none did; None if one did.
        login: with what it was asked.
        endpoint: host and port, for the evidence.

    Returns:
        Nothing if the fault says nothing of the camera.
    """
    if fault is None:
        return [CheckResult(Check.FRAMES)]
    match fault.kind:
        case FaultKind.LOCAL | FaultKind.BUSY | FaultKind.UNREADABLE:
            return []
        case FaultKind.AUTH:
            return _refused(fault, login, endpoint)
        case FaultKind.NETWORK | FaultKind.SILENT | FaultKind.PROTOCOL | FaultKind.NO_FRAMES:
            return [CheckResult(Check.FRAMES, Cause.NO_FRAMES, fault.evidence)]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The oldest picture that all later ones were equal to.

    Attributes:
        thinned: (h, w) uint8, every fourth pixel of the working luma: 3.6 kB a camera. Pixels
            are left out and not averaged, which would smooth away the noise that shows life.
        seen_s: when it was seen.
    """

    thinned: Plane
    seen_s: float


def judge_freeze(
    reference: Reference | None, picture: NDArray[np.uint8], now_s: float, frozen_after_s: float
) -> tuple[Reference, CheckResult | None]:
    """Judge whether the picture lives.

    Args:
        reference: of the pictures before; None for the first.
        picture: (H, W, 3) BGR or (H, W) uint8.
        now_s: when it came.
        frozen_after_s: a picture that does not change for longer is frozen.

    Returns:
        The reference for the next picture; and the result, or None while it is too early to say.
    """
    luma = to_luma(shrink(picture, *working_size(*check_picture(picture))))
    thinned = np.ascontiguousarray(luma[::_THINNED, ::_THINNED])
    if reference is None:
        return Reference(thinned, now_s), None
    if not is_frozen(reference.thinned, thinned):
        return Reference(thinned, now_s), CheckResult(Check.FREEZE)
    unchanged_s = now_s - reference.seen_s
    if unchanged_s < frozen_after_s:
        return reference, None
    words = f"the picture has not changed for {_lasted(unchanged_s)}, on-screen clock apart"
    return reference, CheckResult(Check.FREEZE, Cause.FROZEN, words)


def judge_clock(clock: DeviceClock | Fault, endpoint: str, limit_s: float) -> list[CheckResult]:
    """Judge a device's clock; that it calls its local time UTC, as many do, is no fault.

    Args:
        clock: what it said, or why it did not.
        endpoint: host and port, for the evidence.
        limit_s: how far it may be off.

    Returns:
        Nothing if the fault was ours. A device that does not say what time it has is neither right
        nor wrong, and a clock that was off is not known to be so any more.
    """
    if isinstance(clock, Fault):
        if clock.kind is FaultKind.LOCAL:
            return []
        words = f"{endpoint} no longer says what time it has, so its clock is not judged"
        return [CheckResult(Check.CLOCK, Cause.UNKNOWN, words)]
    return [_judge_offset(clock, endpoint, limit_s)]


def _judge_offset(clock: DeviceClock, endpoint: str, limit_s: float) -> CheckResult:
    if abs(clock.error_s) <= limit_s:
        return CheckResult(Check.CLOCK)
    direction = "ahead of" if clock.error_s > 0 else "behind"
    words = f"the clock of {endpoint} is {_lasted(abs(clock.error_s))} {direction} ours"
    if clock.zone_error_s:
        words += ", its local time given as UTC apart"
    return CheckResult(Check.CLOCK, Cause.CLOCK, words)


def _refused(fault: Fault, login: Login, endpoint: str) -> list[CheckResult]:
    if login.blocked_for_s:
        words = (
            f"{endpoint} refused the registered user name and password; to keep it from locking "
            f"the account none are sent for {_lasted(login.blocked_for_s)}, or until they change"
        )
        return [CheckResult(Check.STREAM, Cause.AUTH_BLOCKED, words)]
    if login.wanted:
        return [CheckResult(Check.STREAM, Cause.AUTH, fault.evidence)]
    # It asks who we are, as it should; whether it likes our answer is asked less often.
    return []


def _lasted(seconds: float) -> str:
    """Write a length of time in the unit that a person would use."""
    if seconds < _MANY_MINUTES:
        return f"{seconds:.0f} s"
    if seconds < _MANY_MINUTES * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 100 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.0f} days"
