import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.likeness import are_alike


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("解放大道与三阳路路口东北角", "解放大道与三阳路路口 东北角"),
        ("解放大道１号", "解放大道1号"),
        ("解放大道1号", "解放大道(1号)"),
        ("Jiefang Avenue 3", "JIEFANG  AVENUE-3"),
        ("解放大道与三阳路路口东北角", "解放大道三阳路路口东北角"),
        ("中山公园正门广场球机", "中山公园正门广场"),
    ],
)
def test_the_same_view_is_written_in_several_ways(name: str, other: str) -> None:
    assert are_alike(name, other)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("解放大道1号", "解放大道2号"),
        ("解放大道与三阳路路口东北角", "解放大道与三阳路路口东南角"),
        ("三号门", "四号门"),
        ("中山公园", "江汉关"),
        ("大厅进口", "大厅出口"),
        ("", "x"),
    ],
)
def test_neighbours_are_told_apart(name: str, other: str) -> None:
    assert not are_alike(name, other)


@given(st.text(max_size=60))
def test_every_name_is_like_itself(name: str) -> None:
    assert are_alike(name, name)
    assert are_alike(name, f" {name} ")
