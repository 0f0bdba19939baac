import re
from collections import Counter
from pathlib import Path

import pytest

import sharpeyes.service

FILES = sorted((Path(sharpeyes.service.__file__).parent / "migrations").glob("*.sql"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_direction_says_of_a_function_once_what_it_is(file: Path) -> None:
    """Of two definitions the last one holds, which was another's once."""
    for direction in file.read_text(encoding="utf-8").split("-- migrate: ")[1:]:
        named = Counter(re.findall(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)", direction))
        assert [name for name, times in named.items() if times > 1] == []
