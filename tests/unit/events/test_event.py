"""Identities of events, and the words that may be in a payload."""

import random
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from sharpeyes.events.event import PAYLOAD_OF, EventType, Evidence, new_event_id

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)

# Parts of words that would say who somebody is, where "number" or "name" alone would not.
_ABOUT_PERSONS = ("person", "face", "plate", "people", "human", "pedestrian", "driver", "owner")


def test_an_identity_is_a_uuid_of_version_7_that_holds_its_time() -> None:
    identity = uuid.UUID(new_event_id(NOW, random.Random(1)))

    assert identity.version == 7
    assert identity.variant == uuid.RFC_4122
    assert identity.int >> 80 == int(NOW.timestamp() * 1000)


def test_identities_sort_by_time_and_never_hold_a_dot() -> None:
    source = random.Random(2)
    identities = [new_event_id(NOW + timedelta(milliseconds=n), source) for n in range(500)]

    assert identities == sorted(identities)
    assert len(set(identities)) == 500
    assert not any("." in identity for identity in identities)


def test_identities_of_one_millisecond_differ() -> None:
    source = random.Random(3)

    assert len({new_event_id(NOW, source) for _ in range(2000)}) == 2000


def test_a_time_before_1970_makes_no_identity() -> None:
    with pytest.raises(ValueError, match="1969"):
        new_event_id(datetime(1969, 12, 31, tzinfo=UTC), random.Random(4))


def test_evidence_carries_the_hash_of_its_bytes() -> None:
    evidence = Evidence.of(b"abc", width_px=1, height_px=1, taken_at=NOW)

    assert evidence.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("type_", EventType)
def test_no_payload_has_a_field_about_persons(type_: EventType) -> None:
    names = [field.name for field in msgspec.structs.fields(PAYLOAD_OF[type_])]

    assert names
    assert not [n for n in names if any(word in n for word in _ABOUT_PERSONS)]


def test_every_type_is_versioned_and_ours() -> None:
    for type_ in EventType:
        prefix, _, version = type_.rpartition(".")
        assert prefix.startswith("org.sharpeyes.")
        assert version == "v1"
