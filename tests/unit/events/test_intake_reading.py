"""What other systems hand in is read whole, or refused with the field and the reason."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.intake_reading import Refusal, Told, read_binary, read_event

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
CODE = "42010200001320000001"
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "/flood-watch",
    "type": "org.sharpeyes.outside-report.v1",
    "subject": CODE,
    "time": "2026-11-21T16:29:00+08:00",
    "severity": "warning",
    "data": {"kind": "flooding", "text": "水深 30 cm"},
}


def read(event: object) -> Told | Refusal:
    return read_event(json.dumps(event).encode(), NOW)


def test_an_event_is_read() -> None:
    told = read(EVENT)
    assert isinstance(told, Told)
    assert (told.source, told.id, told.device_code) == ("/flood-watch", "a-1", CODE)
    assert told.type is EventType.OUTSIDE_REPORT
    assert told.severity is Severity.WARNING
    assert told.occurred_at == NOW - timedelta(minutes=1)
    assert json.loads(told.data)["text"] == "水深 30 cm"


def test_the_binary_mode_says_the_same() -> None:
    headers = {f"ce-{k}": v for k, v in EVENT.items() if k != "data"}
    headers |= {"CE-Id": "a%2D1", "Content-Type": "application/json"}
    del headers["ce-id"]
    assert read_binary(headers, json.dumps(EVENT["data"]).encode(), NOW) == read(EVENT)
    assert read_binary(headers, b"{", NOW) == Refusal("data", "is not JSON: Expecting property "
        "name enclosed in double quotes: line 1 column 2 (char 1)")  # fmt: skip
    del headers["ce-subject"]
    assert read_binary(headers, b"{}", NOW) == Refusal("subject", "is missing")


def test_the_digest_is_of_what_is_said_and_not_of_how() -> None:
    first = read(EVENT)
    again = read(dict(reversed(EVENT.items())) | {"time": "2026-11-21T08:29:00.000Z"})
    other = read(EVENT | {"severity": "alert"})
    assert isinstance(first, Told)
    assert isinstance(again, Told)
    assert isinstance(other, Told)
    assert first.digest == again.digest != other.digest


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"source": "a b"}, "source"),
        ({"type": "org.sharpeyes.camera.offline.v1"}, "type"),
        ({"type": "com.vendor.face.v1"}, "type"),
        ({"subject": "1234"}, "subject"),
        ({"time": "2026-11-21T16:29:00"}, "time"),
        ({"severity": "catastrophe"}, "severity"),
        ({"severty": "alert"}, "severty"),
        ({"datacontenttype": "text/plain"}, "datacontenttype"),
        ({"data": []}, "data"),
        ({"data": {}}, "data.kind"),
        ({"data": {"kind": "x", "plate": "A1"}}, "data.plate"),
        ({"data": {"kind": "x", "box_xyxy": [0, 0, 1, "1"]}}, "data.box_xyxy[3]"),
        ({"data": {"kind": "x", "started_at": "2026-11-21T17:29:00+08:00"}}, "data.started_at"),
    ],
)
def test_the_field_at_fault_is_named(change: dict[str, Any], field: str) -> None:
    refusal = read(EVENT | change)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field
    assert refusal.reason


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("9999-12-31T23:59:59Z", "in the future"),
        ("9999-12-31T23:59:59-12:00", "in the future"),
        ("0001-01-01T00:00:00+12:00", "days ago"),
        ("1970-01-01T00:00:00Z", "days ago"),
        ("2026-11-22T08:30:01Z", "in the future"),
    ],
)
def test_hostile_26_a_time_that_cannot_be(time: str, reason: str) -> None:
    refusal = read(EVENT | {"time": time})
    assert isinstance(refusal, Refusal)
    assert refusal.field == "time"
    assert reason in refusal.reason


def test_hostile_84_a_clock_may_be_an_hour_behind_or_a_day_ahead() -> None:
    assert isinstance(read(EVENT | {"time": "2026-11-21T07:30:00Z"}), Told)
    assert isinstance(read(EVENT | {"time": "2026-11-22T08:30:00Z"}), Told)


def test_hostile_85_an_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    summer = read(EVENT | {"time": "2026-11-01T01:30:00-04:00"})
    winter = read(EVENT | {"time": "2026-11-01T01:30:00-05:00"})
    assert isinstance(summer, Told)
    assert isinstance(winter, Told)
    assert winter.occurred_at - summer.occurred_at == timedelta(hours=1)


@pytest.mark.parametrize(
    ("raw", "field", "reason"),
    [
        (b"[" * 16_000, "", "nested too deeply"),
        (b'{"data":' + b"[" * 6_000 + b"]" * 6_000 + b"}", "", "nested too deeply"),
        (b"{" + b'"a":{' * 2500 + b"}" * 2501, "", "nested too deeply"),
        (b'"x"', "", "Expected `object`"),
        (b"\xff", "", "not JSON"),
        (b" " * 16_385, "", "more than 16384"),
        (b"", "", "not JSON"),
    ],
)
def test_hostile_21_what_is_no_event_at_all(raw: bytes, field: str, reason: str) -> None:
    refusal = read_event(raw, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field
    assert reason in refusal.reason


def test_hostile_22_a_key_twice() -> None:
    raw = json.dumps(EVENT).encode()
    assert read_event(raw[:-1] + b',"id":"b"}', NOW) == Refusal(
        "id", "is given twice in one object"
    )
    twice = raw.replace(b'"kind"', b'"text":"","kind"')
    assert read_event(twice, NOW) == Refusal("text", "is given twice in one object")


@pytest.mark.parametrize(
    ("was", "twice", "key"),
    [
        # As many colons as keys that are left, were those within strings counted.
        (b'"kind":', b'"text":"","text":":","kind":', "text"),
        (b'"kind":', b'"text" : "" , "kind" :', "text"),
        # The same key in other letters.
        (b'"kind":', b'"kin\\u0064":"y","kind":', "kind"),
        (b'"kind":', b'"box_xyxy":[{"a":1,"a":2}],"kind":', "a"),
    ],
)
def test_hostile_22_a_key_twice_in_disguise(was: bytes, twice: bytes, key: str) -> None:
    raw = json.dumps(EVENT, separators=(",", ":")).encode().replace(was, twice)
    assert read_event(raw, NOW) == Refusal(key, "is given twice in one object")


@pytest.mark.parametrize("text", ["a: b", '": {"', "\\", '\\":', "{:}"])
def test_what_only_looks_like_a_key_is_none(text: str) -> None:
    event = EVENT | {"id": f"{text}1", "data": {"kind": "x", "text": text}}
    told = read_event(json.dumps(event).encode(), NOW)
    assert isinstance(told, Told)
    assert json.loads(told.data)["text"] == text


@pytest.mark.parametrize("number", ["9223372036854775808", "1e400", "-1", "1.5", "NaN"])
def test_hostile_23_a_number_out_of_range(number: str) -> None:
    raw = json.dumps(EVENT | {"data": {"kind": "x", "picture_width_px": 7}}).encode()
    refusal = read_event(raw.replace(b": 7", b": " + number.encode()), NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.field in {"data.picture_width_px", "", "data"}


@pytest.mark.parametrize("half", [r"\u0000", r"\ud800"])
@pytest.mark.parametrize("field", ["id", "source", "kind", "text"])
def test_hostile_24_what_no_database_keeps(half: str, field: str) -> None:
    event = EVENT | {"data": {"kind": "MARK"}} | {field: "MARK"}
    if field in {"kind", "text"}:
        event = EVENT | {"data": {"kind": "x", field: "MARK"}}
    refusal = read_event(json.dumps(event).replace("MARK", half).encode(), NOW)
    assert isinstance(refusal, Refusal)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(EVENT)), _JSON, max_size=3), st.booleans())
def test_whatever_is_sent_is_read_or_refused(changes: dict[str, Any], deep: bool) -> None:
    event = EVENT | {"data": EVENT["data"] | changes} if deep else EVENT | changes
    read_as = read(event)
    if isinstance(read_as, Told):
        assert msgspec.json.decode(read_as.data, type=type(read_as.payload)) == read_as.payload
        assert b"\x00" not in read_as.data.encode()
