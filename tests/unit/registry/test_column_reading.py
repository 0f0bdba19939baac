"""What is vouched for together is what each row by itself would have become."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import msgspec
import pytest
from benchmarks.registry.city import HEADER, make_divisions, make_rows
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import CameraFile
from sharpeyes.registry.column_reading import Block, ColumnReader
from sharpeyes.registry.device_code import has_code_digits
from sharpeyes.registry.division_lookup import DivisionLookup
from sharpeyes.registry.doubting import doubts
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.row_reading import NewState, RowReader
from sharpeyes.registry.sheet import SHEET, Kind, SheetField
from sharpeyes.registry.sheet_layout import Column, Layout, read_layout
from sharpeyes.registry.sheet_row import SheetRow

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
WUHAN = Bounds(113.68, 29.96, 115.09, 31.37)
DIVISIONS = DivisionLookup(
    [
        ("420100", "420100/", "city", "武汉市"),
        ("420102", "420100/420102/", "district", "江岸区"),
        ("420102001", "420100/420102/420102001/", "street", "一元街道"),
        ("420102001001", "420100/420102/420102001/420102001001/", "community", "三阳社区"),
        ("ZONE1", "420100/ZONE1/", "district", "开发区"),
    ],
    {"420100": WUHAN, "420102": WUHAN, "420102001": WUHAN, "ZONE1": None},
)

GOOD_BY_KIND = MappingProxyType(
    {
        Kind.TEXT: ["江岸区解放大道1号", " trimmed ", "<b>", "=1+1", "x" * 101, "\u202e", "　"],
        Kind.DIGITS: ["420102", "420102001", "420102000000", "４２０１０２", "ZONE1", "zone1"],
        Kind.ADDRESS: [
            "10.0.0.5", "010.0.0.5", "127.0.0.1", "224.0.0.1", "1.2.3", "１０.0.0.5", "2001:DB8::5",
            "3C-1B-00-00-00-01", "3c:1b:00:00:00:01", "01-00-5E-00-00-01", "00-00-00-00-00-00",
            "camera.local", "/stream?a=1", "/user=a&password=b", "/ä",
        ],
        Kind.NUMBER: ["114.3", "30.6", "0", "-1", "39,9", "1e309", "nan", "200.5", "+114.30", "5"],
        Kind.WHOLE: ["0", "30", "29", "554", "65536", "2016", "2022", "-1", "1.5", "１"],
        Kind.CODE: ["1", "01", "2", "3", "9", "99", "0", "7", "球机", "x"],
        Kind.CODES: ["1", "1/5", "5/1/5", "99", "96/1", "0", "x/1"],
        Kind.TEXTS: ["027-81234567", "a/b", " a ", "／", "a／b", "x" * 101],
        Kind.WORD: ["direct", "recorder", "on_request", "none", "keyframe", "snapshot", "Direct"],
        Kind.YES_NO: ["yes", "否", "1", "maybe"],
        Kind.TIME: [
            "2020-01-02 03:04:05", "2026-11-02 03:00:00", "1980-01-01 00:00:00",
            "1979-12-31 23:59:59", "2020-02-30 00:00:00", "2020/1/2", "43831",
            "9999-12-31 23:59:59",
        ],
        Kind.DAY: ["2020-01-02", "2027-01-01", "2020-01-02 03:00", "1970-01-01"],
    }
)  # fmt: skip
OWN = {
    "name": ["一号", "一号", "", " "],
    "tier": ["1", "2", "3", "3", "city", "7", ""],
    "longitude": ["114.3", "114.300001", "30.6", "115.5", "", "x"],
    "latitude": ["30.6", "30.600001", "114.3", "", "+30.6"],
    "recorder_code": ["42010000001180000001", "42010000001320000001", ""],
    "community_code": ["三阳社区", "420102001001", "nowhere"],
    "street_code": ["一元街道", "420102001", "420103001"],
}
CODES = [
    "42010200001320000001",
    "42010000001320000002",
    "42010300001320000003",
    "42010200001180000004",
    "99010200001320000005",
    "42010200451329000006",
]
# Of two that say one thing, one.
PAIRS = [("networked", "networked_code"), ("indoor", "indoor_code")]


def cells_of(field: SheetField) -> st.SearchStrategy[str]:
    """Mostly what passes, for rows of sixty odd cells never would."""
    known = OWN.get(field.target, GOOD_BY_KIND[field.kind])
    plain = st.sampled_from([known[0], ""] if field.target not in OWN else [known[0]])
    odd = st.one_of(st.sampled_from(known), st.text(max_size=4))
    return st.integers(0, 11).flatmap(lambda drawn: odd if drawn == 0 else plain)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[Layout, list[list[str]]]:
    dropped = {draw(st.sampled_from(pair)) for pair in PAIRS}
    wanted = draw(st.sets(st.sampled_from([f.target for f in SHEET]), max_size=12))
    targets = ["device_code", "name", "tier", *sorted(wanted)]
    fields = {f.target: f for f in SHEET if f.target in targets and f.target not in dropped}
    rows = [
        [
            draw(st.sampled_from([CODES[0]] * 12 + CODES))
            if target == "device_code"
            else draw(cells_of(field))
            for target, field in fields.items()
        ]
        for _ in range(draw(st.integers(1, 6)))
    ]
    columns = tuple(Column(index, target) for index, target in enumerate(fields))
    constants = draw(st.sampled_from([{}, {}, {"purpose": "治安"}, {"poll_mode": "none"}]))
    constants = {target: text for target, text in constants.items() if target not in fields}
    return Layout(columns, tuple(fields), constants, has_header=True), rows


def both(
    layout: Layout, rows: Sequence[list[str]], divisions: DivisionLookup = DIVISIONS
) -> tuple[Block, dict[int, tuple[CameraFile, LifeState, str, Counter[str]]]]:
    """Read rows together, and each by itself: the good ones of those, by their place."""
    reader = RowReader(layout, divisions, "sheet.csv", NOW)
    sheet_rows = [SheetRow(number, cells) for number, cells in enumerate(rows, start=2)]
    codes = [reader.code(row) for row in sheet_rows]
    digests = [reader.digest(row) for row in sheet_rows]
    block = ColumnReader(layout, divisions, reader, NOW).read(rows, codes, digests)
    alone = {}
    for place, (row, code) in enumerate(zip(sheet_rows, codes, strict=True)):
        judged = reader.finish(reader.read(row, code), None)
        if isinstance(judged, NewState):
            told = Counter(f"{d.field}: {d.reason}" for d in doubts(judged.file, now=NOW))
            path = divisions.paths[judged.file.division_code]
            alone[place] = (judged.file, judged.state, path, told)
    return block, alone


def check(layout: Layout, rows: Sequence[list[str]], divisions: DivisionLookup = DIVISIONS) -> int:
    block, alone = both(layout, rows, divisions)
    vouched = [place for place in range(len(rows)) if place not in set(block.rest)]
    assert len(block) == len(vouched)
    told: Counter[str] = Counter()
    fields = RowReader(layout, divisions, "sheet.csv", NOW).fields
    for index, place in enumerate(vouched):
        file, state, path, its_doubts = alone[place]
        told += its_doubts
        for field in CameraFile.__struct_fields__:
            value = block.column(field)[index]
            assert value == getattr(file, field), (field, rows[place])
            assert type(value) is type(getattr(file, field)), (field, rows[place])
        life = [block.columns[name][index] for name in ("life", "life_reason", "life_until")]
        assert life == list(msgspec.structs.astuple(state))
        assert block.division_paths[index] == path
        assert set(fields) <= block.columns.keys()
    assert block.doubts(NOW) == told
    assert block.count_without_path() == sum(alone[place][0].lacks_path for place in vouched)
    return len(vouched)


@given(sheets())
def test_a_vouched_row_is_what_it_would_be_alone(sheet: tuple[Layout, list[list[str]]]) -> None:
    check(*sheet)


def test_nearly_all_rows_of_a_good_sheet_are_vouched_for() -> None:
    city = make_divisions(streets=20, communities=60, grids=200)
    parents = {row.division_code: row.parent_code for row in city}

    def path(code: str) -> str:
        return (path(parents[code]) if code in parents else "420100/" * (code != "420100")) + (
            f"{code}/"
        )

    districts = {row.parent_code for row in city if row.level == "street"}
    known = [(row.division_code, path(row.division_code), row.level, row.name_zh) for row in city]
    known += [(code, path(code), "district", code) for code in districts - parents.keys()]
    divisions = DivisionLookup(known, dict.fromkeys((code for code, *_ in known), WUHAN))
    rows = list(make_rows(600, city, seed=random.randrange(1000)))
    assert check(read_layout(list(HEADER)), rows, divisions) == len(rows)


@pytest.mark.parametrize(
    ("targets", "is_able"),
    [
        (["device_code", "name", "tier"], True),
        (["device_code", "name", "tier", "username", "password"], False),
        (["device_code", "name", "tier", "networked", "networked_code"], False),
        (["device_code", "name", "tier", "name"], False),
    ],
)
def test_what_comes_last_and_passwords_are_left_to_rows(
    targets: list[str],
    is_able: bool,
) -> None:
    columns = tuple(Column(index, target) for index, target in enumerate(targets))
    layout = Layout(columns, tuple(targets), MappingProxyType({}), has_header=True)
    cells = ["42010200001320000001", "一号", "1", "", ""][: len(targets)]
    assert has_code_digits(cells[0])
    block, _ = both(layout, [cells])
    assert len(block) == is_able


def test_different_cells_never_share_a_digest() -> None:
    """U+001F stands between cells, and is a space at the ends of one."""
    targets = ("device_code", "name", "tier", "maker", "place_kinds", "power_source")
    layout = Layout(
        tuple(Column(i, t) for i, t in enumerate(targets)), targets, MappingProxyType({}), True
    )
    reader = RowReader(layout, DIVISIONS, "sheet.csv", NOW)
    start = ["42010200001320000001", "一号", "1"]
    first, second = (
        SheetRow(2, [*start, *end]) for end in (["1", "", "2\x1f"], ["1", "\x1f2", ""])
    )
    plain = reader.digest(SheetRow(2, [*start, "1", "", "2"]))
    assert plain
    assert {reader.digest(first), reader.digest(second)} == {b""}


def test_hostile_texts_are_remembered_in_bounds() -> None:
    """A column of texts that never come again costs time, not memory."""
    layout = Layout(
        tuple(Column(i, t) for i, t in enumerate(["device_code", "name", "tier", "maker"])),
        ("a", "b", "c", "d"),
        MappingProxyType({}),
        has_header=True,
    )
    reader = RowReader(layout, DIVISIONS, "sheet.csv", NOW)
    columns = ColumnReader(layout, DIVISIONS, reader, NOW)
    for start in range(0, 30_000, 10_000):
        rows = [
            [f"4201020000132{n:07}", "一号", "1", f"x{n}"] for n in range(start, start + 10_000)
        ]
        block = columns.read(rows, [row[0] for row in rows], [b""] * len(rows))
        assert len(block) == 0
        assert len(block.rest) == len(rows)
    kept = columns._known["maker"]
    assert len(kept) <= 8192
