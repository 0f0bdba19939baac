import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.detectors.errors import ZoneError
from sharpeyes.detectors.zone_map import ZoneMap
from sharpeyes.detectors.zones import (
    WHOLE_PICTURE,
    Zone,
    ZoneKind,
    blank_privacy,
    validate_zone,
    validate_zones,
    zone_mask,
)

LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def zone(
    name: str = "kerb",
    kind: ZoneKind = ZoneKind.WATCH,
    polygon: tuple[tuple[float, float], ...] = LEFT_HALF,
    dwell_s: float | None = None,
    vehicle_widths: tuple[tuple[float, float, float], ...] = (),
) -> Zone:
    return Zone(name, kind, polygon, dwell_s, vehicle_widths)


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        (zone(name="  "), "name", "must not be empty"),
        (zone(polygon=()), "polygon", "has 0"),
        (zone(polygon=((0, 0), (1, 1))), "polygon", "has 2"),
        (zone(polygon=((0.5, 0.5),) * 1001), "polygon", "has 1001"),
        (zone(polygon=((0, 0), (1, 0), (1, 1.01))), "polygon", "y of point 3 is 1.01"),
        (zone(polygon=((0, 0), (-0.1, 0), (1, 1))), "polygon", "x of point 2 is -0.1"),
        (zone(polygon=((math.nan, 0), (1, 0), (1, 1))), "polygon", "x of point 1 is nan"),
        (zone(polygon=((0, 0), (0.5, 0.5), (1, 1))), "polygon", "covers no area"),
        (zone(dwell_s=0), "dwell_s", "above 0"),
        (zone(dwell_s=-5), "dwell_s", "above 0"),
        (zone(dwell_s=math.nan), "dwell_s", "above 0"),
        (zone(dwell_s=math.inf), "dwell_s", "above 0"),
        (zone(vehicle_widths=((1.1, 0, 1),)), "vehicle_widths", "y of row 1 is 1.1"),
        (zone(vehicle_widths=((0.1, 0.3, 0.2),)), "vehicle_widths", "row 1 has 0.3 to 0.2"),
        (zone(vehicle_widths=((0.1, math.nan, 0.2),)), "vehicle_widths", "row 1 has nan"),
        (zone(vehicle_widths=((0.1, 0, 1), (0.1, 0, 0.5))), "vehicle_widths", "same y"),
        (zone(vehicle_widths=((0.1, 0, 1),) * 9), "vehicle_widths", "has 9 rows"),
    ],
)
def test_wrong_zone_names_zone_and_field(wrong: Zone, field: str, says: str) -> None:
    with pytest.raises(ZoneError, match=says) as caught:
        validate_zone(wrong)
    assert caught.value.field == field
    assert repr(wrong.name) in str(caught.value)


def test_two_zones_of_one_name_are_refused() -> None:
    with pytest.raises(ZoneError, match="used by two zones"):
        validate_zones([zone(), zone()])


def test_a_figure_of_eight_is_an_area() -> None:
    validate_zone(zone(polygon=((0, 0), (1, 1), (1, 0), (0, 1))))


def test_zones_travel_as_json() -> None:
    text = msgspec.json.encode(zone(kind=ZoneKind.NO_PARKING, dwell_s=30))
    assert msgspec.json.decode(text, type=Zone) == zone(kind=ZoneKind.NO_PARKING, dwell_s=30)


@given(
    st.integers(1, 200),
    st.integers(1, 200),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=9),
)
def test_any_polygon_covers_a_pixel_at_any_size(
    height: int, width: int, polygon: list[tuple[float, float]]
) -> None:
    mask = zone_mask(zone(polygon=tuple(polygon)), height, width)
    assert mask.shape == (height, width)
    assert set(np.unique(mask)) <= {0, 255}
    assert mask.any()


def test_the_whole_picture_is_all_pixels() -> None:
    assert (zone_mask(WHOLE_PICTURE, 45, 80) == 255).all()


@pytest.mark.parametrize("shape", [(90, 160), (90, 160, 3), (1080, 1920, 3)])
def test_privacy_is_blacked_out_in_a_copy(shape: tuple[int, ...]) -> None:
    picture = np.full(shape, 200, np.uint8)
    blanked = blank_privacy(picture, [zone(kind=ZoneKind.PRIVACY), zone("other")])
    assert (picture == 200).all()
    half = shape[1] // 2
    assert (blanked[:, :half] == 0).all()
    assert (blanked[:, half + 1 :] == 200).all()


def test_no_parking_speaks_before_watch_and_ignore_before_both() -> None:
    zones = ZoneMap(
        [
            zone("bus stop", ZoneKind.NO_PARKING, dwell_s=30),
            zone("all", polygon=WHOLE_PICTURE.polygon),
            zone("flag", ZoneKind.IGNORE, ((0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2))),
        ],
        90,
        160,
    )
    assert zones.zone_at(0.1, 0.1) is None
    assert zones.zone_at(0.3, 0.5) == zone("bus stop", ZoneKind.NO_PARKING, dwell_s=30)
    assert zones.zone_at(0.8, 0.5) == zone("all", polygon=WHOLE_PICTURE.polygon)
    assert zones.least_dwell_s(300) == 30
    assert zones.watched["all"][5, 5] == 0


def test_without_watch_or_no_parking_the_rest_is_watched() -> None:
    zones = ZoneMap([zone("windows", ZoneKind.PRIVACY)], 90, 160)
    assert zones.zone_at(0.9, 0.9) == WHOLE_PICTURE
    assert zones.zone_at(0.1, 0.9) is None
