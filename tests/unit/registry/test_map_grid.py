import math

from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.map_grid import CELL_DEG, SPOT_DEG, map_cells, map_runs


def test_the_cells_of_a_box() -> None:
    inside = Bounds(114.3, 30.5, 114.3 + CELL_DEG, 30.5 + CELL_DEG)
    cells = map_cells(inside, 4)
    assert cells is not None
    assert len(set(cells)) == 4
    assert map_cells(inside, 3) is None
    # West of Greenwich and south of the equator, too.
    assert map_cells(Bounds(-0.001, -0.001, 0.001, 0.001), 4) is not None


@given(
    west=st.floats(-180, 179),
    south=st.floats(-90, 89),
    wide=st.floats(0, 0.03),
    high=st.floats(0, 0.03),
)
def test_the_runs_of_a_box_are_the_spots_that_it_touches(
    west: float, south: float, wide: float, high: float
) -> None:
    box = Bounds(west, south, west + wide, south + high)
    spots = [
        (cell, spot)
        for cell, first, last in zip(*map_runs(box), strict=True)
        for spot in range(first, last + 1)
    ]
    columns = range(math.floor(box.west / SPOT_DEG), math.floor(box.east / SPOT_DEG) + 1)
    rows = range(
        math.floor((box.south + 90) / SPOT_DEG), math.floor((box.north + 90) / SPOT_DEG) + 1
    )
    assert sorted(spots) == sorted(
        ((x >> 3) * 65536 + (y >> 3), (x & 7) * 8 + (y & 7)) for x in columns for y in rows
    )
