from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.health.schedule import Schedule, Turn, next_on_phase, phase_of, subnet_of


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


def turns(count: int, subnet: str = "a", device: str = "") -> list[Turn]:
    return [Turn(number, subnet, device or f"{subnet}.{number}") for number in range(count)]


def taken(schedule: Schedule, now_s: float) -> list[Turn]:
    return [turn for turn, _ in schedule.take(now_s)]


def test_a_camera_is_asked_by_one_probe_at_a_time() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=9, device_limit=9)
    (turn,) = turns(1)
    schedule.set(turn, 0)
    assert schedule.take(0) == [(turn, 0)]
    schedule.set(turn, 1)
    assert schedule.take(5) == []
    schedule.finish(turn)
    assert schedule.take(5) == [(turn, 1)]


def test_a_full_network_does_not_hold_up_others() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=2, device_limit=9)
    near = turns(4)
    (other,) = turns(1, subnet="b")
    for turn in near:
        schedule.set(turn, 0)
    schedule.set(other, 1)
    assert taken(schedule, 2) == [near[0], near[1], other]
    schedule.finish(near[1])
    assert taken(schedule, 2) == [near[2]]


def test_a_recorder_is_asked_for_two_of_its_channels_at_a_time() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=8, device_limit=2)
    channels = turns(16, device="10.0.0.9")
    other = Turn(99, "a", "10.0.0.10")
    for turn in [*channels, other]:
        schedule.set(turn, 0)
    asked = taken(schedule, 0)
    assert asked == [*channels[:2], other]
    for _ in channels:
        schedule.finish(asked[0])
        asked = [*asked[1:], *taken(schedule, 0)]
        assert sum(turn.device == "10.0.0.9" for turn in asked) <= 2
    assert schedule.under_way == len(asked)


def test_who_waited_longest_is_first() -> None:
    schedule = Schedule(global_limit=2, subnet_limit=9, device_limit=9)
    waiting = turns(3)
    for turn, due_s in zip(waiting, [3.0, 1.0, 2.0], strict=True):
        schedule.set(turn, due_s)
    assert schedule.take(9) == [(waiting[1], 1.0), (waiting[2], 2.0)]
    assert schedule.next_s() is None
    schedule.finish(waiting[2])
    assert schedule.take(9) == [(waiting[0], 3.0)]


def test_a_removed_camera_is_not_asked() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=1, device_limit=9)
    first, second = turns(2)
    schedule.set(first, 0)
    schedule.set(second, 0)
    assert schedule.take(0) == [(first, 0)]
    schedule.remove(first)
    schedule.remove(second)
    schedule.finish(first)
    assert schedule.take(9) == []
    assert schedule.next_s() is None


def test_next_s_is_the_earliest_moment() -> None:
    schedule = Schedule(global_limit=9, subnet_limit=9, device_limit=9)
    assert schedule.next_s() is None
    for turn, due_s in zip(turns(2), [7.0, 5.0], strict=True):
        schedule.set(turn, due_s)
    assert schedule.next_s() == 5


steps = st.lists(
    st.tuples(st.sampled_from(["set", "remove", "finish", "wait"]), st.integers(0, 11)),
    max_size=120,
)


class Street:
    """Twelve cameras at nine addresses in three networks, asked as the monitor asks."""

    def __init__(self) -> None:
        self.schedule = Schedule(global_limit=5, subnet_limit=3, device_limit=2)
        self.now_s = 0.0
        self.turns = [Turn(n, str(n % 3), f"{n % 3}.{n % 9}") for n in range(12)]
        self.known: set[Turn] = set()
        self.busy: set[Turn] = set()

    def set(self, turn: Turn, delay_s: float) -> None:
        self.known.add(turn)
        self.schedule.set(turn, self.now_s + delay_s)

    def remove(self, turn: Turn) -> None:
        self.known.discard(turn)
        self.schedule.remove(turn)

    def finish(self, turn: Turn) -> None:
        self.busy.remove(turn)
        self.schedule.finish(turn)
        if turn in self.known:
            self.set(turn, 1000)

    def take(self) -> None:
        for turn, due_s in self.schedule.take(self.now_s):
            assert due_s <= self.now_s
            assert turn not in self.busy
            self.busy.add(turn)
        assert len(self.busy) <= 5
        assert max(Counter(turn.subnet for turn in self.busy).values(), default=0) <= 3
        assert max(Counter(turn.device for turn in self.busy).values(), default=0) <= 2

    def order(self) -> list[Turn]:
        return sorted(self.busy, key=lambda turn: turn.camera_id)


@given(steps)
def test_limits_hold_and_nobody_is_forgotten(steps: list[tuple[str, int]]) -> None:
    street = Street()
    for step, number in steps:
        if step == "set":
            street.set(street.turns[number], number / 4)
        elif step == "remove":
            street.remove(street.turns[number])
        elif step == "finish" and street.busy:
            street.finish(street.order()[number % len(street.busy)])
        else:
            street.now_s += number / 4
        street.take()
    street.now_s += 2000
    street.take()
    asked = set(street.busy)
    for _ in range(12):
        for turn in street.order():
            street.finish(turn)
        street.take()
        asked |= street.busy
    assert street.known <= asked


def test_six_hours_of_a_fleet_in_virtual_time() -> None:
    """Cameras asked once a minute: each 60 times an hour, and never in a herd."""
    hours = 6
    random = Random(11)
    schedule = Schedule(global_limit=256, subnet_limit=8, device_limit=2)
    fleet = [Turn(n, f"net {n // 200}", str(n)) for n in range(300)]
    asked = Counter[int]()
    per_second = Counter[int]()

    def plan(turn: Turn, now_s: float) -> None:
        phase = phase_of(f"42010200001320{turn.camera_id:06}")
        schedule.set(turn, next_on_phase(now_s, 60, phase, random.uniform(-0.1, 0.1)))

    for turn in fleet:
        plan(turn, 0)
    while (due_s := schedule.next_s()) is not None and due_s < hours * 3600:
        for turn, _ in schedule.take(due_s):
            asked[turn.camera_id] += 1
            per_second[int(due_s)] += 1
            schedule.finish(turn)
            plan(turn, due_s)
    assert len(asked) == len(fleet)
    assert all(abs(count - 60 * hours) <= 2 for count in asked.values())
    assert max(per_second.values()) < 25


def test_whoever_has_surprised_us_goes_before_those_that_were_not_asked_yet() -> None:
    """Else nothing is sure before all of a dead network have been given up once."""
    for limits in ((1, 8), (8, 1)):
        schedule = Schedule(global_limit=limits[0], subnet_limit=limits[1], device_limit=1)
        for turn in turns(5):
            schedule.set(turn, 0.0)
        (first,) = taken(schedule, 0.0)
        first.is_urgent = True
        schedule.set(first, 1.0)
        schedule.finish(first)
        (second,) = taken(schedule, 0.5)
        assert second is not first
        schedule.finish(second)
        third, *_ = [*taken(schedule, 2.0), first]
        if third is not first:
            # Its network was full when its moment came; now it is the next.
            schedule.finish(third)
            assert taken(schedule, 2.0) == [first]
