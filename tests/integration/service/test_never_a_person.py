"""Nothing we store, answer or send has a field that names or identifies somebody.

Walked are the database as it stands after all migrations, the OpenAPI document, what every type of
event says, and the columns of the files that people exchange. The accounts of those who operate the
service are no exception from this: they hold a name to log in with, and nothing about a person.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import asyncpg
import msgspec
import pytest

from sharpeyes.events.event import PAYLOAD_OF, Event
from sharpeyes.registry.sheet import SHEET
from sharpeyes.service.api.app import OPERATIONS
from sharpeyes.service.api.operation import Operation, openapi_document

Field = tuple[str, str]
"""A table, schema or sheet, and the name of one of its fields."""

_LINES = (
    "person persons people human humans man woman child pedestrian citizen resident inhabitant",
    "owner proprietor driver passenger suspect offender victim witness visitor guest employee",
    "face faces facial iris retina fingerprint palm gait voice biometric biometrics embedding",
    "plate plates licence license passport visa idcard identitycard ssn citizenship nationality",
    "ethnicity ethnic race religion gender sex age birth birthday birthdate born",
    "firstname lastname surname forename fullname realname nickname",
    "phone phones telephone tel mobile cellphone fax email mail wechat qq weibo imei imsi",
    "contact contacts home residence",
)
WORDS = frozenset(word for line in _LINES for word in line.split())
PAIRS = frozenset(
    {
        ("id", "card"), ("id", "number"), ("identity", "number"), ("national", "id"),
        ("person", "id"), ("first", "name"), ("last", "name"), ("family", "name"),
        ("given", "name"), ("full", "name"), ("real", "name"), ("vehicle", "number"),
        ("number", "plate"), ("track", "id"),
    }
)  # fmt: skip
CHARACTERS = re.compile(
    "人|姓名|车牌|号牌|身份|证件|护照|户籍|住址|籍贯|民族|国籍|性别|年龄|出生|脸|面部|虹膜|指纹|步态|声纹|"
    "手机|电话|联系|邮箱|微信|车主|司机|驾驶员|业主|住户|居民|嫌疑|员工|职工"
)
# How to reach an organisation: only beside the organisation itself.
OF_AN_ORGANISATION = {"contacts": "managing_unit", "maintenance_phone": "maintenance_unit"}
OF_AN_ORGANISATION_ZH = {
    "管理单位联系方式": "管理单位",
    "联系方式": "管理单位",
    "维护电话": "维护单位",
    "维护单位电话": "维护单位",
    "运维电话": "维护单位",
}


def words_of(name: str) -> list[str]:
    """Split `faceId`, `face_id`, `face-id` and `FACE2` into their words."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return [part.lower() for part in parts]


def names_somebody(name: str) -> bool:
    words = words_of(name)
    return (
        not WORDS.isdisjoint(words)
        or not PAIRS.isdisjoint(itertools.pairwise(words))
        or CHARACTERS.search(name) is not None
    )


def about_somebody(fields: Iterable[Field]) -> list[Field]:
    known = set(fields)
    beside = OF_AN_ORGANISATION | OF_AN_ORGANISATION_ZH
    return sorted(
        (record, name)
        for record, name in known
        if names_somebody(name) and (record, beside.get(name, "")) not in known
    )


async def columns(pool: asyncpg.Pool) -> list[Field]:
    rows = await pool.fetch(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
        UNION ALL
        SELECT 'tables', table_name FROM information_schema.tables
        WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
        """
    )
    return [(row[0], row[1]) for row in rows]


def properties(record: str, schema: Any) -> Iterator[Field]:
    """Yield every property of a JSON Schema, and of those inside it."""
    if isinstance(schema, list):
        for part in schema:
            yield from properties(record, part)
    elif isinstance(schema, dict):
        for name, inner in schema.items():
            if name in {"properties", "schemas", "$defs"} and isinstance(inner, dict):
                for field, described in inner.items():
                    yield record if name == "properties" else name, field
                    yield from properties(field if name != "properties" else record, described)
            else:
                yield from properties(record, inner)


def api_fields(operations: Iterable[Operation]) -> Iterator[Field]:
    document = openapi_document(tuple(operations), version("sharpeyes"))
    yield from properties("openapi", document["components"])
    for path, methods in document["paths"].items():
        yield from (("path", part) for part in re.findall(r"[\w-]+", path))
        for described in methods.values():
            yield from ((path, parameter["name"]) for parameter in described.get("parameters", ()))
            yield from properties(path, described)


def event_fields(payloads: Iterable[type]) -> Iterator[Field]:
    for payload in payloads:
        yield from properties(payload.__name__, msgspec.json.schema(payload))


async def test_no_table_has_a_column_about_somebody(pool: asyncpg.Pool) -> None:
    found = await columns(pool)
    assert ("camera", "contacts") in found
    assert about_somebody(found) == []


@pytest.mark.parametrize(
    "planted", ["owner", "face_id", "license_plate", "id_card", "phone", "driverName", "车牌号"]
)
async def test_a_planted_column_is_found(pool: asyncpg.Pool, planted: str) -> None:
    await pool.execute(f'ALTER TABLE camera ADD COLUMN "{planted}" text')
    assert about_somebody(await columns(pool)) == [("camera", planted)]


async def test_contacts_stand_beside_their_unit_only(pool: asyncpg.Pool) -> None:
    await pool.execute("CREATE TABLE elsewhere (contacts text[], maintenance_phone text)")
    assert about_somebody(await columns(pool)) == [
        ("elsewhere", "contacts"),
        ("elsewhere", "maintenance_phone"),
    ]


def test_the_api_has_no_field_about_somebody() -> None:
    found = list(api_fields(OPERATIONS))
    assert len(found) > 100
    assert about_somebody(found) == []


class Inner(msgspec.Struct):
    plate_number: str


class Planted(msgspec.Struct):
    name: str
    seen: list[Inner]


class PlantedQuery(msgspec.Struct):
    faceId: str = ""  # noqa: N815  # as it must be found


def test_a_planted_field_of_the_api_is_found() -> None:
    first = OPERATIONS[0]
    planted = replace(first, path="/api/v1/planted", answer=Planted, query=PlantedQuery)
    assert about_somebody(api_fields([*OPERATIONS, planted])) == [
        ("/api/v1/planted", "faceId"),
        ("Inner", "plate_number"),
    ]


def test_no_event_says_anything_about_somebody() -> None:
    found = list(event_fields([Event, *PAYLOAD_OF.values()]))
    assert ("VehicleAbandoned", "dwell_s") in found
    assert about_somebody(found) == []
    assert not any(names_somebody(event_type) for event_type in PAYLOAD_OF)


def test_a_planted_field_of_an_event_is_found() -> None:
    assert about_somebody(event_fields([Planted])) == [("Inner", "plate_number")]


def test_no_column_of_a_sheet_is_about_somebody() -> None:
    headings = [name for field in SHEET for name in (field.target, field.zh, *field.aliases)]
    assert about_somebody([("sheet", name) for name in headings]) == []
    assert about_somebody([("sheet", "车主电话"), ("sheet", "姓名")]) == [
        ("sheet", "姓名"),
        ("sheet", "车主电话"),
    ]
