"""A made-up city of the size of Wuhan: its divisions, and a sheet of its cameras, by a seed."""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import IO

import asyncpg

from sharpeyes.registry.sheet import CATALOGUE

STREETS = 176
COMMUNITIES = 3133
GRIDS = 16_000
TIER_SHARES = (2, 8, 90)

_CITY = "420100"
# With the paths, which triggers would look up one by one.
_ADD = """
    INSERT INTO division (division_code, parent_code, level, name_zh, name_en, local, path)
    SELECT * FROM unnest(
        $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[])
"""
# Code, longitude and latitude of the middle.
_DISTRICTS = {
    "420102": (114.30, 30.60),
    "420103": (114.27, 30.60),
    "420104": (114.21, 30.58),
    "420105": (114.22, 30.55),
    "420106": (114.31, 30.55),
    "420107": (114.39, 30.64),
    "420111": (114.34, 30.50),
    "420112": (114.14, 30.62),
    "420113": (114.08, 30.31),
    "420114": (114.03, 30.58),
    "420115": (114.32, 30.35),
    "420116": (114.38, 30.88),
    "420117": (114.80, 30.84),
    "EASTLAKE": (114.42, 30.49),
    "WEDZ": (114.16, 30.49),
    "EASTLAKEPARK": (114.40, 30.55),
}
_DISTRICT_NAMES = dict(
    zip(
        _DISTRICTS,
        (
            *("江岸区", "江汉区", "硚口区", "汉阳区", "武昌区", "青山区", "洪山区", "东西湖区"),
            *(
                "汉南区",
                "蔡甸区",
                "江夏区",
                "黄陂区",
                "新洲区",
                "东湖高新",
                "武汉经开",
                "东湖风景区",
            ),
        ),
        strict=True,
    )
)
_LOCAL_NAMES = {
    "EASTLAKE": "东湖新技术开发区",
    "WEDZ": "武汉经济技术开发区",
    "EASTLAKEPARK": "东湖生态旅游风景区",
}
_NAMES = "解放中山建设和平沿江友谊青年发展光谷长江汉阳武珞珞喻雄楚徐东团结胜利新华京汉"
_KINDS = ("路", "街", "大道", "巷", "里")
_CORNERS = ("东口", "西口", "南口", "北口", "路口", "对面", "门前", "转角")
_MODELS = ("DS-2CD3T45", "IPC-HFW5442", "HIC5421", "IPC-B314", "DS-2DE7430")
_PLACE_KINDS = (2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 99)

HEADER = (*(field.zh for field in CATALOGUE), "所属街道", "所属社区", "所属网格")


@dataclass(frozen=True, slots=True)
class DivisionRow:
    """A row of the table of divisions."""

    division_code: str
    parent_code: str
    level: str
    name_zh: str
    name_en: str
    local: bool


def make_divisions(
    seed: int = 1, *, streets: int = STREETS, communities: int = COMMUNITIES, grids: int = GRIDS
) -> list[DivisionRow]:
    """Make the zones without a national code, and all below the districts; parents come first."""
    rng = random.Random(seed)
    rows = [
        DivisionRow(code, _CITY, "district", name, code.title(), local=True)
        for code, name in _LOCAL_NAMES.items()
    ]
    districts = list(_DISTRICTS)
    in_districts = _share(rng, streets, districts, "street", digits=3, suffix="街道")
    in_streets = _share(
        rng, communities, _codes(in_districts), "community", digits=3, suffix="社区"
    )
    in_communities = _share(rng, grids, _codes(in_streets), "grid", digits=2, suffix="网格")
    return [*rows, *in_districts, *in_streets, *in_communities]


async def add_divisions(pool: asyncpg.Pool, rows: Sequence[DivisionRow]) -> None:
    """Put divisions into the database."""
    paths = {_CITY: f"{_CITY}/"} | {code: f"{_CITY}/{code}/" for code in _DISTRICTS}
    for row in rows:
        paths[row.division_code] = f"{paths[row.parent_code]}{row.division_code}/"
    columns = [list(column) for column in zip(*map(astuple, rows), strict=True)]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("ALTER TABLE division DISABLE TRIGGER USER")
        await connection.execute(
            _ADD, *columns, [paths[row.division_code] for row in rows], timeout=600
        )
        await connection.execute("ALTER TABLE division ENABLE TRIGGER USER")


def _codes(rows: list[DivisionRow]) -> list[str]:
    return [row.division_code for row in rows]


def _share(
    rng: random.Random, count: int, parents: list[str], level: str, *, digits: int, suffix: str
) -> list[DivisionRow]:
    """Make so many divisions, one below each parent at least."""
    rows = []
    numbers = dict.fromkeys(parents, 0)
    for index in range(count):
        parent = parents[index] if index < len(parents) else rng.choice(parents)
        numbers[parent] += 1
        number = numbers[parent]
        # Below a local division all codes are local, and may be 16 characters long.
        local = not parent.isdigit()
        code = f"L{level[0].upper()}{index:06}" if local else f"{parent}{number:0{digits}}"
        name = f"{_name(rng)}{number}{suffix}"
        rows.append(DivisionRow(code, parent, level, name, f"{level} {code}", local=local))
    return rows


def _name(rng: random.Random) -> str:
    return "".join(rng.sample(_NAMES, 2))


def make_rows(count: int, of_city: Sequence[DivisionRow], seed: int = 1) -> Iterator[list[str]]:
    """Make the cells of so many cameras, in the order of `HEADER`, each with its own code."""
    rng = random.Random(seed)
    divisions = {row.division_code: row for row in of_city}
    grids = [row for row in divisions.values() if row.level == "grid"]
    tiers = random.Random(seed + 1).choices((1, 2, 3), TIER_SHARES, k=count)
    for index, tier in zip(range(count), tiers, strict=True):
        # Neighbours stand together, as in the sheets of districts.
        grid = grids[index * len(grids) // count]
        community = divisions[grid.parent_code]
        street = divisions[community.parent_code]
        below = [street.division_code, community.division_code, grid.division_code]
        yield [*_catalogue(rng, index, tier, street.parent_code), *below]


def _catalogue(rng: random.Random, index: int, tier: int, district: str) -> list[str]:
    draw = rng.random
    longitude, latitude = _DISTRICTS[district]
    coded = district if district.isdigit() else _CITY
    # A million codes in each industry and network; the serial alone holds no more.
    network = (index // 1_000_000) % 8
    place = f"{_name(rng)}{_KINDS[int(draw() * 5)]}"
    number = int(draw() * 900) + 1
    functions = "5" if draw() < 0.9 else "1/5"
    reachable = tier < 3 or draw() < 0.5
    return [
        f"{coded}0001132{network}{index % 1_000_000:06}",
        f"{place}{number}号{_CORNERS[int(draw() * 8)]}",
        str(int(draw() * 15) + 1),
        district,
        str(tier),
        _MODELS[int(draw() * 5)],
        place,
        f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}" if reachable else "",
        "",
        "3C-1B-" + "-".join(f"{index >> shift & 255:02X}" for shift in (24, 16, 8, 0)),
        str(int(draw() * 5) + 1),
        functions,
        str(int(draw() * 3) + 1),
        "2" if draw() < 0.5 else "4",
        # Half of the offices name the city, half the district.
        f"{'武汉市' if draw() < 0.5 else _DISTRICT_NAMES[district]}{place}{number}号",
        f"{longitude + draw() * 0.06 - 0.03:.6f}",
        f"{latitude + draw() * 0.06 - 0.03:.6f}",
        str(_PLACE_KINDS[int(draw() * 12)]),
        str(int(draw() * 9) + 1),
        "0" if reachable else "1",
        f"{coded}{int(draw() * 900) + 100:03}000",
        f"20{int(draw() * 15) + 10}-{int(draw() * 12) + 1:02}-{int(draw() * 28) + 1:02} 09:30:00",
        f"{place}管理处",
        f"027-8{int(draw() * 9_000_000) + 1_000_000}",
        "30" if draw() < 0.7 else "90",
        "1" if draw() < 0.97 else "2",
        str(int(draw() * 18) + 1),
    ]


def write_csv(target: IO[str], rows: Iterator[list[str]]) -> None:
    """Write rows as a sheet with its header."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerows(itertools.chain([list(HEADER)], rows))
