from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from sharpeyes.health.light import Light, light_at

SHANGHAI = ZoneInfo("Asia/Shanghai")
BEIJING_TIME = timezone(timedelta(hours=8))
WUHAN = (114.3, 30.6)
URUMQI = (87.6, 43.8)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING_TIME)


@pytest.mark.parametrize(
    ("now", "place", "light"),
    [
        # At Wuhan the sun rises at 05:20 in June and at 07:16 in December, and sets at 19:28.
        (at(6, 21, 12), WUHAN, Light.DAY),
        (at(6, 21, 0), WUHAN, Light.NIGHT),
        (at(6, 21, 5, 20), WUHAN, None),
        (at(6, 21, 19, 28), WUHAN, None),
        (at(6, 21, 21, 0), WUHAN, Light.NIGHT),
        (at(6, 21, 21, 0), URUMQI, Light.DAY),
        (at(12, 21, 18, 30), WUHAN, Light.NIGHT),
        (at(12, 21, 7, 16), WUHAN, None),
        (at(12, 21, 16, 30), WUHAN, Light.DAY),
        (at(12, 21, 12), (-70.0, -33.0), Light.NIGHT),
    ],
)
def test_the_sun_over_the_camera_decides(
    now: datetime, place: tuple[float, float], light: Light | None
) -> None:
    assert light_at(now, *place, SHANGHAI) is light
    assert light_at(now.astimezone(UTC), *place, SHANGHAI) is light


def test_without_a_place_the_hour_decides_where_it_can() -> None:
    seen = {hour: light_at(at(3, 1, hour), None, None, SHANGHAI) for hour in range(24)}
    assert {hour for hour, light in seen.items() if light is Light.DAY} == {*range(10, 16)}
    assert {hour for hour, light in seen.items() if light is Light.NIGHT} == {22, 23, 0, 1, 2, 3}
