from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.place import PlaceFile, tidy_place, validate_place
from sharpeyes.registry.place_import import read_polygon

TRIANGLE = ((114.30, 30.60), (114.31, 30.60), (114.31, 30.61))


def place(**changes: Any) -> PlaceFile:
    fields: dict[str, Any] = {
        "place_code": "S-1",
        "name_zh": "中心小学",
        "kind": 8,
        "division_code": "420102",
        "radius_m": 100.0,
        "longitude": 114.3,
        "latitude": 30.6,
    }
    return PlaceFile(**fields | changes)


def without_position(**changes: Any) -> PlaceFile:
    return place(longitude=None, latitude=None, **changes)


def test_a_position_or_a_polygon_is_well() -> None:
    assert validate_place(place()) == []
    assert validate_place(without_position(polygon=TRIANGLE)) == []


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        (place(place_code="a b"), "place_code", "1-40"),
        (place(place_code=""), "place_code", "1-40"),
        (place(name_zh="x\x1b[2J"), "name_zh", "control character"),
        (place(kind=16), "kind", "1-15 or 96-99"),
        (place(division_code="wuhan"), "division_code", "digits"),
        (place(radius_m=0.0), "radius_m", "1 to 5000"),
        (place(radius_m=float("nan")), "radius_m", "1 to 5000"),
        (place(longitude=30.6, latitude=114.3), "longitude", "swapped"),
        (place(latitude=None), "latitude", "is missing"),
        (place(polygon=TRIANGLE), "polygon", "beside a position"),
        (without_position(polygon=TRIANGLE[:2]), "polygon", "2 different corners"),
        (without_position(polygon=TRIANGLE * 100), "polygon", "more than 200"),
        (
            without_position(polygon=(*TRIANGLE, (30.6, 114.3))),
            "polygon",
            "corner 4 looks like",
        ),
        (without_position(polygon=(*TRIANGLE, (115.9, 30.6))), "polygon", "degrees wide"),
    ],
)
def test_each_fault_is_told_by_its_field(changed: PlaceFile, field: str, reason: str) -> None:
    [problem] = validate_place(changed)
    assert problem.field == field
    assert reason in problem.reason


def test_a_closed_polygon_is_opened() -> None:
    closed = tidy_place(without_position(polygon=(*TRIANGLE, TRIANGLE[0]), name_en="  "))
    assert closed.polygon == TRIANGLE
    assert closed.name_en is None


@given(st.floats(73, 135), st.floats(4, 53), st.floats(1, 5000))
def test_the_box_is_around_the_place(longitude: float, latitude: float, radius_m: float) -> None:
    west, south, east, north = place(longitude=longitude, latitude=latitude, radius_m=radius_m).box
    assert west < longitude < east
    assert south < latitude < north


def test_corners_are_read_and_bad_ones_named() -> None:
    assert read_polygon("114.3,30.6  114.31,30.6 114.31,30.61") == (
        (114.3, 30.6),
        (114.31, 30.6),
        (114.31, 30.61),
    )
    for text in ("1;2", "1,2 nan,3", "1,2,3", "1e9,2"):
        with pytest.raises(ValueError, match="corner"):
            read_polygon(text)
