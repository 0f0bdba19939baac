"""The eight faults of the benchmark, and the scorer that compares a judgement with them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from benchmarks.errors import CityTooSmallError
from benchmarks.simulator.eight_faults import MIN_CAMERAS, eight_faults
from benchmarks.simulator.score import Score, Seen, SeenCause, SeenIncident, score

from sharpeyes.devices.simulator.city.fault import Unanswered
from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.timeline import plan
from sharpeyes.devices.simulator.city.truth import Released, Struck, TruthLine
from sharpeyes.devices.simulator.city.unanswered import check_unanswered

START = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def episode(
    camera: str, step: str, cause: str, common: str = "", *, from_s: float = 100, to_s: float = 200
) -> list[TruthLine]:
    return [
        event(
            at=at(t_s),
            t_s=t_s,
            camera=camera,
            step=step,
            fault="",
            cause=cause,
            common=common,
            place="",
        )
        for event, t_s in ((Struck, from_s), (Released, to_s))
    ]


def scored(truth: list[TruthLine], *seen: Seen, words: dict[str, str] | None = None) -> Score:
    return score(truth, seen, grace_s=10, words=words)


def test_the_right_cause_in_time_is_right_and_its_delay_counts() -> None:
    truth = [*episode("a", "clocks jump", "clock"), *episode("b", "clocks jump", "clock")]
    result = scored(truth, SeenCause(at(130), "a", "clock"), SeenCause(at(150), "b", "network"))
    fault = result.faults["clocks jump"]
    assert (fault.cameras, fault.right, fault.wrong) == (2, 1, {"network": 1})
    assert (fault.delay_p50_s, result.right_ratio, result.worst_ratio) == (30, 0.5, 0.5)


def test_what_is_said_before_or_after_is_false_and_the_fault_is_missed() -> None:
    truth = episode("a", "clocks jump", "clock")
    seen = [SeenCause(at(s), "a", "clock") for s in (99, 211)]
    result = scored(truth, *seen, SeenCause(at(50), "b", "auth"), SeenCause(at(60), "b", ""))
    assert result.faults["clocks jump"].wrong == {"nothing": 1}
    assert result.false_causes == 3
    assert scored(truth, SeenCause(at(209), "a", "clock")).false_causes == 0


def test_a_common_incident_is_wanted_once_and_no_camera_blamed() -> None:
    truth = [
        *episode("a", "switch dies", "network", "switch"),
        *episode("b", "switch dies", "network", "switch"),
    ]
    one = SeenIncident(at(140), at(190), "subnet", frozenset({"a", "b"}))
    result = scored(truth, one, words={"subnet": "switch"})
    fault = result.faults["switch dies"]
    assert (fault.right, fault.blamed, result.right_ratio) == (2, 0, 1.0)
    assert (fault.incidents, fault.expected_incidents, result.false_incidents) == (1, 1, 0)

    storm = scored(truth, *(SeenCause(at(140), camera, "network") for camera in "ab"))
    assert storm.faults["switch dies"].wrong == {"nothing": 2}
    assert storm.faults["switch dies"].blamed == 2


def test_a_camera_with_a_fault_of_its_own_may_be_blamed_for_that() -> None:
    truth = [
        *episode("a", "switch dies", "network", "switch"),
        *episode("a", "clocks jump", "clock"),
    ]
    result = scored(truth, SeenCause(at(120), "a", "clock"))
    assert result.faults["switch dies"].blamed == 0
    assert result.faults["clocks jump"].right == 1


def test_incidents_of_the_wrong_kind_place_or_time_are_false() -> None:
    truth = episode("a", "switch dies", "network", "switch")
    result = scored(
        truth,
        SeenIncident(at(140), None, "link", frozenset({"a"})),
        SeenIncident(at(140), None, "switch", frozenset({"b"})),
        SeenIncident(at(300), None, "switch", frozenset({"a"})),
    )
    assert (result.faults["switch dies"].wrong, result.false_incidents) == ({"link": 1}, 3)


def test_the_loss_of_our_own_network_is_everybodys_incident() -> None:
    truth = [*episode("a", "own network", "network", "poller")]
    result = scored(truth, SeenIncident(at(110), at(205), "poller"))
    assert (result.right_ratio, result.faults["own network"].incidents) == (1.0, 1)


def test_flapping_is_one_episode_from_its_first_beginning_to_its_last_end() -> None:
    truth: list[TruthLine] = [
        found
        for from_s in (100, 140, 180)
        for found in episode("a", "flaps", "unstable", from_s=from_s, to_s=from_s + 20)
    ]
    result = scored(truth, SeenCause(at(170), "a", "unstable"))
    assert (result.faults["flaps"].cameras, result.faults["flaps"].right) == (1, 1)


def test_busy_cameras_should_be_told_nothing_of() -> None:
    truth = episode("a", "busy", "")
    assert (scored(truth).right_ratio, scored(truth).faults) == (None, {})


@pytest.mark.parametrize("cameras", [MIN_CAMERAS, 250_000])
def test_eight_faults_strike_different_links_before_the_last_strikes_all(cameras: int) -> None:
    layout = Layout(cameras, 0x7F400000)
    timeline = plan(eight_faults(cameras, 3), layout, 3)
    check_unanswered(timeline)
    assert len({trouble.name.partition(":")[0] for trouble in timeline.troubles}) == 8
    *others, last = timeline.troubles
    links = [set(_links(layout, trouble.members)) for trouble in others if trouble.name]
    frozen = next(n for n, t in enumerate(others) if t.name == "pictures freeze")
    links[frozen] = set(_links(layout, map(layout.device_of, others[frozen].members)))
    assert all(len(of_one) == 1 for of_one in links)
    assert len(set.union(*links)) == len(links) == 13
    assert (last.common, len(last.members)) == ("poller", layout.devices)
    assert all(change.at_s < 1_320 for change in timeline.changes if change.trouble < len(others))
    powerless = [
        t for t in others if t.name.startswith("power") and isinstance(t.fault, Unanswered)
    ]
    struck = sum(len(layout.cameras_of(device)) for t in powerless for device in t.members)
    assert struck == 1_000


def _links(layout: Layout, devices: Iterator[int] | tuple[int, ...]) -> Iterator[str]:
    return (layout.link_of_switch(layout.switch_of(device)) for device in devices)


def test_a_small_city_has_no_room_for_them() -> None:
    with pytest.raises(CityTooSmallError, match="eight faults need 10,400 cameras, not 5,000"):
        eight_faults(5_000)
