"""The tree of divisions."""

import asyncpg
import msgspec
import pytest

from sharpeyes.registry.division import Division, Level
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import (
    DivisionExistsError,
    DivisionInvalidError,
    UnknownDivisionError,
)

EAST_LAKE = Division(
    division_code="EASTLAKE",
    parent_code="420100",
    level=Level.DISTRICT,
    name_zh="东湖新技术开发区",
    name_en="East Lake",
    local=True,
)


@pytest.fixture
def divisions(pool: asyncpg.Pool) -> DivisionStore:
    return DivisionStore(pool)


async def test_wuhan_is_there(divisions: DivisionStore) -> None:
    city, *districts = await divisions.list()
    assert (city.division_code, city.level, city.parent_code) == ("420100", Level.CITY, None)
    assert len(districts) == 13
    assert {district.level for district in districts} == {Level.DISTRICT}
    assert len(await divisions.subtree("420100")) == 14


async def test_a_local_zone_and_a_street_in_it(divisions: DivisionStore) -> None:
    assert await divisions.add(EAST_LAKE) == EAST_LAKE
    street = Division(
        division_code="EASTLAKE01",
        parent_code="EASTLAKE",
        level=Level.STREET,
        name_zh="关东街道",
        name_en="Guandong",
        local=True,
    )
    await divisions.add(street)
    assert await divisions.get("EASTLAKE01") == street
    assert await divisions.subtree("EASTLAKE") == ["EASTLAKE", "EASTLAKE01"]
    assert "EASTLAKE01" in await divisions.subtree("420100")
    assert (await divisions.list())[-1] == street
    with pytest.raises(DivisionExistsError):
        await divisions.add(EAST_LAKE)


async def test_each_change_makes_another_version(divisions: DivisionStore) -> None:
    seen = [await divisions.version()]
    assert await divisions.version() == seen[0]
    await divisions.add(EAST_LAKE)
    seen.append(await divisions.version())
    await divisions.rename("EASTLAKE", name_zh="东湖高新区")
    seen.append(await divisions.version())
    await divisions.remove("EASTLAKE")
    await divisions.add(EAST_LAKE)
    seen.append(await divisions.version())
    assert len(set(seen)) == 4


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"division_code": "eastlake"}, "division_code"),
        ({"division_code": "42\x00"}, "division_code"),
        ({"division_code": "420109", "local": True}, "local"),
        ({"local": False}, "local"),
        ({"name_zh": " "}, "name_zh"),
        ({"name_en": "a\x1b"}, "name_en"),
        ({"parent_code": None}, "parent_code"),
        ({"level": Level.CITY}, "level"),
        ({"division_code": "420102003", "local": False}, "level"),
        (
            {
                "division_code": "420102003",
                "local": False,
                "level": Level.STREET,
                "parent_code": "420103",
            },
            "division_code",
        ),
    ],
)
async def test_refusals(divisions: DivisionStore, changes: dict[str, object], field: str) -> None:
    with pytest.raises(DivisionInvalidError) as caught:
        await divisions.add(msgspec.structs.replace(EAST_LAKE, **changes))
    assert [problem.field for problem in caught.value.problems] == [field]


async def test_unknown_divisions(divisions: DivisionStore) -> None:
    with pytest.raises(UnknownDivisionError, match="NOWHERE"):
        await divisions.add(msgspec.structs.replace(EAST_LAKE, parent_code="NOWHERE"))
    for code in ("NOWHERE", "\x00"):
        assert await divisions.get(code) is None
        with pytest.raises(UnknownDivisionError):
            await divisions.subtree(code)
