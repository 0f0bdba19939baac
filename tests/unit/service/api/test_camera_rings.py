import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.map_grid import CELL_DEG
from sharpeyes.service.api.camera_rings import M_PER_DEGREE, Rings


def _stands_in(longitude: float, latitude: float) -> tuple[int, int]:
    """Return the cell and the spot, as the database has them."""
    column, row = math.floor(longitude / 360 * 524288), math.floor((latitude + 90) / 360 * 524288)
    return (column >> 3) * 65536 + (row >> 3), (column & 7) * 8 + (row & 7)


@given(
    longitude=st.floats(-179, 179),
    latitude=st.floats(-80, 80),
    beyond_m=st.floats(0, 3_000),
    breadth_m=st.floats(0, 2_000),
    seed=st.integers(0, 2**32 - 1),
)
def test_all_of_a_ring_is_in_its_runs_and_little_else(
    longitude: float, latitude: float, beyond_m: float, breadth_m: float, seed: int
) -> None:
    rings = Rings(longitude, latitude)
    within_m = beyond_m + breadth_m
    cells = rings.cells_between(beyond_m, within_m)
    assert cells is not None
    runs = list(zip(*rings.runs_between(np.array(cells), beyond_m, within_m), strict=True))
    spots = {(cell, spot) for cell, first, last in runs for spot in range(first, last + 1)}
    assert len(spots) == sum(last - first + 1 for _, first, last in runs), "none is read twice"
    rng = np.random.default_rng(seed)
    widest = CELL_DEG / 8 * M_PER_DEGREE * math.sqrt(2)
    for angle, share in rng.random((50, 2)):
        far_m = beyond_m + share * breadth_m
        north = far_m / M_PER_DEGREE * math.sin(2 * math.pi * angle)
        east = far_m / M_PER_DEGREE * math.cos(2 * math.pi * angle) / rings.shrink
        assert _stands_in(longitude + east, latitude + north) in spots
    for cell, spot in spots:
        east = (cell >> 16) * CELL_DEG + (spot // 8 + 0.5) * CELL_DEG / 8 - longitude
        north = (cell & 65535) * CELL_DEG - 90 + (spot % 8 + 0.5) * CELL_DEG / 8 - latitude
        far_m = math.hypot(east * rings.shrink, north) * M_PER_DEGREE
        assert beyond_m - widest <= far_m <= within_m + widest


def test_the_world_is_too_many_cells() -> None:
    assert Rings(114.31, 30.55).cells_between(0, 20_000_000) is None


def test_enough_is_infinite_where_there_are_not_as_many() -> None:
    rings = Rings(114.31, 30.55)
    cells = np.array(rings.cells_between(0, 1_000))
    each = np.full(len(cells), 10)
    assert rings.enough(cells, each, 0, 10 * len(cells) + 1) == math.inf
    assert rings.enough(cells, each, 0, 30) < rings.enough(cells, each, 500, 30)
    assert rings.enough(cells[:0], each[:0], 0, 1) == math.inf
