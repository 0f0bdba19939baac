import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sharpeyes.registry.geometry import (
    Floats,
    bearings_deg,
    great_circle_m,
    inside,
    nearest_on_edge,
    to_metres,
    turn_deg,
    widened,
)

longitudes = st.floats(73.0, 135.0)
latitudes = st.floats(3.0, 54.0)
metres = st.floats(-5_000, 5_000)
angles = st.floats(0, 360)
points = st.tuples(st.floats(-100, 100), st.floats(-100, 100))
SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])


def array(*rows: tuple[float, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(rows, dtype=np.float64)


def test_one_degree_of_latitude_is_111_km() -> None:
    [distance_m] = great_circle_m(114.0, 30.0, np.array([114.0]), np.array([31.0]))
    assert distance_m == pytest.approx(111_195, abs=1)


def test_wuhan_to_beijing() -> None:
    [distance_m] = great_circle_m(114.305, 30.593, np.array([116.407]), np.array([39.904]))
    assert distance_m == pytest.approx(1_053_000, rel=0.01)


@given(longitudes, latitudes, longitudes, latitudes)
def test_the_way_back_is_as_long(lon: float, lat: float, lon2: float, lat2: float) -> None:
    there = great_circle_m(lon, lat, np.array([lon2]), np.array([lat2]))
    back = great_circle_m(lon2, lat2, np.array([lon]), np.array([lat]))
    assert there[0] == pytest.approx(back[0], abs=1e-3)
    assert 0 <= there[0] <= math.pi * 6_371_009


@given(longitudes, latitudes, metres, metres)
def test_flat_metres_agree_with_the_great_circle(
    lon: float, lat: float, east_m: float, north_m: float
) -> None:
    up = north_m / 111_195
    aside = east_m / 111_195 / math.cos(math.radians(lat))
    flat = np.hypot(*to_metres(lon, lat, array((lon + aside, lat + up)))[0])
    [great] = great_circle_m(lon, lat, np.array([lon + aside]), np.array([lat + up]))
    assert flat == pytest.approx(great, rel=1.2e-3, abs=0.01)


@given(longitudes, latitudes, st.floats(0, 5_000), angles)
def test_whoever_is_within_the_metres_is_in_the_widened_box(
    lon: float, lat: float, radius_m: float, angle: float
) -> None:
    east = radius_m * math.sin(math.radians(angle)) * 0.999
    north = radius_m * math.cos(math.radians(angle)) * 0.999
    there_lat = lat + north / 111_195
    there_lon = lon + east / 111_195 / math.cos(math.radians(there_lat))
    [distance_m] = great_circle_m(lon, lat, np.array([there_lon]), np.array([there_lat]))
    assume(distance_m <= radius_m)
    west, south, box_east, box_north = widened(lon, lat, lon, lat, radius_m)
    assert west <= there_lon <= box_east
    assert south <= there_lat <= box_north


def test_inside_a_square_and_a_bay() -> None:
    assert inside(array((5, 5), (-1, 5), (5, 11), (11, 5), (5, -1)), SQUARE).tolist() == [
        True,
        False,
        False,
        False,
        False,
    ]
    bay = array((0, 0), (10, 0), (10, 10), (5, 2), (0, 10))
    assert inside(array((5, 1), (5, 5), (1, 5)), bay).tolist() == [True, False, True]


@given(points, st.integers(3, 12), st.floats(1, 50), angles)
def test_inside_a_regular_polygon_is_between_its_two_circles(
    point: tuple[float, float], corners: int, radius: float, turn: float
) -> None:
    around = np.radians(turn + np.arange(corners) * 360 / corners)
    polygon = radius * np.stack([np.cos(around), np.sin(around)], axis=1)
    distance = math.hypot(*point)
    [is_inside] = inside(array(point), polygon)
    if distance < radius * math.cos(math.pi / corners) - 1e-6:
        assert is_inside
    if distance > radius + 1e-6:
        assert not is_inside


def away(at: Floats, polygon: Floats) -> float:
    return float(np.hypot(*(at - nearest_on_edge(at, polygon))[0]))


@given(points, st.integers(0, 3), st.booleans())
def test_where_the_corners_begin_and_which_way_they_go_is_no_matter(
    point: tuple[float, float], shift: int, backwards: bool
) -> None:
    turned = np.roll(SQUARE, shift, axis=0)[:: -1 if backwards else 1]
    at = array(point)
    assume(away(at, SQUARE) > 1e-9)
    assert inside(at, turned) == inside(at, SQUARE)
    # On a diagonal two points are the nearest, and either will do.
    assert away(at, turned) == pytest.approx(away(at, SQUARE))


@given(points, st.floats(0, 1), st.integers(0, 3))
def test_no_point_of_the_edge_is_nearer_than_the_nearest(
    point: tuple[float, float], share: float, edge: int
) -> None:
    at = array(point)
    some = SQUARE[edge] + share * (SQUARE[(edge + 1) % 4] - SQUARE[edge])
    nearest = nearest_on_edge(at, SQUARE)[0]
    assert np.hypot(*(at[0] - nearest)) <= np.hypot(*(at[0] - some)) + 1e-9


def test_a_corner_given_twice_does_no_harm() -> None:
    doubled = array((0, 0), (0, 0), (10, 0), (10, 10), (0, 10))
    assert nearest_on_edge(array((-3, -4)), doubled).tolist() == [[0, 0]]
    assert inside(array((5, 5)), doubled).tolist() == [True]


def test_bearings_go_clockwise_from_north() -> None:
    targets = array((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1))
    assert bearings_deg(np.zeros(2), targets).tolist() == pytest.approx([0, 90, 180, 270, 45])


@given(angles, angles)
def test_a_turn_is_the_shorter_way_round(bearing: float, other: float) -> None:
    turn = float(turn_deg(np.array(bearing), np.array(other)))
    assert 0 <= turn <= 180
    assert turn == pytest.approx(float(turn_deg(np.array(other), np.array(bearing))))
    assert math.cos(math.radians(turn)) == pytest.approx(
        math.cos(math.radians(bearing - other)), abs=1e-9
    )


def test_nobody_is_nowhere() -> None:
    none = np.empty((0, 2))
    assert inside(none, SQUARE).shape == (0,)
    assert nearest_on_edge(none, SQUARE).shape == (0, 2)
