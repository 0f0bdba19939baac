"""Camera files: what is accepted, and how each refusal is put."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import CameraFile, PollMode, SampleSource, Tier
from sharpeyes.registry.checking import validate
from sharpeyes.registry.code_tables import Edition
from sharpeyes.registry.doubting import doubts
from sharpeyes.registry.errors import FieldProblem
from sharpeyes.registry.tidying import tidy

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WUHAN = Bounds(113.68, 29.96, 115.09, 31.37)
FULL = CameraFile(
    device_code="42010200001320000001",
    name="解放大道与黄浦路口",
    tier=Tier.CITY,
    division_code="420102",
    longitude=114.305539,
    latitude=30.593099,
    host="10.0.0.5",
    main_stream_path="/main",
    maker=1,
    maker_name="某厂",
    model="DS-2CD6",
    firmware="V5.5",
    place_name="黄浦路口",
    ipv4="10.0.0.5",
    ipv6="2001:db8::5",
    mac="00-1B-44-11-3A-B7",
    camera_form=1,
    functions=(1, 5),
    lighting=2,
    codec=4,
    address="江岸区解放大道 1 号",
    place_kinds=(3, 10),
    facing=9,
    networked=True,
    police_station_code="420102530000",
    installed_at=datetime(2024, 5, 1, tzinfo=UTC),
    managing_unit="江岸区分局",
    contacts=("027-85580000", "值班室"),
    recording_days=90,
    sector=1,
    indoor=False,
    field_angle_deg=90.5,
    view_distance_m=150.0,
    filed_on=date(2024, 6, 1),
    sign_in_place=True,
    accepted_until=date(2027, 6, 1),
    recorder_code="42010200001180000001",
    recorder_channel=3,
)
GOOD = CameraFile(
    device_code="42010200001320000001",
    name="解放大道与黄浦路口",
    tier=Tier.CITY,
    division_code="420102",
    longitude=114.305539,
    latitude=30.593099,
    host="10.0.0.5",
    main_stream_path="/Streaming/Channels/101?transportmode=unicast",
    sub_stream_path="/Streaming/Channels/102",
    snapshot_path="/snap.jpg",
    sample_source=SampleSource.KEYFRAME,
)


def problems_of(**changes: object) -> list[FieldProblem]:
    return validate(msgspec.structs.replace(GOOD, **changes), now=NOW)


def test_a_good_file_has_no_problems() -> None:
    assert validate(GOOD, now=NOW) == []
    assert problems_of(host=None, poll_mode=PollMode.NONE, sample_source=SampleSource.NONE) == []
    assert problems_of(longitude=None, latitude=None) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("=1+1", id="hostile_8_formula"),
        pytest.param("@cmd", id="hostile_8_at"),
        pytest.param("<img onerror=alert(1)>", id="hostile_9_markup"),
        "𠮷\ue000㐂",
        "-",
    ],
)
def test_names_are_only_text(name: str) -> None:
    assert problems_of(name=name) == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", "", "must not be empty"),
        ("name", "x" * 201, "has 201 characters, more than 200"),
        ("name", "Road\n7", "has the control character U+000A at character 5"),
        pytest.param(
            "name",
            "\x1b[31mred",
            "has the control character U+001B at character 1",
            id="hostile_76_ansi",
        ),
        pytest.param(
            "name",
            "a\x00b",
            "has the control character U+0000 at character 2",
            id="hostile_24_nul",
        ),
        pytest.param(
            "name",
            "a\ud800",
            "has half of a character, U+D800 at character 2",
            id="hostile_24_surrogate",
        ),
        ("name", "gate\u202egpj", "has the invisible character U+202E at character 5"),
        ("device_code", "42010200001180000001", "type 118 (digits 11-13) means NVR, not camera"),
        ("division_code", "420103", "the device code says 420102"),
        ("division_code", "4201", "must be 6, 9, 12 or 14 digits"),
        ("division_code", "42\x00102", "must be 6, 9, 12 or 14 digits"),
        pytest.param(
            "host",
            "rtsp://u:p@10.0.0.1@evil",
            "must be an address or a host name alone",
            id="hostile_11_two_hosts",
        ),
        ("host", "u:p@10.0.0.1", "must be an address or a host name alone"),
        ("host", "10.0.0.1:8554", "is no IPv6 address; a port has a field of its own"),
        ("host", "10.0.0.256", "is no IPv4 address"),
        ("host", "010.0.0.1", "is no IPv4 address"),
        ("host", "0x7f000001", "is no IPv4 address"),
        ("host", "10.0.0", "is no IPv4 address"),
        ("host", "a b", "is neither an IP address nor a host name"),
        ("host", "-oProxyCommand=x", "is neither an IP address nor a host name"),
        ("host", "摄像头", "is neither an IP address nor a host name"),
        ("host", "0.0.0.0", "is not the address of one device"),
        ("host", "239.255.255.250", "is not the address of one device"),
        ("host", "fe80::1%eth0", "has a scope"),
        pytest.param("rtsp_port", 0, "must be 1 to 65535", id="hostile_10_port_0"),
        pytest.param("http_port", 65536, "must be 1 to 65535", id="hostile_10_port_65536"),
        pytest.param("rtsp_port", -1, "must be 1 to 65535", id="hostile_10_port_minus_1"),
        ("main_stream_path", "live", "must start with /"),
        ("main_stream_path", "/a b", "must be printable ASCII without spaces"),
        ("main_stream_path", "/a\r\nX: y", "must be printable ASCII without spaces"),
        ("snapshot_path", "/" + "a" * 512, "has 513 characters, more than 512"),
        pytest.param("longitude", float("nan"), "lies outside China", id="hostile_7_nan"),
        ("longitude", 2.35, "lies outside China"),
        ("sample_interval_s", 0.0, "must be 0.2 to 86400"),
        ("sample_interval_s", float("nan"), "must be 0.2 to 86400"),
        ("sample_interval_s", float("inf"), "must be 0.2 to 86400"),
    ],
)
def test_one_field_is_refused(field: str, value: object, reason: str) -> None:
    [problem] = problems_of(**{field: value})
    assert problem.field == field
    assert problem.reason.startswith(reason)
    assert problem.value.isprintable()


def test_hostile_6_latitude_and_longitude_swapped() -> None:
    [problem] = problems_of(longitude=30.59, latitude=114.3)
    assert problem.reason == "looks like latitude and longitude are swapped: exchange them"
    assert problem.value == "30.59, 114.3"


def test_fields_that_do_not_agree() -> None:
    assert [p.field for p in problems_of(latitude=None)] == ["latitude"]
    assert [p.field for p in problems_of(longitude=None)] == ["longitude"]
    assert [p.field for p in problems_of(host=None)] == ["host"]
    assert [p.field for p in problems_of(poll_mode=PollMode.ON_REQUEST)] == ["sample_source"]
    pathless = {"main_stream_path": None, "sub_stream_path": None, "snapshot_path": None}
    assert [p.field for p in problems_of(**pathless)] == ["main_stream_path"]
    snapshot = pathless | {"sample_source": SampleSource.SNAPSHOT}
    assert [p.field for p in problems_of(**snapshot)] == ["snapshot_path"]


def test_a_division_taken_from_a_broken_code_is_not_blamed() -> None:
    [problem] = problems_of(device_code="4201", division_code="4201")
    assert problem.field == "device_code"
    lacking = problems_of(device_code="4201", division_code="")
    assert [p.field for p in lacking] == ["device_code", "division_code"]
    both = problems_of(device_code="4201", division_code="elsewhere")
    assert [p.field for p in both] == ["device_code", "division_code"]


def test_all_problems_are_told_at_once() -> None:
    fields = [p.field for p in problems_of(name="", host="a b", rtsp_port=0, longitude=2.0)]
    assert fields == ["name", "longitude", "host", "rtsp_port"]


@pytest.mark.parametrize(
    "path", ["/user=admin&password=s3cret&channel=1", "/live?PASSWD=s3cret", "/x?u=a&pwd=s3cret"]
)
def test_a_password_in_a_path_is_refused_and_not_repeated(path: str) -> None:
    [problem] = problems_of(main_stream_path=path)
    assert "must not hold a password" in problem.reason
    assert "s3cret" not in str(problem)
    assert "***" in problem.value


def refused(**changes: object) -> list[tuple[str, str]]:
    changed = msgspec.structs.replace(FULL, **changes)
    return [(p.field, p.reason) for p in validate(changed, now=NOW, bounds=WUHAN)]


def test_a_whole_file_has_no_problems() -> None:
    assert refused() == []
    assert tidy(FULL) is FULL


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("tier", Tier.POLICE, ""),
        ("maker", 16, "must be one of 1, 2, 3,"),
        ("maker", -1, "must be one of 1, 2, 3,"),
        ("camera_form", 6, "must be one of 1, 2, 3, 4, 5, 99 (camera form)"),
        ("functions", (1, 7, 8), "must be one of 1, 2, 3, 4, 5, 6, 99 (function)"),
        ("place_kinds", (16,), "must be one of 1, 2,"),
        ("lighting", 4, "4 is a value of the edition of 2022 only: give code_edition 2022"),
        pytest.param("codec", 2**63, "must be one of 1, 2, 3, 4", id="hostile_23_2_to_63"),
        ("facing", 0, "must be one of 1, 2,"),
        ("sector", 19, "must be one of 1, 2,"),
        ("ipv4", "10.0.0.256", "must be an IPv4 address such as 10.0.0.5"),
        ("ipv4", "010.0.0.1", "must be an IPv4 address"),
        ("ipv4", "10.0.0.1\x00", "must be an IPv4 address"),
        ("ipv4", "2001:db8::5", "is an IPv6 address: it belongs into ipv6"),
        ("ipv4", "127.0.0.1", "is not the address of one device"),
        ("ipv4", "255.255.255.255", "is not the address of one device"),
        ("ipv6", "10.0.0.5", "is an IPv4 address: it belongs into ipv4"),
        ("ipv6", "2001:db8::5::1", "must be an IPv6 address"),
        ("ipv6", "ff02::1", "is not the address of one device"),
        ("ipv6", "::1", "is not the address of one device"),
        ("mac", "00-1B-44-11-3A", "must be a MAC address such as AA-BB-CC-DD-EE-FF"),
        ("mac", "00-00-00-00-00-00", "is not the MAC address of one device"),
        ("mac", "01-00-5E-00-00-01", "is not the MAC address of one device"),
        ("police_station_code", "42010253", "must be 12 digits (GA/T 380)"),
        ("installed_at", datetime(2026, 11, 23, tzinfo=UTC), "lies in the future"),
        pytest.param(
            "installed_at",
            datetime(9999, 12, 31, 23, tzinfo=UTC),
            "lies in the future",
            id="hostile_26_year_9999",
        ),
        pytest.param(
            "installed_at",
            datetime(1970, 1, 1, tzinfo=UTC),
            "lies before 1980",
            id="hostile_26_year_1970",
        ),
        ("installed_at", datetime(1, 1, 1, tzinfo=UTC), "lies before 1980"),
        ("installed_at", datetime(2024, 5, 1), "must have a time zone"),  # noqa: DTZ001
        ("filed_on", date(2026, 12, 1), "lies in the future"),
        ("filed_on", date(1900, 1, 1), "lies before 1980"),
        ("accepted_until", date(2024, 4, 30), "lies before the installation (2024-05-01)"),
        ("accepted_until", date(9999, 1, 1), "must lie between 1980 and 2099"),
        ("recording_days", -1, "must be 0 to 3650"),
        ("recording_days", 2**63, "must be 0 to 3650"),
        ("field_angle_deg", float("nan"), "must be 1 to 360"),
        ("view_distance_m", float("inf"), "must be 0.1 to 100000"),
        ("recorder_channel", 0, "must be 1 to 65535"),
        ("recorder_code", "42010200001320000001", "type 132 (digits 11-13) is no recorder"),
        ("recorder_code", "4201", "has 4 digits, not 20"),
        ("contacts", ("027/028",), "has a /, which stands between contacts"),
        ("contacts", ("x" * 101,), "has 101 characters, more than 100"),
        ("contacts", ("x",) * 11, "has more than 10 contacts"),
        ("address", "a\u202eb", "has the invisible character U+202E at character 2"),
        ("managing_unit", "a\x00", "has the control character U+0000 at character 2"),
        ("osd_text", "\udfff", "has half of a character, U+DFFF at character 1"),
        ("device_code", "42010200001180000001", "type 118 (digits 11-13) means NVR, not camera"),
        ("device_code", "420102000013200000", "has 18 digits: it is a code of the older rule B"),
        ("device_code", "42010200\u200b001320000001", "has the invisible character U+200B"),
        ("longitude", 116.4, "lies outside the division (longitude 113.68 to 115.09,"),
        ("latitude", 39.9, "lies outside the division"),
    ],
)
def test_one_field_of_the_whole_file_is_refused(field: str, value: object, reason: str) -> None:
    found = refused(**{field: value})
    if not reason:
        assert found == []
        return
    [(name, why)] = found
    assert name == field
    assert why.startswith(reason)
    assert why.isprintable()


@pytest.mark.parametrize(("field", "address"), [("ipv4", "10.0.0.256"), ("ipv6", "ff02::1")])
def test_an_address_that_became_the_host_is_refused_once(field: str, address: str) -> None:
    without = msgspec.structs.replace(FULL, host=None, ipv4=None, ipv6=None)
    file = tidy(msgspec.structs.replace(without, **{field: address}))
    assert file.host == address
    assert [problem.field for problem in validate(file, now=NOW)] == [field]


def test_an_edition_decides_what_a_value_means() -> None:
    newer = Edition.E2022
    assert refused(code_edition=newer, lighting=4) == []
    [(field, reason)] = refused(code_edition=newer, tier=Tier.POLICE)
    assert (field, reason[:37]) == ("tier", "4 is a value of the edition of 2016 o")


def test_a_recorder_is_needed_to_ask_through_one() -> None:
    through = {"poll_mode": PollMode.RECORDER}
    assert refused(**through) == []
    found = refused(**through, recorder_code=None, recorder_channel=None, host=None)
    assert [field for field, _ in found] == ["host", "recorder_code", "recorder_channel"]


def test_days_are_those_of_china_as_in_the_sheet() -> None:
    # There it is the first of May already.
    file = msgspec.structs.replace(
        FULL,
        installed_at=datetime(2024, 4, 30, 16, tzinfo=UTC),
        accepted_until=date(2024, 4, 30),
    )
    [problem] = validate(file, now=NOW)
    assert problem.reason == "lies before the installation (2024-05-01)"
    file = msgspec.structs.replace(FULL, installed_at=datetime(2029, 12, 31, 16, tzinfo=UTC))
    assert validate(file, now=NOW)[0].value == "2030-01-01 00:00:00"
    file = msgspec.structs.replace(FULL, installed_at=datetime(2998, 12, 31, 16, tzinfo=UTC))
    assert validate(file, now=NOW)[0].value == "2999-01-01 00:00:00"


def test_hostile_26_a_clock_may_be_a_day_ahead() -> None:
    assert refused(installed_at=NOW + timedelta(hours=23)) == []


@pytest.mark.parametrize("name", ["𠮷野", "㐀", "𠀀路", "\ue000", "龦", "Ａ４２"])
def test_rare_characters_survive(name: str) -> None:
    assert refused(name=name, address=name, contacts=(name,)) == []
    assert tidy(msgspec.structs.replace(FULL, name=name)).name == name


_any_text = st.none() | st.text(max_size=60)
_any_number = st.none() | st.integers() | st.sampled_from([0, 1, 4, 9, 99])


@given(
    st.fixed_dictionaries(
        {
            "device_code": st.text(max_size=25) | st.from_regex(r"[0-9]{20}", fullmatch=True),
            "name": st.text(),
            "tier": st.sampled_from(Tier),
            "division_code": st.text(max_size=20) | st.from_regex(r"[0-9]{6,14}", fullmatch=True),
            "code_edition": st.sampled_from(Edition),
            "longitude": st.none() | st.floats(),
            "latitude": st.none() | st.floats(),
            "rtsp_port": st.integers(),
            "sample_interval_s": st.floats(),
            "poll_mode": st.sampled_from(PollMode),
            "sample_source": st.sampled_from(SampleSource),
            "functions": st.lists(st.integers(), max_size=4).map(tuple),
            "contacts": st.lists(st.text(), max_size=12).map(tuple),
            "installed_at": st.none() | st.datetimes(timezones=st.none() | st.just(UTC)),
            "filed_on": st.none() | st.dates(),
            "accepted_until": st.none() | st.dates(),
            "networked": st.none() | st.booleans(),
        },
        optional={
            **dict.fromkeys(
                ("host", "main_stream_path", "ipv4", "ipv6", "mac", "model"), _any_text
            ),
            **dict.fromkeys(("police_station_code", "recorder_code", "address"), _any_text),
            **dict.fromkeys(("maker", "lighting", "codec", "recording_days"), _any_number),
            "field_angle_deg": st.none() | st.floats(),
        },
    )
)
def test_any_file_is_judged_in_printable_words(fields: dict[str, object]) -> None:
    file = tidy(CameraFile(**fields))  # type: ignore[arg-type]  # each strategy has its type
    assert tidy(file) == file or file != file  # noqa: PLR0124  # a NaN equals nothing
    problems = validate(file, now=NOW, bounds=WUHAN)
    for remark in [*problems, *doubts(file, now=NOW)]:
        assert str(remark).isprintable()
        assert len(remark.value) <= 80
        assert remark.reason
