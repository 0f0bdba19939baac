"""What can be wrong with a simulated camera, one thing at a time.

As JSON each fault is an object with its `kind`: `{"kind": "slow", "after_s": 3}`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import msgspec

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=3_600)]
_Offset = Annotated[float, msgspec.Meta(ge=-31_536_000, le=31_536_000)]


class FaultKind(StrEnum):
    """The name of a fault in commands and JSON."""

    DOWN = "down"
    SILENT = "silent"
    FROZEN = "frozen"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105  # a fault's name
    SLOW = "slow"
    CLOCK_OFF = "clock_off"
    NO_FRAMES = "no_frames"


class _Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class Down(_Fault, frozen=True, tag=FaultKind.DOWN.value):
    """Its address refuses connections, and open ones are cut."""


class Silent(_Fault, frozen=True, tag=FaultKind.SILENT.value):
    """It accepts connections and never answers; open streams stand still."""


class Frozen(_Fault, frozen=True, tag=FaultKind.FROZEN.value):
    """The same picture for ever, the clock in it included."""


class WrongPassword(_Fault, frozen=True, tag=FaultKind.WRONG_PASSWORD.value):
    """It no longer accepts the credentials: somebody changed the password."""


class Slow(_Fault, frozen=True, tag=FaultKind.SLOW.value):
    """It answers every request late.

    Args:
        after_s: how late, 0-3,600.
    """

    after_s: _Seconds = 5.0


class ClockOff(_Fault, frozen=True, tag=FaultKind.CLOCK_OFF.value):
    """Its clock is wrong: ONVIF time, RTCP reports and the judging of signed requests.

    Args:
        offset_s: device time minus true time, at most a year.
    """

    offset_s: _Offset = 3_600.0


class NoFrames(_Fault, frozen=True, tag=FaultKind.NO_FRAMES.value):
    """RTSP answers as it should, but no RTP comes."""


Fault = Down | Silent | Frozen | WrongPassword | Slow | ClockOff | NoFrames

FAULTS: Mapping[FaultKind, type[Fault]] = {
    FaultKind(str(fault.__struct_config__.tag)): fault
    for fault in (Down, Silent, Frozen, WrongPassword, Slow, ClockOff, NoFrames)
}
