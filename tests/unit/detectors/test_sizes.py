from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.detectors.finding import Finding, Rejection
from sharpeyes.detectors.parting import parts_of
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.traffic import LEAST_PASSED, MOST_PASSED, Traffic
from sharpeyes.detectors.zones import Zone, ZoneKind

Picture = npt.NDArray[np.uint8]
Street = Callable[..., Picture]
BAG = (140, 106, 154, 116)
CAR = (120, 84, 184, 116)
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def passing(street: Street, times: int) -> Iterator[Picture]:
    """Cars of 64 x 32 pixels drive through, 20 pixels a picture."""
    for _ in range(times):
        for left in range(-60, 320, 20):
            yield street([(max(left, 0), 84, max(left + 64, 1), 116)])


def show(detector: SceneDetector, pictures: Iterator[Picture], from_s: float) -> list[Finding]:
    return [
        finding
        for number, picture in enumerate(pictures)
        for finding in detector.update(picture, from_s + 0.5 * number)
        if finding.kind == "abandoned_vehicle"
    ]


def stand(
    detector: SceneDetector, picture: Callable[[], Picture], from_s: float
) -> list[Rejection]:
    refused = []
    for number in range(40):
        findings = detector.update(picture(), from_s + 0.5 * number)
        assert all(one.kind == "motion" for one in findings)
        refused += detector.rejections
    return refused


def test_what_is_far_smaller_than_the_traffic_is_refused_with_its_reason(street: Street) -> None:
    detector = SceneDetector(dwell_s=6)
    assert not show(detector, passing(street, 16), 0)
    later = SceneDetector(dwell_s=6, state=detector.dump())
    refused = stand(later, lambda: street() if later.state_bytes == 0 else street([BAG]), 200)
    (reason,) = {one.reason for one in refused}
    assert reason == "small_here"
    assert refused[0].expected_px is not None
    least, most = refused[0].expected_px
    assert least < 22
    assert most > 128
    assert least > 14
    assert not refused[0].by_width


def test_what_is_as_large_as_the_traffic_is_told(street: Street) -> None:
    detector = SceneDetector(dwell_s=6)
    show(detector, passing(street, 16), 0)
    show(detector, (street() for _ in range(8)), 200)
    (alert,) = show(detector, (street([CAR]) for _ in range(30)), 204)
    assert alert.phase == "alert"


def test_without_traffic_there_is_no_opinion(street: Street) -> None:
    detector = SceneDetector(dwell_s=6)
    show(detector, (street() for _ in range(8)), 0)
    assert len(show(detector, (street([BAG]) for _ in range(30)), 4)) == 1


def test_an_engineer_sets_how_wide_vehicles_are(street: Street) -> None:
    widths = ((0.4, 0.02, 0.2), (0.9, 0.3, 0.9))
    detector = SceneDetector([Zone("lane", ZoneKind.WATCH, WHOLE, 6, widths)])
    show(detector, (street() for _ in range(8)), 0)
    refused = stand(detector, lambda: street([BAG]), 4)
    assert {one.reason for one in refused} == {"small_here"}
    assert refused[0].by_width
    # At 116 of 180 rows: nearly half-way between the two rows.
    assert refused[0].expected_px == pytest.approx((50, 173), abs=6)


def test_what_passed_survives_and_stays_bounded() -> None:
    traffic = Traffic()
    mask = np.zeros((90, 160), np.uint8)
    mask[40:52, 60:84] = 255
    for number in range(MOST_PASSED + 40):
        assert (traffic.sizes_at(52, 90) is None) == (number < LEAST_PASSED)
        traffic.look(mask, 2.0 * number)
        traffic.look(mask, 2.0 * number + 0.5)
    kept = traffic.keep()
    assert len(kept) == 3 * MOST_PASSED
    assert Traffic(kept).sizes_at(52, 90) == traffic.sizes_at(52, 90)
    assert traffic.sizes_at(80, 90) is None


def test_a_damaged_memory_of_traffic_is_no_harm() -> None:
    assert Traffic(b"\x01\x02").sizes_at(10, 90) is None


def test_people_teach_nothing_about_vehicles() -> None:
    traffic = Traffic()
    mask = np.zeros((90, 160), np.uint8)
    mask[40:64, 60:70] = 255
    for number in range(MOST_PASSED):
        traffic.look(mask, 2.0 * number)
    assert traffic.sizes_at(64, 90) is None


def test_two_things_joined_by_a_thread_come_apart() -> None:
    mask = np.zeros((30, 12), np.uint8)
    mask[:10] = mask[20:] = 255
    mask[:, 5] = 255
    boxes = [box for box, _ in parts_of((100, 40, 112, 70), mask)]
    assert sorted(boxes) == [(100, 40, 112, 50), (100, 60, 112, 70)]


def test_one_thing_has_no_parts() -> None:
    assert not list(parts_of((0, 0, 20, 12), np.full((12, 20), 255, np.uint8)))
