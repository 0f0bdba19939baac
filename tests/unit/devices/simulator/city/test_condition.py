from sharpeyes.devices.simulator.city.condition import Conditions
from sharpeyes.devices.simulator.city.fault import ClockOff, Reset, Silent, Unanswered


def test_of_two_faults_about_the_same_thing_the_later_holds_until_it_ends() -> None:
    conditions = Conditions()
    conditions.begin(0, Silent(), (1, 2))
    conditions.begin(1, Reset(), (2, 3))
    assert [conditions.fault(n, "answer") for n in range(4)] == [None, Silent(), Reset(), Reset()]
    conditions.end(1, (2, 3))
    assert [conditions.fault(n, "answer") for n in range(4)] == [None, Silent(), Silent(), None]
    conditions.end(0, (1, 2))
    assert len(conditions) == 0


def test_faults_about_different_things_hold_together() -> None:
    conditions = Conditions()
    conditions.begin(0, Silent(), (1,))
    conditions.begin(1, ClockOff(5.0), (1,))
    assert conditions.fault(1, "answer") == Silent()
    assert conditions.latest(1, "clock") == (1, ClockOff(5.0))
    assert conditions.fault(1, "login") is None


def test_beginning_or_ending_twice_changes_nothing() -> None:
    conditions = Conditions()
    for _ in range(2):
        conditions.begin(0, Unanswered(), (1,))
    assert list(conditions.members_with(Unanswered)) == [1]
    for _ in range(2):
        conditions.end(0, (1,))
    assert list(conditions.members_with(Unanswered)) == []


def test_only_those_count_with_whom_it_is_the_latest() -> None:
    conditions = Conditions()
    conditions.begin(0, Unanswered(), (1, 2))
    conditions.begin(1, Reset(), (2,))
    assert list(conditions.members_with(Unanswered)) == [1]
