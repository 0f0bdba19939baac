import random
from typing import Any

import msgspec
import pytest

from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.scenario import Scenario, ScenarioError
from sharpeyes.devices.simulator.city.selection import Selection, SelectionError, choose
from sharpeyes.devices.simulator.city.timeline import Timeline, plan
from sharpeyes.devices.simulator.city.unanswered import check_unanswered

LAYOUT = Layout(2_000, 0x7F400000)  # 10 switches, each a district and a link of its own


def chosen(*, devices: bool = True, **keys: Any) -> tuple[int, ...]:
    return choose(Selection(**keys), LAYOUT, random.Random(1), devices=devices)


def timeline(*steps: dict[str, Any], seed: int = 1, layout: Layout = LAYOUT) -> Timeline:
    named = [{"name": f"step {n}", "at_s": 0} | step for n, step in enumerate(steps)]
    return plan(msgspec.convert({"name": "day", "step": named}, Scenario), layout, seed)


def test_places_choose_all_that_is_there() -> None:
    assert chosen(all=True) == tuple(range(LAYOUT.devices))
    assert chosen(switches=(3,)) == chosen(subnets=("127.64.3.0/24",)) == tuple(range(510, 680))
    assert chosen(districts=("420102",)) == chosen(links=("420102-1",)) == tuple(range(170))
    assert chosen(recorders=(2, 3)) == (170, 171)
    assert chosen(recorders=(2,), devices=False) == tuple(range(200, 216))


def test_one_channel_stands_for_its_recorder_where_devices_are_struck() -> None:
    code = LAYOUT.code_of(203)
    assert chosen(cameras=(code,), devices=False) == (203,)
    assert chosen(cameras=(code,)) == (170,)


def test_tier_share_and_count_choose_among_them_by_the_seed() -> None:
    assert len(chosen(switches=(0,), tier=1)) == 4
    assert len(chosen(all=True, share=0.1)) == LAYOUT.devices // 10
    some = chosen(switches=(0, 1), count=5)
    assert len(set(some)) == 5
    assert some == chosen(switches=(0, 1), count=5)
    other = choose(Selection(switches=(0, 1), count=5), LAYOUT, random.Random(2), devices=True)
    assert some != other


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({}, "one of all, districts, links, switches"),
        ({"all": True, "switches": (1,)}, "one of all, districts, links, switches"),
        ({"switches": (10,)}, "switches: 10 is not one of the city's 10 (0-9)"),
        ({"recorders": (20,)}, "recorders: 20 is not one of the city's 20 (0-19)"),
        ({"districts": ("420199",)}, "districts: '420199' is none of 420102, "),
        ({"links": ("420102-2",)}, "links: '420102-2' is none of 420102-1, "),
        ({"subnets": ("127.64.3.0",)}, "is not the /24 network of a switch"),
        ({"subnets": ("10.0.0.0/24",)}, "is not the /24 network of a switch"),
        ({"subnets": ("nowhere",)}, "subnets: 'nowhere' is no network"),
        ({"cameras": ("1",)}, "cameras: there is no '1' in this city"),
        ({"switches": (0,), "count": 171}, "count: 171 of 170 devices"),
        ({"switches": (0,), "count": 1, "share": 0.1}, "share: there is a count too"),
        ({"recorders": (0,), "tier": 1}, "tier: the city has no such camera there"),
    ],
)
def test_what_is_not_there_cannot_be_chosen(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(SelectionError) as raised:
        chosen(**keys)
    assert told in str(raised.value)


def test_changes_come_in_the_order_of_time() -> None:
    played = timeline(
        {"at_s": 5, "lasts_s": 10, "on": {"switches": [1]}, "fault": {"kind": "silent"}},
        {"at_s": 3, "on": {"recorders": [0]}, "fault": {"kind": "unanswered"}},
    )
    told = [(change.at_s, change.trouble, change.begins) for change in played.changes]
    assert told == [(3, 1, True), (5, 0, True), (15, 0, False)]
    assert [(t.cause, t.common, t.place) for t in played.troubles] == [
        ("silent", "switch", "1"),
        ("network", "recorder", "0"),
    ]


def test_flapping_comes_and_goes_until_its_end_and_is_unstable() -> None:
    played = timeline(
        {
            "at_s": 10,
            "lasts_s": 25,
            "on": {"links": ["420102-1"]},
            "fault": {"kind": "unanswered"},
            "flaps": {"down_s": 6, "up_s": 4},
        }
    )
    assert [(change.at_s, change.begins) for change in played.changes] == [
        (10, True), (16, False), (20, True), (26, False), (30, True), (35, False),
    ]  # fmt: skip
    assert (played.troubles[0].cause, played.troubles[0].common) == ("unstable", "link")


def test_gradual_changes_reach_everybody_once() -> None:
    played = timeline(
        {
            "at_s": 10,
            "lasts_s": 100,
            "begins_over_s": 50,
            "ends_over_s": 7.5,
            "on": {"switches": [0]},
            "fault": {"kind": "wrong_password"},
        }
    )
    begun = [change for change in played.changes if change.begins]
    ended = [change for change in played.changes if not change.begins]
    assert (len(begun), begun[0].at_s, begun[-1].at_s) == (50, 10, 59)
    assert (len(ended), ended[0].at_s) == (8, 110)
    for changes in (begun, ended):
        assert [m for change in changes for m in change.members] == list(range(170))


def test_the_seed_decides_and_nothing_else() -> None:
    step = {"on": {"all": True, "count": 20}, "fault": {"kind": "frozen"}}
    assert timeline(step, step) == timeline(step, step)
    assert timeline(step, seed=1) != timeline(step, seed=2)
    first, second = timeline(step, step).troubles
    assert first.members != second.members


def test_an_impossible_choice_is_told_with_its_step() -> None:
    with pytest.raises(ScenarioError, match=r'day: step 2 \("step 1"\): on\.switches: 99 is not'):
        timeline(
            {"on": {"switches": [0]}, "fault": {"kind": "busy"}},
            {"on": {"switches": [99]}, "fault": {"kind": "busy"}},
        )


def test_the_unanswered_may_not_be_scattered_without_end() -> None:
    def check(*steps: dict[str, Any]) -> None:
        check_unanswered(timeline(*steps, layout=Layout(20_000, 0x7F400000)))

    unanswered = {"fault": {"kind": "unanswered"}}
    few = {"on": {"all": True, "share": 0.03}, "lasts_s": 4, **unanswered}
    many = {"on": {"all": True, "share": 0.5}}
    check({**many, "fault": {"kind": "silent"}})
    check({"on": {"all": True}, **unanswered}, few)
    with pytest.raises(ScenarioError, match=r'step "step 1": \d+ separate stretches .* at 5 s'):
        check(few, {**many, "at_s": 5, **unanswered})
