"""What is asked for, as a query."""

import pytest

from sharpeyes.registry.errors import SearchError
from sharpeyes.registry.search import (
    CameraFilter,
    Search,
    are_digits,
    code_range,
    numbered,
)


@pytest.mark.parametrize("text", ["路", "中山 路", " ", "中\x00山", "a\u202eb"])
def test_what_cannot_be_looked_for(text: str) -> None:
    with pytest.raises(SearchError):
        Search(CameraFilter(text=text))


def test_only_what_is_asked_for_is_in_the_query() -> None:
    assert Search(CameraFilter()).conditions == []
    assert Search(CameraFilter()).is_counted
    search = Search(CameraFilter(text="中山", maker=3))
    assert not search.is_counted
    assert len(search.conditions) == 2
    assert len(search.sources) == 1
    assert "中山" in search.arguments


def test_arguments_that_are_not_named_are_left_out() -> None:
    assert numbered("a = $3 AND b = $1 OR c = $3", [10, 20, 30]) == (
        "a = $2 AND b = $1 OR c = $2",
        [10, 30],
    )


def test_digits_are_a_range_of_codes() -> None:
    assert are_digits(" 420102 ")
    assert not are_digits("4")
    assert not are_digits("42a")
    first, last = code_range("420102")
    assert first < "42010200001320000001" < last
    assert len(first) == len(last) == 20
