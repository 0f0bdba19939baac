from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.registry.camera import CameraFile, FiledCamera, Life, Tier
from sharpeyes.registry.completeness import completeness
from sharpeyes.registry.coverage import CoverageReport, CoverageState
from sharpeyes.registry.coverage_judge import NO_POSITION, CoverageJudge
from sharpeyes.registry.division import Division, Level
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.place import PlaceFile
from sharpeyes.registry.places import PlaceStore
from sharpeyes.registry.settings import RegistrySettings
from sharpeyes.registry.watching import JudgedBy

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LON, LAT = 114.31, 30.60
REQUIRED = RegistrySettings().required_fields

Add = Callable[..., Awaitable[FiledCamera]]
AddPlace = Callable[..., Awaitable[Any]]


@pytest.fixture
def add(store: Any, camera_file: Callable[..., CameraFile]) -> Add:
    async def add(number: int, **changes: object) -> FiledCamera:
        camera: FiledCamera = await store.add(camera_file(number, **changes))
        return camera

    return add


@pytest_asyncio.fixture
async def add_place(pool: asyncpg.Pool) -> AddPlace:
    async def add(code: str, **changes: object) -> Any:
        fields: dict[str, object] = {
            "place_code": code,
            "name_zh": f"地点 {code}",
            "kind": 8,
            "division_code": "420102",
            "radius_m": 100.0,
            "longitude": LON,
            "latitude": LAT,
        }
        return await PlaceStore(pool).add(PlaceFile(**fields | changes))  # type: ignore[arg-type]

    return add


async def report(
    pool: asyncpg.Pool, division: str | None = None, level: Level = Level.DISTRICT
) -> CoverageReport:
    return await CoverageJudge(pool).report(
        division_code=division, level=level, most_gaps=10, as_of=NOW
    )


async def test_an_empty_registry_has_no_percentages(pool: asyncpg.Pool) -> None:
    empty = await report(pool)
    assert (empty.total.total, empty.total.percent, empty.positions.percent) == (0, None, None)
    assert empty.by_division == []
    assert empty.gaps == []


async def test_places_are_covered_open_or_unknown(
    pool: asyncpg.Pool, add: Add, add_place: AddPlace
) -> None:
    await add_place("A")
    await add_place("B", longitude=LON + 0.1)
    await add_place("C", longitude=LON + 0.1, division_code="420103", kind=3)
    await add(1, longitude=LON, latitude=LAT + 0.0005)
    await add(2, longitude=LON, latitude=LAT - 0.0005, facing=4, tier=Tier.SOCIAL)
    # Not there yet, gone, looking away, in nobody's radius: none of them watches A.
    await add(3, longitude=LON, latitude=LAT - 0.0005, facing=3, tier=Tier.DISTRICT)
    # Somewhere in 420103, but nobody knows where.
    await add(
        4,
        device_code="42010300001320000004",
        division_code="420103",
        longitude=None,
        latitude=None,
    )
    found = await report(pool)
    assert (found.total.total, found.total.judged, found.total.fulfilled) == (3, 2, 1)
    assert found.total.not_judged == {NO_POSITION: 1}
    assert found.total.percent == 50
    assert found.by_tier["city"].fulfilled == 1
    assert found.by_tier["social"].fulfilled == 1
    assert found.by_tier["district"].fulfilled == 0
    assert found.by_tier["district"].not_judged == {}
    assert found.by_kind[3].not_judged == {NO_POSITION: 1}
    assert {d.division_code: d.coverage.judged for d in found.by_division} == {
        "420102": 2,
        "420103": 0,
    }
    assert found.judged_by == {JudgedBy.VIEW: 0, JudgedBy.FACING: 1, JudgedBy.DISTANCE: 0}
    assert (found.positions.judged, found.positions.fulfilled) == (4, 3)
    assert [(gap.place.place_code, gap.state) for gap in found.gaps] == [
        ("B", CoverageState.NOT_COVERED),
        ("C", CoverageState.UNKNOWN),
    ]
    assert (await report(pool, "420103")).total.total == 1


async def test_only_cameras_that_stand_there_count(
    pool: asyncpg.Pool, store: Any, add: Add, add_place: AddPlace
) -> None:
    await add_place("A")
    camera = await add(1, longitude=LON, latitude=LAT)
    for life, until, covered in (
        (Life.MAINTENANCE, NOW + timedelta(days=9), 1),
        (Life.REMOVED, None, 0),
        (Life.PLANNED, None, 0),
        (Life.IN_SERVICE, None, 1),
    ):
        async with store.edit("test") as edit:
            await edit.move(camera.device_code, LifeState(life, "why", until))
        assert (await report(pool)).total.fulfilled == covered


async def test_the_watchers_of_a_place_are_named_nearest_first(
    pool: asyncpg.Pool, add: Add, add_place: AddPlace
) -> None:
    corners = ((LON, LAT), (LON + 0.001, LAT), (LON + 0.001, LAT + 0.001), (LON, LAT + 0.001))
    place = await add_place("SQ", longitude=None, latitude=None, polygon=corners)
    await add(1, longitude=LON - 0.0005, latitude=LAT)
    await add(2, longitude=LON + 0.0005, latitude=LAT + 0.0005)
    await add(3, longitude=LON - 0.1, latitude=LAT)
    judge = CoverageJudge(pool)
    watchers = await judge.watchers(place, limit=10)
    assert [w.device_code[-1] for w in watchers] == ["2", "1"]
    assert watchers[0].distance_m == 0
    assert watchers[0].judged_by is JudgedBy.VIEW
    assert watchers[1].distance_m == pytest.approx(47.9, abs=0.5)
    assert len(await judge.watchers(place, limit=1)) == 1
    [coverage] = await judge.of_places([place])
    assert (coverage.watching, coverage.by_tier) == (2, {"city": 2})


async def test_figures_go_down_to_the_level_asked_for(
    pool: asyncpg.Pool, add: Add, add_place: AddPlace
) -> None:
    street = Division(
        division_code="420102001",
        parent_code="420102",
        level=Level.STREET,
        name_zh="街",
        name_en="Street",
    )
    await DivisionStore(pool).add(street)
    await add_place("A")
    await add_place("B", division_code="420102001")
    await add(1, division_code="420102001", longitude=None, latitude=None)
    found = await report(pool, "420102", Level.STREET)
    assert {d.division_code: d.coverage.total for d in found.by_division} == {
        "420102001": 1,
        None: 1,
    }
    # The camera without a position is filed in the street: it could watch what lies there.
    assert found.total.not_judged == {NO_POSITION: 2}


async def test_an_unknown_division_is_named(pool: asyncpg.Pool) -> None:
    for code in ("420199", "nonsense", ""):
        with pytest.raises(UnknownDivisionError):
            await report(pool, code)
        with pytest.raises(UnknownDivisionError):
            await completeness(pool, REQUIRED, division_code=code, level=Level.DISTRICT, as_of=NOW)


WHOLE = {
    "ipv4": "10.0.0.1",
    "camera_form": 3,
    "functions": (5,),
    "address": "解放大道 1 号",
    "place_kinds": (8,),
    "facing": 1,
    "networked": True,
    "police_station_code": "420102000000",
    "installed_at": NOW,
    "managing_unit": "江岸分局",
    "contacts": ("027-00000000",),
    "recording_days": 30,
    "sector": 1,
}


async def test_completeness_says_what_it_is_a_share_of(pool: asyncpg.Pool, add: Add) -> None:
    await add(1, **WHOLE)
    await add(2, **WHOLE | {"ipv4": None, "ipv6": "2001:db8::1"})
    await add(3, **WHOLE | {"ipv4": None}, tier=Tier.SOCIAL)
    await add(4, **WHOLE | {"ipv4": None, "networked": False}, tier=Tier.SOCIAL)
    await add(5, **WHOLE | {"address": None, "contacts": ()}, tier=Tier.SOCIAL)
    # Whether it lacks an address depends on what nobody wrote down; but that itself is required.
    await add(6, **WHOLE | {"ipv4": None, "networked": None}, tier=Tier.SOCIAL)
    found = await completeness(pool, REQUIRED, division_code=None, level=Level.DISTRICT, as_of=NOW)
    assert found.total.cameras == 6
    assert (found.total.complete.fulfilled, found.total.complete.judged) == (3, 6)
    assert found.by_tier["city"].complete.percent == 100
    assert found.by_tier["social"].complete.percent == 25
    assert list(found.by_tier) == ["city", "social"]
    assert (found.total.networked.fulfilled, found.total.networked.judged) == (4, 5)
    assert found.total.networked.not_judged == {"networked_unknown": 1}
    fields = {field.field: field for field in found.by_field}
    assert len(found.by_field) == 27
    assert fields["address"].filled.percent == pytest.approx(83.33)
    assert fields["ipv4"].filled.fulfilled == 3
    assert fields["ipv4"].filled.judged == 4
    assert fields["ipv4"].filled.not_judged == {"networked_unknown": 1, "not_networked": 1}
    assert fields["life"].filled.percent == 100
    assert not fields["model"].required
    assert fields["model"].filled.percent == 0
    assert found.total.required_fields.total == 6 * len(REQUIRED)
    assert [d.division_code for d in found.by_division] == ["420102"]
    assert found.by_division[0].complete == found.total.complete


async def test_whether_a_file_is_complete_may_be_open(pool: asyncpg.Pool, add: Add) -> None:
    await add(1, **WHOLE | {"ipv4": None, "networked": None})
    required = tuple(field for field in REQUIRED if field != "networked")
    found = await completeness(pool, required, division_code=None, level=Level.DISTRICT, as_of=NOW)
    assert found.total.complete.not_judged == {"networked_unknown": 1}
    assert found.total.complete.percent is None


async def test_nothing_required_is_always_complete(pool: asyncpg.Pool, add: Add) -> None:
    await add(1)
    found = await completeness(pool, (), division_code="420100", level=Level.CITY, as_of=NOW)
    assert found.total.complete.percent == 100
    assert found.total.required_fields.percent is None
