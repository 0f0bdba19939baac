"""The page of hostile inputs and the tests that carry their numbers: neither without the other."""

import re
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "design" / "hostile-inputs.md"
_ROW = re.compile(r"\| (\d+) \| .* \| ([^|]+) \|")
_NUMBER = re.compile(r"hostile_(\d+)(?:_|\b)")


def test_each_number_is_where_the_page_says() -> None:
    rows = map(_ROW.match, PAGE.read_text("utf-8").splitlines())
    told = {int(row[1]): set(row[2].split(", ")) for row in rows if row}
    found: dict[int, set[str]] = defaultdict(set)
    for file in TESTS.rglob("test_*.py"):
        if file != Path(__file__):
            for number in _NUMBER.findall(file.read_text("utf-8")):
                found[int(number)].add(str(file.relative_to(TESTS)))
    assert told == found
