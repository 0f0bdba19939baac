import itertools
import math
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharpeyes.detectors.errors import PictureError, StateError, TimeError
from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.picture import Frame
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.zones import Zone, ZoneKind

Picture = npt.NDArray[np.uint8]
Street = Callable[..., Picture]

CAR = (100, 90, 156, 116)
PASSING = (120, 84, 184, 114)


class Watch:
    """Shows a detector one picture each half second and keeps what it found."""

    def __init__(self, detector: SceneDetector, *, start_s: float = 0.0) -> None:
        self.detector = detector
        self.time_s = start_s
        self.findings: list[Finding] = []

    def show(self, pictures: Iterable[Picture], *, step_s: float = 0.5) -> None:
        for picture in pictures:
            self.findings += self.detector.update(picture, self.time_s)
            self.time_s += step_s

    @property
    def vehicles(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == "abandoned_vehicle"]


def test_a_car_that_stays_is_told_once_and_its_end_too(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(60))
    watch.show(street() for _ in range(10))
    alert, end = watch.vehicles
    assert (alert.phase, end.phase) == ("alert", "end")
    assert alert.finding_id == end.finding_id
    assert alert.start_s == pytest.approx(4.0, abs=1.0)
    assert alert.alert_s == pytest.approx(14.0, abs=1.0)
    assert end.end_s == pytest.approx(34.0, abs=1.5)
    assert np.abs(np.subtract(alert.box_xyxy, CAR)).max() <= 4


def test_a_car_that_leaves_in_time_is_not_told(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=20))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(30))
    watch.show(street() for _ in range(60))
    assert not watch.vehicles


def test_a_car_there_from_the_start_leaves_no_ghost(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=6))
    watch.show(street([CAR]) for _ in range(20))
    watch.show(street() for _ in range(60))
    assert not watch.vehicles


def test_traffic_in_front_does_not_start_the_dwell_again(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=20))
    watch.show(street() for _ in range(8))
    for index in range(80):
        watch.show([street([CAR, PASSING] if index % 9 in {5, 6} else [CAR])])
    (alert,) = watch.vehicles
    assert alert.alert_s == pytest.approx(24.0, abs=2.0)


def test_a_change_of_light_is_no_motion_and_ends_nothing(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(30))
    watch.findings.clear()
    watch.show(street([CAR], light=1.4) for _ in range(10))
    assert watch.detector.motion_ratio["picture"] < 0.01
    watch.show(street([CAR], light=0.7) for _ in range(60))
    assert not watch.findings


def test_black_frames_are_not_learned(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(30))
    watch.show([np.zeros((180, 320, 3), np.uint8)] * 10)
    assert watch.detector.scene_changed
    watch.show(street([CAR]) for _ in range(20))
    assert len(watch.vehicles) == 1


def test_dwell_survives_a_restart(street: Street) -> None:
    before = Watch(SceneDetector(dwell_s=20))
    before.show(street() for _ in range(8))
    before.show(street([CAR]) for _ in range(20))
    state = before.detector.dump()
    assert len(state) < 16_000
    after = Watch(SceneDetector(dwell_s=20, state=state), start_s=before.time_s + 2)
    after.show(street([CAR]) for _ in range(30))
    after.show(street() for _ in range(10))
    alert, end = after.vehicles
    assert alert.start_s == pytest.approx(4.0, abs=1.0)
    assert alert.alert_s == pytest.approx(24.0, abs=1.5)
    assert end.phase == "end"


def test_a_told_vehicle_is_not_told_again_after_a_restart(street: Street) -> None:
    before = Watch(SceneDetector(dwell_s=6))
    before.show(street() for _ in range(8))
    before.show(street([CAR]) for _ in range(30))
    (alert,) = before.vehicles
    after = Watch(
        SceneDetector(dwell_s=6, state=before.detector.dump()), start_s=before.time_s + 600
    )
    after.show(street([CAR]) for _ in range(40))
    assert not after.vehicles
    after.show(street() for _ in range(10))
    (end,) = after.vehicles
    assert (end.phase, end.finding_id) == ("end", alert.finding_id)


def test_motion_has_a_start_and_an_end(street: Street) -> None:
    watch = Watch(SceneDetector())
    watch.show(street() for _ in range(8))
    watch.show(street([(x, 90, x + 56, 116)]) for x in range(0, 260, 20))
    watch.show(street() for _ in range(12))
    start, end = watch.findings
    assert [start.phase, end.phase] == ["start", "end"]
    assert start.finding_id == end.finding_id
    assert end.start_s == pytest.approx(4.0, abs=1.0)
    assert end.end_s == pytest.approx(10.0, abs=1.5)


def test_ignored_and_private_places_tell_nothing(street: Street) -> None:
    left = ((0.0, 0.0), (0.6, 0.0), (0.6, 1.0), (0.0, 1.0))
    for kind in (ZoneKind.IGNORE, ZoneKind.PRIVACY):
        watch = Watch(SceneDetector([Zone("left", kind, left)], dwell_s=5))
        watch.show(street() for _ in range(8))
        watch.show(street([CAR]) for _ in range(30))
        assert not watch.findings


def test_a_zone_has_its_own_limit_and_name(street: Street) -> None:
    kerb = Zone("kerb", ZoneKind.NO_PARKING, ((0.2, 0.5), (0.6, 0.5), (0.6, 0.9), (0.2, 0.9)), 5)
    watch = Watch(SceneDetector([kerb], dwell_s=300))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR, (220, 90, 276, 116)]) for _ in range(40))
    (alert,) = watch.vehicles
    assert alert.zone == "kerb"
    assert alert.box_xyxy[2] < 200


def test_another_resolution_of_the_same_view_goes_on(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(10))
    watch.show(street([CAR]).repeat(2, 0).repeat(2, 1) for _ in range(20))
    (alert,) = watch.vehicles
    assert np.abs(np.subtract(alert.box_xyxy, np.multiply(CAR, 2))).max() <= 8


def test_another_view_is_learned_anew_and_ends_what_was_told(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=6))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(30))
    watch.show(street([CAR])[:, :240] for _ in range(30))
    assert [finding.phase for finding in watch.vehicles] == ["alert", "end"]


def test_state_fits_in_256_kb(street: Street) -> None:
    detector = SceneDetector()
    detector.update(street(), 0)
    assert 0 < detector.state_bytes <= 256 * 1024


@pytest.mark.parametrize("time_s", [math.nan, math.inf, 1.0, 0.5])
def test_time_must_grow(street: Street, time_s: float) -> None:
    detector = SceneDetector()
    detector.update(street(), 1.0)
    with pytest.raises(TimeError, match="time_s"):
        detector.update(street(), time_s)


@pytest.mark.parametrize("state", [b"", b"\xff" * 40, b"\x80"])
def test_a_damaged_state_is_refused(state: bytes) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        SceneDetector(state=state)


@pytest.mark.parametrize("dwell_s", [0, -1, math.nan, math.inf])
def test_a_limit_is_a_time(dwell_s: float) -> None:
    with pytest.raises(ValueError, match="dwell_s"):
        SceneDetector(dwell_s=dwell_s)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PictureError, match=r"\(4, 4\) float64"):
        SceneDetector().update(np.zeros((4, 4)), 0.0)  # type: ignore[arg-type]  # on purpose


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    colour=st.booleans(),
    levels=st.lists(st.sampled_from(["black", "white", "noise"]), min_size=1, max_size=12),
    step_s=st.sampled_from([0.04, 0.5, 5.0, 600.0]),
)
def test_any_size_and_any_picture_is_survived(
    *, height: int, width: int, colour: bool, levels: list[str], step_s: float
) -> None:
    random = np.random.default_rng(0)
    shape = (height, width, 3) if colour else (height, width)
    tiny = Zone("tiny", ZoneKind.WATCH, ((0.5, 0.5), (0.51, 0.5), (0.51, 0.51)))
    detector = SceneDetector([tiny], dwell_s=1)
    for number, level in zip(itertools.count(), levels):
        value = {"black": 0, "white": 255}.get(level)
        noise = random.integers(0, 256, shape, np.uint8)
        picture = noise if value is None else np.full(shape, value, np.uint8)
        detector.update(picture, number * step_s)
        assert 0.0 <= detector.motion_ratio["tiny"] <= 1.0
        assert detector.foreground_at(height, width).shape == (height, width)
    SceneDetector([tiny], dwell_s=1, state=detector.dump())


def test_a_lorry_before_a_waiting_car_does_not_make_it_new(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=60))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(60))
    watch.show(street([CAR, (90, 70, 170, 130)]) for _ in range(20))
    watch.show(street([CAR]) for _ in range(60))
    (alert,) = watch.vehicles
    assert alert.alert_s == pytest.approx(64.0, abs=2.0)


def test_a_gap_without_frames_is_dwell(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=400))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(30))
    watch.time_s += 600
    watch.show(street([CAR], light=0.8) for _ in range(4))
    (alert,) = watch.vehicles
    assert alert.start_s == pytest.approx(4.0, abs=1.5)
    assert alert.dwell_s > 600


def test_a_car_that_creeps_on_is_not_due_yet(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street() for _ in range(8))
    for left in (60, 100, 140):
        watch.show(street([(left, 90, left + 56, 116)]) for _ in range(14))
    assert not watch.vehicles
    watch.show(street([(140, 90, 196, 116)]) for _ in range(14))
    assert len(watch.vehicles) == 1


def test_two_cars_side_by_side_are_two(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(16))
    watch.show(street([CAR, (164, 90, 220, 116)]) for _ in range(60))
    assert len({finding.finding_id for finding in watch.vehicles}) == 2


def test_night_falls_on_a_told_car(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street() for _ in range(8))
    watch.show(street([CAR]) for _ in range(40))
    watch.show(street([CAR], light=1 - 0.005 * step) for step in range(120))
    watch.show(street([CAR], light=0.4) for _ in range(40))
    (alert,) = watch.vehicles
    assert alert.phase == "alert"
    watch.show(street(light=0.4) for _ in range(12))
    assert [finding.phase for finding in watch.vehicles] == ["alert", "end"]


def test_what_is_refused_is_said(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=6))
    watch.show(street([CAR]) for _ in range(20))
    reasons = set()
    for _ in range(30):
        watch.show([street()])
        reasons |= {rejection.reason for rejection in watch.detector.rejections}
    assert reasons == {"ghost"}


def test_a_camera_that_was_turned_learns_its_new_view(street: Street) -> None:
    watch = Watch(SceneDetector(dwell_s=10))
    watch.show(street([CAR]) for _ in range(20))
    watch.show(np.roll(street([CAR]), (25, 60), (0, 1)) for _ in range(40))
    assert not watch.vehicles
    late = (20, 120, 76, 146)
    watch.show(np.roll(street([CAR, late]), (25, 60), (0, 1)) for _ in range(40))
    (alert,) = watch.vehicles
    assert alert.box_xyxy[0] == pytest.approx(80, abs=6)


@pytest.mark.parametrize("left", [100, 101, 102, 103])
def test_a_person_far_down_the_street_is_motion(street: Street, left: int) -> None:
    detector = SceneDetector()
    for number in range(5):
        detector.update(street(), number)
        assert not detector.foreground.any()
    picture = street()
    picture[80:90, left : left + 4] = 190
    detector.update(picture, 5)
    assert detector.foreground_at(180, 320)[80:90, left : left + 4].any()


def test_boxes_are_those_of_the_whole_picture_when_it_is_decoded_small(street: Street) -> None:
    detector, found = SceneDetector(dwell_s=10), []
    for number in range(70):
        whole = street([CAR] if number >= 8 else []).repeat(4, 0).repeat(4, 1)
        small = np.ascontiguousarray(whole[::8, ::8])
        frame = Frame(small, (720, 1280), whole.copy)
        found += detector.look(frame, number * 0.5)
    (alert,) = [finding for finding in found if finding.kind == "abandoned_vehicle"]
    assert np.abs(np.subtract(alert.box_xyxy, np.multiply(CAR, 4))).max() <= 16
