"""What can be wrong with a simulated camera, one thing at a time.

As JSON each fault is an object with its `kind`: `{"kind": "slow", "after_s": 3}`.
"""

from typing import Annotated

import msgspec

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=3_600)]
_Offset = Annotated[float, msgspec.Meta(ge=-31_536_000, le=31_536_000)]


class _Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What the kinds share."""

    @property
    def kind(self) -> str:
        """Its name in commands and JSON."""
        return str(self.__struct_config__.tag)


class Down(_Fault, frozen=True, tag="down"):
    """Its address refuses connections, and open ones are cut."""


class Silent(_Fault, frozen=True, tag="silent"):
    """It accepts connections and never answers; open streams stand still."""


class Frozen(_Fault, frozen=True, tag="frozen"):
    """The same picture for ever, the clock in it included."""


class WrongPassword(_Fault, frozen=True, tag="wrong_password"):
    """It no longer accepts the credentials: somebody changed the password."""


class Slow(_Fault, frozen=True, tag="slow"):
    """It answers every request late.

    Args:
        after_s: how late, 0-3,600.
    """

    after_s: _Seconds = 5.0


class ClockOff(_Fault, frozen=True, tag="clock_off"):
    """Its clock is wrong: ONVIF time, RTCP reports and the judging of signed requests.

    Args:
        offset_s: device time minus true time, at most a year.
    """

    offset_s: _Offset = 3_600.0


class NoFrames(_Fault, frozen=True, tag="no_frames"):
    """RTSP answers as it should, but no RTP comes."""


Fault = Down | Silent | Frozen | WrongPassword | Slow | ClockOff | NoFrames

FAULT_KINDS = {
    str(fault.__struct_config__.tag): fault
    for fault in (Down, Silent, Frozen, WrongPassword, Slow, ClockOff, NoFrames)
}
