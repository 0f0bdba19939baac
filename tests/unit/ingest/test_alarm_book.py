"""What of a camera's messages is news."""

from datetime import UTC, datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.devices.onvif_messages import EventMessage, Operation
from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.payload import CameraAlarm
from sharpeyes.events.store import checked_data
from sharpeyes.ingest.alarm_book import AlarmBook, OpenAlarm, Step
from sharpeyes.ingest.alarm_events import event_of
from sharpeyes.registry.camera import Camera, Life, Tier

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOTION = "tns1:VideoSource/MotionAlarm"
TAMPER = "tns1:RuleEngine/TamperDetector/Tamper"
REBOOT = "tns1:Monitoring/OperatingTime/LastReboot"
DARK = "tns1:VideoSource/ImageTooDark/ImagingService"
INITIALIZED, CHANGED, DELETED = Operation
CAMERA = Camera(
    camera_id=7,
    device_code="42010650001327000123",
    name="a",
    tier=Tier.CITY,
    division_code="420106",
    shard=1,
    revision=1,
    life=Life.IN_SERVICE,
    created_at=NOW,
    updated_at=NOW,
)


def message(
    state: str | None,
    operation: Operation = CHANGED,
    *,
    topic: str = MOTION,
    at: str = "2026-11-21T20:00:00Z",
    age_s: float | None = 1.0,
    source: str = "lens",
) -> EventMessage:
    data = {} if state is None else {"State": state, "IsTamper": state, "Status": state}
    return EventMessage(topic, operation, at, age_s, (("Source", source),), data)


def book(interval_s: float = 60, open_alarms: tuple[OpenAlarm, ...] = ()) -> AlarmBook:
    return AlarmBook(timedelta(seconds=interval_s), open_alarms)


def phases(steps: list[Step]) -> list[str]:
    return [step.phase for step in steps]


def test_an_alarm_is_told_when_it_begins_and_when_it_is_over_however_often_it_is_said() -> None:
    known = book()
    told = [message("true")] * 50 + [message("false")] * 2
    begin, end = known.take_in(told, NOW)
    assert (begin.phase, end.phase) == ("start", "end")
    assert begin.at == begin.started_at == end.started_at == NOW - timedelta(seconds=1)
    assert not known.open


@pytest.mark.parametrize("operation", [INITIALIZED, DELETED])
@pytest.mark.parametrize("state", ["true", "false"])
def test_how_things_are_when_somebody_subscribes_is_no_event(
    operation: Operation, state: str
) -> None:
    known = book()
    assert known.take_in([message(state, operation)], NOW) == []
    # Nor that it is still so, nor that it no longer is.
    later = [message("true"), message("false")] if state == "true" else [message("false")]
    if operation is INITIALIZED:
        assert known.take_in(later, NOW) == []


def test_what_began_while_we_listened_and_ended_while_we_did_not_is_told_as_over() -> None:
    before = book()
    before.take_in([message("true", topic=TAMPER)], NOW)
    stored = msgspec.json.encode(tuple(before.open.values()))
    later = book(open_alarms=msgspec.json.decode(stored, type=tuple[OpenAlarm, ...]))
    assert later.take_in([message("true", INITIALIZED, topic=TAMPER)], NOW) == []
    (end,) = later.take_in([message("false", INITIALIZED, topic=TAMPER)], NOW)
    assert (end.phase, end.alarm.kind) == ("end", "tamper")


def test_each_part_of_a_camera_has_alarms_of_its_own() -> None:
    told = [message("true", topic=TAMPER, source=part) for part in ("a", "b")]
    assert [step.source for step in book().take_in(told, NOW)] == ["Source=a", "Source=b"]


def test_motion_is_told_once_a_while_and_then_not_its_end() -> None:
    known = book(interval_s=60)
    told = [message("true"), message("false"), message("true"), message("false")]
    assert phases(known.take_in(told, NOW)) == ["start", "end"]
    assert phases(known.take_in([message("true")], NOW + timedelta(seconds=61))) == ["start"]


def test_motion_of_which_nobody_says_that_it_is_over_is_over_after_a_while() -> None:
    known = book()
    known.take_in([message("true"), message("true", topic=TAMPER)], NOW)
    assert known.take_in([message("true")], NOW + timedelta(minutes=9)) == []
    assert known.take_in([], NOW + timedelta(minutes=18)) == []
    (end,) = known.take_in([], NOW + timedelta(minutes=20))
    assert (end.phase, end.topic, end.at) == ("end", MOTION, NOW + timedelta(minutes=9))
    assert [alarm.kind for alarm in known.open.values()] == ["tamper"]


def test_what_has_no_state_is_told_as_of_a_moment() -> None:
    told = message(None, topic="tns1:VideoSource/tnsaxis:Tampering")
    assert phases(book().take_in([told], NOW)) == ["alert"]


def test_a_restart_is_told_when_a_later_one_is_named_to_who_subscribes_anew() -> None:
    known = book()

    def told(at: str, operation: Operation) -> list[Step]:
        return known.take_in([message(at, operation, topic=REBOOT)], NOW)

    assert told("2026-11-20T08:00:00Z", INITIALIZED) == []
    assert told("2026-11-20T08:00:20Z", INITIALIZED) == []
    # Its clock was set.
    assert told("2026-11-21T08:00:00Z", CHANGED) == []
    assert phases(told("2026-11-21T11:59:00Z", INITIALIZED)) == ["alert"]
    assert told("never", INITIALIZED) == []


def test_what_a_camera_holds_against_its_picture_goes_with_the_subscription() -> None:
    known = book()
    assert known.take_in([message("true", INITIALIZED, topic=DARK)], NOW) == []
    assert known.raised == {DARK}
    known.take_in([message("false", topic=DARK)], NOW)
    assert known.raised == frozenset()
    known.take_in([message("true", topic=DARK)], NOW)
    known.lose()
    assert known.raised == frozenset()


@pytest.mark.parametrize("age_s", [None, -28_800.0, 1e9])
def test_what_cannot_be_told_of_its_age_has_happened_now(age_s: float | None) -> None:
    (step,) = book().take_in([message("true", age_s=age_s)], NOW)
    assert step.at == NOW


def test_an_event_is_one_by_camera_topic_time_and_part() -> None:
    told = message("true", topic=TAMPER)
    (first,), (again,) = (book().take_in([told], NOW + timedelta(seconds=s)) for s in (0, 5))
    one, other = (event_of(CAMERA, step, Random(1)) for step in (first, again))
    assert one.dedup_key == other.dedup_key
    assert one.dedup_key == f"alarm:7:{TAMPER}:2026-11-21T20:00:00Z:Source=lens:start"
    assert (one.type, one.severity) == (EventType.CAMERA_ALARM, Severity.WARNING)
    assert isinstance(one.data, CameraAlarm)
    assert one.data.camera_time == datetime(2026, 11, 21, 20, tzinfo=UTC)


def test_a_clock_that_was_never_set_makes_no_two_events_one() -> None:
    steps = [
        book().take_in([message("true", at="1970-01-01T00:00:09Z")], NOW + timedelta(days=day))
        for day in (0, 1)
    ]
    assert steps[0][0].told_at != steps[1][0].told_at


def test_a_camera_that_never_ceases_is_told_of_no_more() -> None:
    known = book()
    told = [message(state, topic=TAMPER) for state in ("true", "false")] * 500
    told += [message(None, topic="tns1:VideoSource/tnsaxis:Tampering")] * 500
    steps = known.take_in(told, NOW)
    assert phases(steps) == ["start", "end"] * 120
    assert phases(known.take_in(told[:2], NOW + timedelta(hours=1))) == ["start", "end"]


WORDS = st.text(max_size=300)


@given(
    st.lists(
        st.builds(
            EventMessage,
            topic=st.sampled_from([MOTION, TAMPER, REBOOT, DARK, "", "x" * 120]),
            operation=st.sampled_from(Operation),
            told_at=st.one_of(st.just("9999-12-31T23:59:59-23:59"), WORDS),
            age_s=st.one_of(st.none(), st.floats(allow_nan=False, width=32)),
            source=st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple),
            data=st.dictionaries(
                st.sampled_from(["State", "IsTamper", "Status"]),
                st.one_of(st.sampled_from(["true", "false"]), WORDS),
            ),
        ),
        max_size=100,
    )
)
def test_whatever_is_told_memory_is_bounded(messages: list[EventMessage]) -> None:
    known = book(interval_s=0)
    for _ in range(3):
        known.take_in(messages, NOW)
    assert len(known.open) <= 64
    assert len(known.raised) <= 64


def test_hostile_words_make_events_that_can_be_stored() -> None:
    source = (("n" * 64, "v" * 64),) * 8
    told = EventMessage(TAMPER, CHANGED, "9999-12-31T23:59:59Z", 0.0, source, {"IsTamper": "true"})
    (step,) = book().take_in([told], NOW)
    assert checked_data(event_of(CAMERA, step, Random(1)))["kind"] == "tamper"
