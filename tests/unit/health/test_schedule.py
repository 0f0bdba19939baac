from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.health.judgement import Verdict
from sharpeyes.health.schedule import (
    Schedule,
    jittered,
    next_on_phase,
    phase_of,
    retry_delay,
    subnet_of,
)
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Cause, Status

SETTINGS = HealthSettings()


@pytest.mark.parametrize(
    ("host", "subnet"),
    [
        ("10.1.2.3", "10.1.2.0/24"),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("gate.street.example", "gate.street.example"),
    ],
)
def test_subnet_of(host: str, subnet: str) -> None:
    assert subnet_of(host) == subnet


def test_phases_spread_cameras_evenly() -> None:
    counts = [0] * 60
    for serial in range(6000):
        counts[int(phase_of(f"42010200001320{serial:06}") * 60)] += 1
    assert min(counts) >= 70
    assert max(counts) <= 130


@given(
    st.floats(0, 1e7),
    st.floats(0.1, 1e5),
    st.floats(0, 1, exclude_max=True),
    st.floats(-0.5, 0.5),
)
def test_the_regular_moment_is_next_and_never_twice(
    now_s: float, interval_s: float, phase: float, jitter: float
) -> None:
    wait = (next_on_phase(now_s, interval_s, phase, jitter) - now_s) / interval_s
    assert 0.5 - 1e-6 <= wait <= 1.5 + 1e-6


def verdict(status: Status, *recent: Cause, failures: int = 0) -> Verdict:
    return Verdict(status=status, recent=recent, failures=failures)


@pytest.mark.parametrize(
    ("verdict", "delay_s"),
    [
        (verdict(Status.OK), None),
        (verdict(Status.OK, Cause.NONE), None),
        (verdict(Status.OK, Cause.NETWORK, failures=1), 5),
        (verdict(Status.OK, Cause.NETWORK, Cause.NETWORK, failures=2), 15),
        (verdict(Status.OFFLINE, Cause.NETWORK, failures=3), 30),
        (verdict(Status.OFFLINE, Cause.NETWORK, failures=4), 60),
        (verdict(Status.OFFLINE, Cause.NETWORK, failures=10_000), 900),
        (verdict(Status.OFFLINE, Cause.NONE, failures=9), 5),
        (verdict(Status.OFFLINE, Cause.NONE, Cause.NETWORK, failures=7), 480),
        (verdict(Status.DEGRADED, Cause.AUTH, failures=9), None),
        (verdict(Status.DEGRADED, Cause.NONE, failures=9), 5),
        (verdict(Status.UNKNOWN, Cause.NONE), 5),
    ],
)
def test_retry_delay(verdict: Verdict, delay_s: float | None) -> None:
    assert retry_delay(verdict, SETTINGS) == delay_s


def test_jitter_stays_within_its_share() -> None:
    random = Random(7)
    delays = [jittered(100, SETTINGS, random) for _ in range(1000)]
    assert min(delays) >= 90
    assert min(delays) < 92
    assert max(delays) > 108
    assert max(delays) <= 110


def test_a_camera_is_asked_by_one_probe_at_a_time() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=9)
    schedule.set(1, "a", 0)
    assert schedule.take(0) == [(1, 0)]
    schedule.set(1, "a", 1)
    assert schedule.take(5) == []
    schedule.finish(1)
    assert schedule.take(5) == [(1, 1)]


def test_a_full_network_does_not_hold_up_others() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=2)
    for camera_id in range(4):
        schedule.set(camera_id, "a", 0)
    schedule.set(10, "b", 1)
    assert [camera_id for camera_id, _ in schedule.take(2)] == [0, 1, 10]
    schedule.finish(1)
    assert [camera_id for camera_id, _ in schedule.take(2)] == [2]


def test_who_waited_longest_is_first() -> None:
    schedule = Schedule(global_limit=2, subnet_limit=9)
    for camera_id, due_s in enumerate([3.0, 1.0, 2.0]):
        schedule.set(camera_id, str(camera_id), due_s)
    assert schedule.take(9) == [(1, 1.0), (2, 2.0)]
    assert schedule.next_s() is None
    schedule.finish(2)
    assert schedule.take(9) == [(0, 3.0)]


def test_a_removed_camera_is_not_asked() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=1)
    schedule.set(1, "a", 0)
    schedule.set(2, "a", 0)
    assert schedule.take(0) == [(1, 0)]
    schedule.remove(1)
    schedule.remove(2)
    schedule.finish(1)
    assert schedule.take(9) == []
    assert schedule.next_s() is None


def test_next_s_is_the_earliest_moment() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=9)
    assert schedule.next_s() is None
    schedule.set(1, "a", 7)
    schedule.set(2, "a", 5)
    assert schedule.next_s() == 5


steps = st.lists(
    st.tuples(st.sampled_from(["set", "remove", "finish", "wait"]), st.integers(0, 11)),
    max_size=120,
)


class Street:
    """Twelve cameras in three networks, asked as the monitor asks."""

    def __init__(self) -> None:
        self.schedule = Schedule(global_limit=4, subnet_limit=2)
        self.now_s = 0.0
        self.known: set[int] = set()
        self.busy: set[int] = set()

    def set(self, camera_id: int, delay_s: float) -> None:
        self.known.add(camera_id)
        self.schedule.set(camera_id, str(camera_id % 3), self.now_s + delay_s)

    def remove(self, camera_id: int) -> None:
        self.known.discard(camera_id)
        self.schedule.remove(camera_id)

    def finish(self, camera_id: int) -> None:
        self.busy.remove(camera_id)
        self.schedule.finish(camera_id)
        if camera_id in self.known:
            self.set(camera_id, 1000)

    def take(self) -> None:
        for camera_id, due_s in self.schedule.take(self.now_s):
            assert due_s <= self.now_s
            assert camera_id not in self.busy
            self.busy.add(camera_id)
        assert len(self.busy) <= 4
        assert all(sum(c % 3 == subnet for c in self.busy) <= 2 for subnet in range(3))


@given(steps)
def test_limits_hold_and_nobody_is_forgotten(steps: list[tuple[str, int]]) -> None:
    street = Street()
    for step, number in steps:
        if step == "set":
            street.set(number, number / 4)
        elif step == "remove":
            street.remove(number)
        elif step == "finish" and street.busy:
            street.finish(sorted(street.busy)[number % len(street.busy)])
        else:
            street.now_s += number / 4
        street.take()
    street.now_s += 2000
    asked = set(street.busy)
    for _ in range(12):
        for camera_id in sorted(street.busy):
            street.finish(camera_id)
        street.take()
        asked |= street.busy
    assert street.known <= asked


def test_six_hours_of_a_fleet_in_virtual_time() -> None:
    """Cameras asked once a minute: each 60 times an hour, and never in a herd."""
    hours = 6
    random = Random(11)
    schedule = Schedule(global_limit=256, subnet_limit=8)
    codes = {camera_id: f"42010200001320{camera_id:06}" for camera_id in range(300)}
    asked = Counter[int]()
    per_second = Counter[int]()

    def plan(camera_id: int, now_s: float) -> None:
        due_s = next_on_phase(now_s, 60, phase_of(codes[camera_id]), random.uniform(-0.1, 0.1))
        schedule.set(camera_id, f"net {camera_id // 200}", due_s)

    for camera_id in codes:
        plan(camera_id, 0)
    while (due_s := schedule.next_s()) is not None and due_s < hours * 3600:
        for camera_id, _ in schedule.take(due_s):
            asked[camera_id] += 1
            per_second[int(due_s)] += 1
            schedule.finish(camera_id)
            plan(camera_id, due_s)
    assert set(asked) == set(codes)
    assert all(abs(count - 60 * hours) <= 2 for count in asked.values())
    assert max(per_second.values()) < 25
