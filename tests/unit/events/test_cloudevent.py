"""The body that receivers get."""

import json

import msgspec
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from sharpeyes.events.cloudevent import CONTENT_TYPE, MAX_SOURCE_CHARACTERS, body
from sharpeyes.events.event import Event
from sharpeyes.events.settings import EventSettings

SOURCE = "/sharpeyes/main"


def test_the_reference_library_reads_the_body(event: Event) -> None:
    read = JSONFormat().read(CloudEvent, body(event, SOURCE))

    assert read.get_specversion() == "1.0"
    assert read.get_id() == event.event_id
    assert read.get_source() == SOURCE
    assert read.get_type() == "org.sharpeyes.camera.offline.v1"
    assert read.get_subject() == "42010650001327000123"
    assert read.get_time() == event.occurred_at
    assert read.get_extension("sequence") == "000000000042"
    assert read.get_extension("severity") == "warning"
    assert read.get_data() == event.data
    assert CONTENT_TYPE == "application/cloudevents+json"


def test_the_body_is_the_same_however_often_and_from_however_equal_a_row(event: Event) -> None:
    again = msgspec.convert(msgspec.json.decode(msgspec.json.encode(event)), Event)

    assert body(again, SOURCE) == body(event, SOURCE)


def test_a_picture_is_a_link_and_a_hash_also_when_it_is_no_longer_kept(event: Event) -> None:
    kept = msgspec.structs.replace(event, evidence_id="e", evidence_sha256="ab" * 32)
    deleted = msgspec.structs.replace(kept, evidence_id=None)

    assert json.loads(body(kept, SOURCE))["data"]["evidence"] == {
        "sha256": "ab" * 32,
        "url": f"/api/v1/events/{event.event_id}/picture",
    }
    assert body(kept, SOURCE) == body(deleted, SOURCE)


def test_sequences_order_as_text(event: Event) -> None:
    def sequence(number: int) -> str:
        numbered = msgspec.structs.replace(event, sequence=number)
        return str(json.loads(body(numbered, SOURCE))["sequence"])

    assert sequence(9) < sequence(10) < sequence(2_000_000_000)


def test_no_setting_makes_a_longer_source_than_was_counted_with() -> None:
    assert len(EventSettings(instance="x" * 63).source) == MAX_SOURCE_CHARACTERS
