from collections import Counter
from random import Random

from sharpeyes.health.recovery import Away, lasts_s, returning
from sharpeyes.health.settings import HealthSettings

SETTINGS = HealthSettings()


def test_five_in_a_hundred_are_asked_each_second() -> None:
    moments = dict(returning(range(1_000), 500.0, SETTINGS, Random(1)))
    assert set(moments) == set(range(1_000))
    assert max(Counter(int(moment_s) for moment_s in moments.values()).values()) <= 50
    assert max(moments.values()) == 520
    assert lasts_s(1_000, SETTINGS) == 20


def test_a_few_wait_for_no_more_than_a_second_each_and_a_city_is_not_asked_at_once() -> None:
    assert max(moment_s for _, moment_s in returning(range(3), 0, SETTINGS, Random(1))) == 3
    assert lasts_s(100_000, SETTINGS) == 500


def test_who_comes_back_hurries_the_others_once() -> None:
    away = Away(SETTINGS, Random(1))
    for camera_id in range(100):
        away.went(camera_id, "a")
    away.went(7, "b")
    away.came(0, "a")
    assert {camera_id for camera_id, _ in away.others("a", 10)} == set(range(1, 100))
    away.came(1, "a")
    assert away.others("a", 11) == ()
    assert len(away.others("a", 31)) == 98
    assert not away.is_away(1, "a")
    assert away.is_away(7, "b")
    for camera_id in range(2, 100):
        away.came(camera_id, "a")
    assert away.others("a", 99) == ()
