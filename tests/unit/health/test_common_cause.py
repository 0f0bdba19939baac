"""The rules of common causes, on a virtual clock."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sharpeyes.health.common_cause import (
    Findings,
    Group,
    Suspect,
    find_common_causes,
    worth_a_look,
)
from sharpeyes.health.incident import IncidentKind
from sharpeyes.health.incident_settings import CommonCauseSettings

SETTINGS = CommonCauseSettings()
BEGIN = datetime(2026, 11, 21, 8, tzinfo=UTC)
DISTRICT = Group(IncidentKind.DISTRICT, "420102")
SWITCH = Group(IncidentKind.NETWORK, "metro-7")
POLLER = Group(IncidentKind.POLLER, "machine-a")


class City:
    """20,000 cameras; 8,000 in one district, 3,000 of these behind one switch, 250 to a /24."""

    def __init__(self) -> None:
        self.groups: dict[int, tuple[Group, ...]] = {}
        for number in range(20_000):
            groups = [
                Group(IncidentKind.RECORDER, f"10.{number // 62_500}.{number}"),
                Group(IncidentKind.SUBNET, f"10.0.{number // 250}.0/24"),
                SWITCH
                if number < 3_000
                else Group(IncidentKind.NETWORK, f"metro-{number // 900 + 8}"),
                DISTRICT if number < 8_000 else Group(IncidentKind.DISTRICT, "420103"),
                POLLER,
            ]
            self.groups[number] = tuple(groups)
        self.members = Counter(group for groups in self.groups.values() for group in groups)

    def failed(self, numbers: Iterable[int], over_s: float = 60, seed: int = 1) -> list[Suspect]:
        random = Random(seed)
        return [
            Suspect(
                number, BEGIN + timedelta(seconds=random.uniform(0, over_s)), self.groups[number]
            )
            for number in numbers
        ]


CITY = City()


def find(
    suspects: list[Suspect],
    after_s: float,
    *,
    unclosed: Mapping[Group, int] | None = None,
    sees: bool | None = None,
) -> Findings:
    """Judge those of whom it is known by then: three failures take 20 s."""
    now = BEGIN + timedelta(seconds=after_s)
    known = [s for s in suspects if s.began_at <= now - timedelta(seconds=20)]
    return find_common_causes(
        known, CITY.members, unclosed or {}, now, SETTINGS, hold_s=60, sees=sees
    )


def named(findings: Findings) -> list[Group]:
    return [trouble.group for trouble in findings.troubles]


@pytest.mark.parametrize("seed", range(5))
def test_a_dead_switch_is_one_incident_within_90_s_and_no_camera_is_blamed(seed: int) -> None:
    """T10, rules only: looked at every two seconds until it is found."""
    suspects = CITY.failed(range(3_000), seed=seed)
    for after_s in range(0, 91, 2):
        findings = find(suspects, after_s)
        assert findings.alone == ()
        if findings.troubles:
            break
    assert named(findings) == [SWITCH]
    assert after_s <= 64
    # Who is heard of later joins it.
    findings = find(suspects, 90, unclosed={SWITCH: 1})
    assert (findings.troubles, findings.alone) == ((), ())
    assert len(findings.joining) == 3_000


@pytest.mark.parametrize(
    ("numbers", "group"),
    [
        (range(250, 500), Group(IncidentKind.SUBNET, "10.0.1.0/24")),
        (range(250, 400), Group(IncidentKind.SUBNET, "10.0.1.0/24")),
        (range(8_000), DISTRICT),
        ([*range(2_900), *range(3_000, 3_100)], SWITCH),
    ],
)
def test_the_group_that_explains_most_and_harms_fewest_is_blamed(
    numbers: Iterable[int], group: Group
) -> None:
    assert named(find(CITY.failed(numbers), 90, sees=True))[0] == group


def test_cameras_here_and_there_are_told_of_one_by_one() -> None:
    suspects = CITY.failed(range(0, 20_000, 997))
    assert find(suspects, 59).alone == ()
    findings = find(suspects, 121)
    assert findings.troubles == ()
    assert len(findings.alone) == len(suspects)


def test_nine_of_a_group_are_no_group() -> None:
    findings = find(CITY.failed(range(250, 259)), 151)
    assert findings.troubles == ()
    assert len(findings.alone) == 9


def test_where_it_might_become_a_group_a_camera_is_waited_for_longer() -> None:
    suspects = CITY.failed(range(250, 290), over_s=1)
    assert find(suspects, 62) == Findings()
    assert len(find(suspects, 92).alone) == 40


def test_what_did_not_fail_at_about_the_same_time_has_no_common_cause() -> None:
    slow = CITY.failed(range(250, 500), over_s=7_200)
    assert find(slow, 7_300).troubles == ()


def test_all_channels_of_a_recorder_are_its_own_fault() -> None:
    recorder = Group(IncidentKind.RECORDER, "10.9.9.9")
    others = (Group(IncidentKind.SUBNET, "10.9.9.0/24"), DISTRICT)
    suspects = [Suspect(number, BEGIN, (recorder, *others)) for number in range(4)]
    members = {recorder: 4, others[0]: 200, DISTRICT: 8_000}
    now = BEGIN + timedelta(seconds=61)
    assert named(find_common_causes(suspects, members, (), now, SETTINGS, hold_s=60)) == [recorder]
    later = now + timedelta(seconds=30)
    alone = find_common_causes(suspects[:1], members, (), later, SETTINGS, hold_s=60)
    assert (alone.troubles, alone.alone) == ((), (0,))


def test_when_a_fifth_of_everything_fails_it_is_we_who_are_blind() -> None:
    suspects = CITY.failed(range(0, 20_000, 4))
    assert named(find(suspects, 90)) == [POLLER]
    # Unless our canaries answer.
    assert POLLER not in named(find(suspects, 90, sees=True))


def test_when_no_canary_answers_few_suffice() -> None:
    suspects = CITY.failed(range(0, 20_000, 997))
    assert named(find(suspects, 90, sees=False)) == [POLLER]


def test_two_switches_at_once_are_two_incidents() -> None:
    other = Group(IncidentKind.NETWORK, "metro-19")
    numbers = [n for n, groups in CITY.groups.items() if SWITCH in groups or other in groups]
    assert set(named(find(CITY.failed(numbers), 90))) == {SWITCH, other}


def test_a_sample_tells_of_those_that_were_not_asked_yet() -> None:
    """Ten of 3,000 are sure so far; of the others it is seen that they are gone, too."""
    suspects = CITY.failed(range(0, 3_000, 300))
    assert SWITCH in worth_a_look(suspects, CITY.members, SETTINGS)

    def judged(after_s: float, **shares: float) -> Findings:
        silent = {group: shares[group.kind] for group in (SWITCH, DISTRICT) if group.kind in shares}
        return find_common_causes(
            suspects,
            CITY.members,
            set(),
            BEGIN + timedelta(seconds=after_s),
            SETTINGS,
            hold_s=60,
            silent=silent,
        )

    assert judged(100).troubles == ()
    assert len(judged(200).alone) == 10
    (trouble,) = judged(100, network=1.0, district=0.4).troubles
    assert trouble.group == SWITCH
    (trouble,) = judged(100, network=1.0, district=1.0).troubles
    assert trouble.group == DISTRICT
    # Of a sample most of which answer nothing is made.
    assert judged(100, network=0.4).troubles == ()


def test_whoever_is_alone_in_a_silent_group_is_waited_for_but_not_for_ever() -> None:
    suspects = CITY.failed(range(5), over_s=0)
    for after_s, told in ((100, 0), (350, 0), (370, 5)):
        found = find_common_causes(
            suspects,
            CITY.members,
            set(),
            BEGIN + timedelta(seconds=after_s),
            SETTINGS,
            hold_s=60,
            silent={SWITCH: 1.0},
        )
        assert len(found.alone) == told
