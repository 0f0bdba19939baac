from datetime import UTC, datetime

import numpy as np
import pytest

from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.rtsp import RtspDescription
from sharpeyes.devices.sdp import RtspMedia
from sharpeyes.health.evaluation import (
    Login,
    Reference,
    judge_clock,
    judge_description,
    judge_freeze,
    judge_picture,
)
from sharpeyes.health.status import Cause, Check, CheckResult, Status

PLACE = "10.0.0.7:554"
ANONYMOUS, LOGGED_IN = Login(wanted=False), Login(wanted=True)
BLOCKED = Login(wanted=True, blocked_for_s=1800)


def description(*kinds: str, latency_ms: float = 20) -> RtspDescription:
    media = tuple(
        RtspMedia(
            kind=kind,
            codec="H264",
            clock_rate_hz=90_000,
            payload_type=96,
            width_px=None,
            height_px=None,
            format_parameters="",
            control="",
        )
        for kind in kinds
    )
    return RtspDescription(media=media, server="", connect_ms=1, latency_ms=latency_ms)


def told(results: list[CheckResult]) -> list[str]:
    return [f"{result.check} {result.cause}".strip() for result in results]


@pytest.mark.parametrize(
    ("answer", "login", "results"),
    [
        (description("video"), ANONYMOUS, ["reach", "stream"]),
        (description("video", latency_ms=2001), ANONYMOUS, ["reach slow", "stream"]),
        (description("audio"), ANONYMOUS, ["reach", "stream rtsp"]),
        (Fault(FaultKind.NETWORK, "x"), LOGGED_IN, ["reach network"]),
        (Fault(FaultKind.SILENT, "x"), LOGGED_IN, ["reach silent"]),
        (Fault(FaultKind.PROTOCOL, "x"), LOGGED_IN, ["reach", "stream rtsp"]),
        (Fault(FaultKind.BUSY, "x"), LOGGED_IN, ["reach"]),
        (Fault(FaultKind.UNREADABLE, "x"), LOGGED_IN, ["reach"]),
        (Fault(FaultKind.LOCAL, "x"), LOGGED_IN, []),
        (Fault(FaultKind.AUTH, "x"), ANONYMOUS, ["reach"]),
        (Fault(FaultKind.AUTH, "x"), LOGGED_IN, ["reach", "stream auth"]),
        (Fault(FaultKind.AUTH, "x"), BLOCKED, ["reach", "stream auth_blocked"]),
    ],
)
def test_judge_description(
    answer: RtspDescription | Fault, login: Login, results: list[str]
) -> None:
    assert told(judge_description(answer, login, PLACE, 2000)) == results


@pytest.mark.parametrize(
    ("kind", "results"),
    [
        (None, ["frames"]),
        (FaultKind.NETWORK, ["frames no_frames"]),
        (FaultKind.SILENT, ["frames no_frames"]),
        (FaultKind.NO_FRAMES, ["frames no_frames"]),
        (FaultKind.PROTOCOL, ["frames no_frames"]),
        (FaultKind.UNREADABLE, []),
        (FaultKind.AUTH, ["stream auth"]),
        (FaultKind.BUSY, []),
        (FaultKind.LOCAL, []),
    ],
)
def test_judge_picture(kind: FaultKind | None, results: list[str]) -> None:
    fault = Fault(kind, "words") if kind else None
    assert told(judge_picture(fault, LOGGED_IN, PLACE)) == results


def test_every_fault_has_words() -> None:
    for kind in FaultKind:
        for result in judge_description(Fault(kind, "seen"), LOGGED_IN, PLACE, 2000):
            assert bool(result.evidence) == bool(result.cause)


def test_a_block_says_what_an_operator_can_do() -> None:
    (_, result) = judge_description(Fault(FaultKind.AUTH, "x"), BLOCKED, PLACE, 2000)
    assert result.evidence == (
        "10.0.0.7:554 refused the registered user name and password; to keep it from locking the "
        "account none are sent for 1800 s, or until they change"
    ).replace("1800 s", "30 min")


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_a_status(cause: Cause) -> None:
    assert (cause.status is Status.OK) == (cause is Cause.NONE)
    assert (cause.status is Status.UNKNOWN) == (cause is Cause.UNKNOWN)


def clock(offset_s: float) -> DeviceClock:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return DeviceClock(utc=now, offset_s=offset_s, is_synchronised=False, time_zone="")


@pytest.mark.parametrize(
    ("offset_s", "words"),
    [
        (10, ""),
        (-10, ""),
        (11, "the clock of 10.0.0.7:80 is 11 s ahead of ours"),
        (-300, "the clock of 10.0.0.7:80 is 5 min behind ours"),
        # It calls its local time UTC, as many do: its clock is right.
        (28_801, ""),
        (
            28_760,
            "the clock of 10.0.0.7:80 is 40 s behind ours, its local time given as UTC apart",
        ),
        (900, "the clock of 10.0.0.7:80 is 15 min ahead of ours"),
        (-1.7e9, "the clock of 10.0.0.7:80 is 19676 days behind ours"),
    ],
)
def test_judge_clock(offset_s: float, words: str) -> None:
    [result] = judge_clock(clock(offset_s), "10.0.0.7:80", 10)
    assert result.check is Check.CLOCK
    assert result.cause is (Cause.CLOCK if words else Cause.NONE)
    assert result.evidence == words


def test_a_device_that_does_not_say_its_time_is_neither_right_nor_wrong() -> None:
    [result] = judge_clock(Fault(FaultKind.NETWORK, "x"), "10.0.0.7:80", 10)
    assert (result.check, result.cause) == (Check.CLOCK, Cause.UNKNOWN)
    assert "10.0.0.7:80 no longer says" in result.evidence
    assert judge_clock(Fault(FaultKind.LOCAL, "x"), "10.0.0.7:80", 10) == []


class Street:
    """Pictures with the noise of a sensor."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(4)
        self.view = self.random.integers(60, 180, (1080, 1920, 3)).astype(np.uint8)

    def picture(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        noise = self.random.integers(0, 3, self.view.shape).astype(np.uint8)
        return self.view + noise


def test_a_picture_that_does_not_change_for_long_is_frozen() -> None:
    street = Street()
    dead = street.picture()
    reference, result = judge_freeze(None, dead, 0, 900)
    assert result is None
    reference, result = judge_freeze(reference, dead, 899, 900)
    assert result is None
    reference, result = judge_freeze(reference, dead, 900, 900)
    assert result is not None
    assert result.cause is Cause.FROZEN
    assert "15 min" in result.evidence
    reference, result = judge_freeze(reference, street.picture(), 1000, 900)
    assert result == CheckResult(Check.FREEZE)
    assert reference.seen_s == 1000


def test_a_running_clock_does_not_hide_a_dead_picture() -> None:
    dead = Street().picture()
    reference: Reference | None = None
    for minute in range(30):
        dead[20:60, 1700:1900] = minute
        reference, result = judge_freeze(reference, dead, 60 * minute, 900)
    assert result is not None
    assert result.cause is Cause.FROZEN


def test_the_reference_of_a_camera_is_small() -> None:
    reference, _ = judge_freeze(None, Street().picture(), 0, 900)
    assert reference.thinned.nbytes == 80 * 45
    assert reference.thinned.base is None


def test_hostile_60_another_resolution_is_no_freeze() -> None:
    reference, _ = judge_freeze(None, np.full((180, 320), 90, np.uint8), 0, 1)
    _, result = judge_freeze(reference, np.full((320, 180), 90, np.uint8), 9, 1)
    assert result == CheckResult(Check.FREEZE)
