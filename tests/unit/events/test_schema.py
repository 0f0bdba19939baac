"""The published schema holds what is delivered, and the published examples are of it."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from sharpeyes.events.event import EventType
from sharpeyes.events.schema import delivered_schema

REFERENCE = Path(__file__).parents[3] / "docs" / "ref"
_EXAMPLE = re.compile(r"```json\n(.*?)\n```", re.DOTALL)


def examples() -> dict[str, Any]:
    found = _EXAMPLE.findall((REFERENCE / "events.md").read_text("utf-8"))
    return {event["type"]: event for event in map(json.loads, found)}


@pytest.fixture(scope="module")
def schema() -> Any:
    text = (REFERENCE / "event.schema.json").read_text("utf-8")
    return jsonschema_rs.Draft202012Validator(json.loads(text), validate_formats=True)


@pytest.mark.parametrize("kind", EventType)
def test_there_is_an_example_of_each_type_and_it_is_valid(schema: Any, kind: EventType) -> None:
    example = examples()[kind]
    schema.validate(example)
    # Later versions may say more.
    schema.validate(example | {"later": 1, "data": example["data"] | {"later": 1}})


def test_the_published_schema_is_the_programs() -> None:
    text = (REFERENCE / "event.schema.json").read_text("utf-8")
    assert json.loads(text) == json.loads(json.dumps(delivered_schema()))


@pytest.mark.parametrize("kind", EventType)
def test_what_lacks_or_garbles_anything_is_not_valid(schema: Any, kind: EventType) -> None:
    example = examples()[kind]
    for name in example.keys() - {"originsource", "originid"}:
        assert not schema.is_valid({k: v for k, v in example.items() if k != name})
        assert not schema.is_valid(example | {name: 5})
    data = example["data"]
    for name in data.keys() - {"evidence"}:
        assert not schema.is_valid(example | {"data": {k: v for k, v in data.items() if k != name}})
    for name in data:
        assert not schema.is_valid(example | {"data": data | {name: {"x": []}}})
    others = [other for other in examples().values() if other["data"].keys() != data.keys()]
    assert not any(schema.is_valid(example | {"data": other["data"]}) for other in others)
