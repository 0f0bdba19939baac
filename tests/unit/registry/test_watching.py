import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.place import PlaceFile
from sharpeyes.registry.watching import Candidates, JudgedBy, Judgement, judge

LON, LAT = 114.30, 30.60
M_PER_DEG = 111_195.0
EAST, WEST, SOUTH, NORTH, SOUTH_EAST, ALL_ROUND = 1, 2, 3, 4, 5, 9
DOME, BULLET = 1, 3


def at(east_m: float, north_m: float) -> tuple[float, float]:
    aside = east_m / M_PER_DEG / math.cos(math.radians(LAT))
    return LON + aside, LAT + north_m / M_PER_DEG


def place(**changes: object) -> PlaceFile:
    fields: dict[str, object] = {
        "place_code": "P1",
        "name_zh": "中心小学",
        "kind": 8,
        "division_code": "420102",
        "radius_m": 100.0,
        "longitude": LON,
        "latitude": LAT,
    }
    return PlaceFile(**fields | changes)  # type: ignore[arg-type]  # the caller's to know


SQUARE = place(longitude=None, latitude=None, polygon=(at(0, 0), at(80, 0), at(80, 80), at(0, 80)))


def seen_from(
    east_m: float,
    north_m: float,
    *,
    of: PlaceFile | None = None,
    facing: int = 0,
    form: int = 0,
    angle_deg: float = math.nan,
    reach_m: float = math.nan,
) -> Judgement:
    return judge(
        of or place(),
        Candidates(
            lonlats=np.array([at(east_m, north_m)]),
            facing=np.array([facing]),
            form=np.array([form]),
            field_angle_deg=np.array([angle_deg]),
            view_distance_m=np.array([reach_m]),
        ),
    )


def test_nearness_alone_counts_and_is_said() -> None:
    near = seen_from(60, 60)
    assert near.watches.tolist() == [True]
    assert near.judged_by == (JudgedBy.DISTANCE,)
    assert near.distance_m[0] == pytest.approx(84.85, abs=0.1)
    assert not seen_from(80, 80).watches[0]


@pytest.mark.parametrize(
    ("facing", "watches"),
    [(EAST, True), (WEST, False), (NORTH, False), (SOUTH, False), (SOUTH_EAST, True)],
)
def test_who_looks_away_does_not_watch(facing: int, watches: bool) -> None:
    # The camera stands 50 m west of the place.
    judged = seen_from(-50, 0, facing=facing)
    assert judged.watches[0] == watches
    assert judged.judged_by == (JudgedBy.FACING,)


def test_a_narrow_field_angle_sees_less() -> None:
    assert seen_from(-50, 40, facing=EAST).watches[0]
    assert not seen_from(-50, 40, facing=EAST, angle_deg=20).watches[0]
    assert seen_from(-50, 40, facing=EAST, angle_deg=40).watches[0]


def test_the_view_distance_may_fall_short_of_the_radius() -> None:
    full = {"facing": EAST, "angle_deg": 60.0}
    assert not seen_from(-50, 0, reach_m=30, **full).watches[0]  # type: ignore[arg-type]
    judged = seen_from(-50, 0, reach_m=60, **full)  # type: ignore[arg-type]
    assert judged.watches[0]
    assert judged.judged_by == (JudgedBy.VIEW,)
    # Reach alone rules out too, whatever else is not on file.
    assert not seen_from(-50, 0, reach_m=30).watches[0]


def test_the_wanted_radius_holds_however_far_the_camera_sees() -> None:
    assert not seen_from(-150, 0, facing=EAST, reach_m=1000).watches[0]


def test_what_turns_looks_everywhere() -> None:
    for turning in (
        seen_from(-50, 0, facing=ALL_ROUND),
        seen_from(-50, 0, facing=WEST, form=DOME),
    ):
        assert turning.watches[0]
        assert turning.judged_by == (JudgedBy.FACING,)
    assert seen_from(-50, 0, form=DOME, reach_m=80).judged_by == (JudgedBy.VIEW,)
    assert not seen_from(-50, 0, facing=WEST, form=BULLET).watches[0]


def test_within_the_polygon_every_direction_is_the_place() -> None:
    judged = seen_from(40, 40, of=SQUARE, facing=NORTH, reach_m=5)
    assert judged.watches[0]
    assert judged.distance_m[0] == 0
    assert judged.judged_by == (JudgedBy.VIEW,)


def test_beside_the_polygon_its_nearest_part_counts() -> None:
    assert seen_from(-90, 40, of=SQUARE, facing=EAST).watches[0]
    assert seen_from(-90, 40, of=SQUARE).distance_m[0] == pytest.approx(90, abs=0.2)
    assert not seen_from(-90, 40, of=SQUARE, facing=WEST).watches[0]
    assert not seen_from(-110, 40, of=SQUARE, facing=EAST).watches[0]
    # It looks along the edge at a far corner, past the nearest point.
    assert seen_from(-10, 90, of=SQUARE, facing=EAST, angle_deg=10).watches[0]


@given(
    st.floats(-300, 300),
    st.floats(-300, 300),
    st.integers(0, 9),
    st.floats(1, 360),
    st.floats(1, 500),
)
def test_knowing_more_never_adds_a_watcher(
    east_m: float, north_m: float, facing: int, angle_deg: float, reach_m: float
) -> None:
    for of in (place(), SQUARE):
        near = seen_from(east_m, north_m, of=of)
        known = seen_from(
            east_m, north_m, of=of, facing=facing, angle_deg=angle_deg, reach_m=reach_m
        )
        assert near.watches[0] or not known.watches[0]
        assert known.distance_m == near.distance_m


def test_nobody_near_is_no_error() -> None:
    none = Candidates(
        lonlats=np.empty((0, 2)),
        facing=np.empty(0, dtype=np.int64),
        form=np.empty(0, dtype=np.int64),
        field_angle_deg=np.empty(0),
        view_distance_m=np.empty(0),
    )
    for of in (place(), SQUARE):
        judged = judge(of, none)
        assert judged.watches.shape == (0,)
        assert judged.judged_by == ()
