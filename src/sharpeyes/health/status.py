"""The words of health: status, cause, check, and what passes between the parts."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec


class Status(StrEnum):
    """What is known of a camera."""

    UNKNOWN = "unknown"
    """Not asked yet, or not often enough to say."""
    OK = "ok"
    DEGRADED = "degraded"
    """It works for somebody, or works badly: a job for a desk, or for the next round."""
    UNREACHABLE = "unreachable"
    """It does not answer, and it is not (yet) known to be its own fault: it is not called down."""
    OFFLINE = "offline"
    """Nobody sees through it: somebody has to go there."""

    @property
    def is_down(self) -> bool:
        """Whether nobody sees through it, whoever is to blame."""
        return self is Status.OFFLINE or self is Status.UNREACHABLE


class Cause(StrEnum):
    """What is wrong with a camera."""

    NONE = ""
    """Nothing is."""
    NETWORK = "network"
    """No connection: the address, the network or the power."""
    SILENT = "silent"
    """It takes connections and says nothing, or does not finish what it says."""
    RTSP = "rtsp"
    """It answers, but offers no stream that we could use."""
    NO_FRAMES = "no_frames"
    """It promises a stream, and no picture comes."""
    AUTH = "auth"
    """It refuses our password, or wants one and none is stored."""
    AUTH_BLOCKED = "auth_blocked"
    """It has refused our password so often that one more might lock the account: none is sent."""
    FROZEN = "frozen"
    """The picture has not changed for longer than any street stays still."""
    CLOCK = "clock"
    """Its clock is off."""
    SLOW = "slow"
    """It answers, but late."""
    PICTURE = "picture"
    """A picture comes, and shows little: covered, blurred, dark, moved."""
    RECORDER = "recorder"
    """Not itself, but the recorder that it hangs on."""
    UNSTABLE = "unstable"
    """It comes and goes."""
    UNKNOWN = "unknown"
    """A check can no longer be made, so nothing is known of what it judges."""

    @property
    def status(self) -> Status:
        """The status that a camera with this cause has."""
        return _STATUS_OF[self]


_STATUS_OF: Final = {
    Cause.NONE: Status.OK,
    # Others may fail with it. Whether it is its own fault is judged where all of them are seen.
    Cause.NETWORK: Status.UNREACHABLE,
    Cause.SILENT: Status.UNREACHABLE,
    Cause.RECORDER: Status.UNREACHABLE,
    Cause.RTSP: Status.OFFLINE,
    Cause.NO_FRAMES: Status.OFFLINE,
    # The camera is alive and others may see through it: the fault is in our password, and a
    # fitter who is sent there would find nothing.
    Cause.AUTH: Status.DEGRADED,
    Cause.AUTH_BLOCKED: Status.DEGRADED,
    Cause.FROZEN: Status.DEGRADED,
    Cause.CLOCK: Status.DEGRADED,
    Cause.SLOW: Status.DEGRADED,
    Cause.PICTURE: Status.DEGRADED,
    Cause.UNSTABLE: Status.DEGRADED,
    Cause.UNKNOWN: Status.UNKNOWN,
}

SEVERITY: Final = {Status.OK: 0, Status.DEGRADED: 1, Status.UNREACHABLE: 2, Status.OFFLINE: 2}
"""How bad a status is; `unknown` is not on this scale."""


class Check(StrEnum):
    """One rule that judges one layer; an earlier one is cheaper and explains later ones."""

    REACH = "reach"
    """It can be connected to and answers RTSP in time."""
    STREAM = "stream"
    """It lets us in and describes its stream."""
    FRAMES = "frames"
    """A picture comes."""
    FREEZE = "freeze"
    """The picture lives."""
    PICTURE = "picture"
    """The picture shows something: it is not black, torn, or a lost signal's."""
    CLOCK = "clock"
    """Its clock is right."""


class CheckResult(msgspec.Struct, frozen=True):
    """What one check made of one probe.

    Attributes:
        check: the rule that judged.
        cause: what is wrong.
        evidence: what was seen, in words that an operator can act on; empty if nothing is wrong.
    """

    check: Check
    cause: Cause = Cause.NONE
    evidence: str = ""


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a camera's status, or of the cause of an unchanged one.

    From ok to ok says that a camera which was restored has proved it: its incident is closed.

    Attributes:
        from_status: what was known before.
        to_status: what is known now.
        check: the rule that decided; None where nothing is wrong.
        cause: what is wrong.
        evidence: what was seen, in words; empty where nothing is wrong.
        at: when it was decided, UTC.
        began_at: when the first result was seen that led to it, UTC; None where nothing is wrong.
    """

    from_status: Status
    to_status: Status
    check: Check | None
    cause: Cause
    evidence: str
    at: datetime
    began_at: datetime | None = None
