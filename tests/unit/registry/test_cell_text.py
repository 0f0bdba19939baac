"""Cells: what texts mean, how values are written, and that both fit."""

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.camera import Life, PollMode, SampleSource, Tier
from sharpeyes.registry.cell_text import READERS, WRITERS, Value
from sharpeyes.registry.code_tables import Edition
from sharpeyes.registry.fields import fold
from sharpeyes.registry.sheet import BY_TARGET, SHEET, Kind


def read(target: str, text: str) -> Value:
    reader = READERS[target]
    return text if reader is None else reader(text)


def write(target: str, value: Value) -> str:
    writer = WRITERS[target]
    return str(value) if writer is None else writer(value)


MORNING = datetime(2024, 5, 1, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("target", "text", "value"),
    [
        ("device_code", "４２０１０２００００１３２００００００１", "42010200001320000001"),
        ("division_code", "ＺＯＮＥ１", "ZONE1"),
        ("ipv4", "１０。０。０。５", "10.0.0.5"),
        ("name", "４２号　路口", "４２号　路口"),
        ("tier", "1", Tier.CITY),
        ("tier", "District", Tier.DISTRICT),
        ("tier", "三类视频监控点", Tier.SOCIAL),
        ("maker", "99", 99),
        ("maker", "99 (other)", 99),
        ("maker", "99（其他）", 99),
        ("tier", "city (1)", Tier.CITY),
        ("tier", "1（一类视频监控点）", Tier.CITY),
        ("functions", "1 (vehicle checkpoint)/3（微卡口）", (1, 3)),
        ("camera_form", "球机", 1),
        ("camera_form", "１", 1),
        ("functions", "5/1", (1, 5)),
        ("functions", "5 / 1/5", (1, 5)),
        ("functions", "普通监控、车辆卡口", (1, 5)),
        ("functions", "1/5/", (1, 5)),
        ("place_kinds", "99", (99,)),
        ("place_kinds", "03/10", (3, 10)),
        ("camera_form", "01", 1),
        ("lighting", "laser", 4),
        ("longitude", "114.305539", 114.305539),
        ("longitude", "１１４．３", 114.3),
        ("networked_code", "0", True),
        ("networked_code", "1", False),
        ("networked_code", "已联网", True),
        ("networked_code", "否", False),
        ("networked", "yes", True),
        ("networked", "否", False),
        ("indoor_code", "1", False),
        ("indoor_code", "2", True),
        ("indoor", "是", True),
        ("sign_in_place", "1", True),
        ("sign_in_place", "0", False),
        ("sign_in_place", "无", False),
        ("device_state", "1", Life.IN_SERVICE),
        ("device_state", "维修", Life.MAINTENANCE),
        ("device_state", "3", Life.REMOVED),
        ("contacts", "027-85580000 / 值班室", ("027-85580000", "值班室")),
        ("recording_days", "90", 90),
        ("code_edition", "GB/T 28181-2022", Edition.E2022),
        ("poll_mode", "Recorder", PollMode.RECORDER),
        ("sample_source", "keyframe", SampleSource.KEYFRAME),
        ("installed_at", "2024-05-01 08:30:00", MORNING),
        ("installed_at", "2024/5/1 8:30", MORNING),
        ("installed_at", "2024年5月1日 08:30", MORNING),
        ("installed_at", "2024-05-01T00:30:00Z", MORNING),
        ("installed_at", "2024-05-01T09:30:00+09:00", MORNING),
        ("installed_at", "20240501", MORNING - timedelta(hours=8, minutes=30)),
        ("installed_at", "20240501083000", MORNING),
        ("installed_at", "2024年5月1日8时30分", MORNING),
        ("installed_at", "2024年5月1日 08时30分00秒", MORNING),
        ("installed_at", "45413", MORNING - timedelta(hours=8, minutes=30)),
        ("installed_at", "45413.354166667", MORNING),
        ("filed_on", "2024-05-01", date(2024, 5, 1)),
        ("filed_on", "2024-05-01 00:00:00", date(2024, 5, 1)),
        ("filed_on", "45413", date(2024, 5, 1)),
    ],
)
def test_what_a_cell_means(target: str, text: str, value: Value) -> None:
    found = read(target, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("target", "text", "reason"),
    [
        ("tier", "5", "must be one of city (1), district (2), social (3), police (4), other (9)"),
        pytest.param(
            "longitude",
            "39,9",
            "must be a plain number, with a dot as its decimal sign",
            id="hostile_7_comma",
        ),
        pytest.param("longitude", "NaN", "must be a plain number", id="hostile_7_nan"),
        pytest.param("longitude", "1e309", "must be a plain number", id="hostile_7_infinite"),
        ("recording_days", "90 days", "must be a whole number"),
        ("recording_days", "9" * 5000, "must be a whole number"),
        ("facing", "10", "must be one of 1 (east), 2 (west)"),
        ("functions", "1/7", "must be some of 1 (vehicle checkpoint)"),
        ("functions", "/", "must be some of 1 (vehicle checkpoint)"),
        ("functions", "1//2", "must be some of 1 (vehicle checkpoint)"),
        ("networked", "0", "must be yes or no; numbers belong into a column networked_code"),
        ("indoor", "1", "must be yes or no; numbers belong into a column indoor_code"),
        ("networked_code", "2", "must be one of 0 (networked), 1 (not networked)"),
        ("device_state", "4", "must be one of 1 (in use)"),
        ("installed_at", "2024-13-01", "is no date and time of the calendar"),
        ("installed_at", "2023-02-29", "is no date and time of the calendar"),
        ("installed_at", "0001-01-01", "is no date and time of the calendar"),
        ("installed_at", "1.5.2024", "must be a date such as 2024-05-01"),
        ("installed_at", "2024-05-01 08:30+99:00", "is no date and time of the calendar"),
        ("installed_at", "202405010830001", "must be a date such as 2024-05-01"),
        ("installed_at", "20240501253000", "is no date and time of the calendar"),
        ("filed_on", "2024-05-01 08:30", "must be a day alone"),
        ("code_edition", "2011", "must be 2016 or 2022"),
        ("poll_mode", "sometimes", "must be one of direct, recorder, on_request, none"),
    ],
)
def test_what_means_nothing_is_refused(target: str, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read(target, text)
    assert str(caught.value).startswith(reason)


def test_networked_is_inverted_in_the_exchanged_sheet_only() -> None:
    assert (write("networked_code", value=True), write("networked", value=True)) == ("0", "yes")
    assert (write("networked_code", value=False), write("networked", value=False)) == ("1", "no")


_PLAIN_TEXT = st.text(st.characters(exclude_characters="/／"), min_size=1).map(str.strip)
_OF_KIND: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.NUMBER: st.floats(0.2, 1000),
    Kind.WHOLE: st.integers(0, 10**9 - 1),
    Kind.TEXTS: st.lists(_PLAIN_TEXT.filter(bool), min_size=1).map(tuple),
    Kind.YES_NO: st.booleans(),
    Kind.TIME: st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # the bounds have none
    Kind.DAY: st.dates(date(2, 1, 1), date(9998, 1, 1)),
}
_OWN: dict[str, st.SearchStrategy[Value]] = {
    "tier": st.sampled_from(Tier),
    "code_edition": st.sampled_from(Edition),
    "poll_mode": st.sampled_from(PollMode),
    "sample_source": st.sampled_from(SampleSource),
    "networked_code": st.booleans(),
    "indoor_code": st.booleans(),
    "device_state": st.sampled_from([life for life in Life if life is not Life.PLANNED]),
}


@st.composite
def target_and_value(draw: st.DrawFn) -> tuple[str, Value]:
    field = draw(st.sampled_from(SHEET))
    if field.target in _OWN:
        return field.target, draw(_OWN[field.target])
    if field.codes is not None:
        numbers = st.sampled_from(sorted(field.codes.values))
        if field.kind is Kind.CODES:
            several = st.sets(numbers, min_size=1).map(lambda found: tuple(sorted(found)))
            return field.target, draw(several)
        return field.target, draw(numbers)
    ascii_text = st.text(st.characters(max_codepoint=126, min_codepoint=33), min_size=1)
    return field.target, draw(_OF_KIND.get(field.kind, ascii_text))


@given(target_and_value())
def test_what_is_written_is_read_as_itself(pair: tuple[str, Value]) -> None:
    target, value = pair
    found = read(target, write(target, value))
    assert found == value
    assert type(found) is type(value)


@given(st.sampled_from(sorted(BY_TARGET)), st.text(min_size=1))
def test_any_text_is_read_or_refused_in_printable_words(target: str, text: str) -> None:
    with contextlib.suppress(ValueError):
        read(target, text)
        return
    with pytest.raises(ValueError, match=r".") as caught:
        read(target, text)
    assert str(caught.value).isprintable()


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
