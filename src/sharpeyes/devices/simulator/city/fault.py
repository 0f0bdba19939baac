"""What can be wrong with a camera of a simulated city.

As JSON or TOML each fault is a table with its `kind`: `{kind = "slow", after_s = 3}`. A device has
several at once if they are about different things: how it answers, whom it lets in, its clock, and
of each of its cameras the stream and the picture. Of two about the same thing the later one holds.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=3_600)]
_Offset = Annotated[float, msgspec.Meta(ge=-1_000_000_000, le=1_000_000_000)]
_Drift = Annotated[float, msgspec.Meta(ge=-86_400, le=86_400)]

Concern = Literal["answer", "login", "clock", "stream", "picture"]


class _Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    concern: ClassVar[Concern] = "answer"
    cause: ClassVar[str] = ""
    """What a judgement should name; "" where it should name nothing."""


class Unanswered(_Fault, frozen=True, tag="unanswered"):
    """Nobody reacts to attempts to connect: power, switch or line is gone."""

    cause: ClassVar[str] = "network"


class Reset(_Fault, frozen=True, tag="reset"):
    """Every connection is broken off (RST) as soon as it stands."""

    cause: ClassVar[str] = "network"


class Silent(_Fault, frozen=True, tag="silent"):
    """It accepts connections and never answers."""

    cause: ClassVar[str] = "silent"


class Slow(_Fault, frozen=True, tag="slow"):
    """It answers every request late.

    Args:
        after_s: how late, 0-3,600.
    """

    cause: ClassVar[str] = "slow"

    after_s: _Seconds = 3.0


class Trickle(_Fault, frozen=True, tag="trickle"):
    """It sends one byte of its answer at a time.

    Args:
        every_s: from one byte to the next, 0-3,600.
    """

    cause: ClassVar[str] = "silent"

    every_s: _Seconds = 29.0


class Half(_Fault, frozen=True, tag="half"):
    """It sends half of its answer and then nothing."""

    cause: ClassVar[str] = "silent"


class Garbage(_Fault, frozen=True, tag="garbage"):
    """It answers with bytes that are no answer."""

    cause: ClassVar[str] = "rtsp"


class Busy(_Fault, frozen=True, tag="busy"):
    """It has no room for us: 453 over RTSP, 503 over HTTP. It says nothing about its state."""


class WrongPassword(_Fault, frozen=True, tag="wrong_password"):
    """It no longer accepts the credentials: 401 for ever."""

    concern: ClassVar[Concern] = "login"
    cause: ClassVar[str] = "auth"


class ClockOff(_Fault, frozen=True, tag="clock_off"):
    """Its clock is wrong.

    Args:
        offset_s: device time minus true time when the fault begins.
        drift_s_per_day: how much that grows in a day.
    """

    concern: ClassVar[Concern] = "clock"
    cause: ClassVar[str] = "clock"

    offset_s: _Offset = 3_600.0
    drift_s_per_day: _Drift = 0.0


class LocalTime(_Fault, frozen=True, tag="local_time"):
    """It calls China's time UTC, as some makers' devices do: a lie, but its clock is right."""

    concern: ClassVar[Concern] = "clock"


class NoDescription(_Fault, frozen=True, tag="no_description"):
    """DESCRIBE is answered with 200, and no description comes with it."""

    concern: ClassVar[Concern] = "stream"
    cause: ClassVar[str] = "rtsp"


class NoFrames(_Fault, frozen=True, tag="no_frames"):
    """RTSP answers as it should, but no picture comes, and there is no snapshot (503)."""

    concern: ClassVar[Concern] = "stream"
    cause: ClassVar[str] = "no_frames"


class Frozen(_Fault, frozen=True, tag="frozen"):
    """The same picture for ever, the clock in it included."""

    concern: ClassVar[Concern] = "picture"
    cause: ClassVar[str] = "frozen"


class Black(_Fault, frozen=True, tag="black"):
    """The lens is covered: a black picture, with the clock in it and a little noise."""

    concern: ClassVar[Concern] = "picture"
    cause: ClassVar[str] = "picture"


class Moved(_Fault, frozen=True, tag="moved"):
    """It looks elsewhere: somebody or the wind has turned it."""

    concern: ClassVar[Concern] = "picture"
    cause: ClassVar[str] = "picture"


AnswerFault = Unanswered | Reset | Silent | Slow | Trickle | Half | Garbage | Busy
CityFault = (
    AnswerFault
    | WrongPassword
    | ClockOff
    | LocalTime
    | NoDescription
    | NoFrames
    | Frozen
    | Black
    | Moved
)

FAULTS: tuple[type[CityFault], ...] = (
    Unanswered,
    Reset,
    Silent,
    Slow,
    Trickle,
    Half,
    Garbage,
    Busy,
    WrongPassword,
    ClockOff,
    LocalTime,
    NoDescription,
    NoFrames,
    Frozen,
    Black,
    Moved,
)


def kind_of(fault: CityFault) -> str:
    """The name of a fault in files."""
    return str(fault.__struct_config__.tag)


def is_of_device(fault: CityFault) -> bool:
    """Whether it strikes a whole device, not one of its cameras."""
    return fault.concern not in {"stream", "picture"}
