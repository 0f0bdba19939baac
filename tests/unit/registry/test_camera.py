"""Camera files: what is accepted, and how each refusal is put."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.camera import CameraFile, FiledCamera, PollMode, SampleSource, Tier
from sharpeyes.registry.checking import tidy, validate
from sharpeyes.registry.errors import FieldProblem

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
    return validate(msgspec.structs.replace(GOOD, **changes))


def test_a_good_file_has_no_problems() -> None:
    assert validate(GOOD) == []
    assert problems_of(host=None, poll_mode=PollMode.NONE, sample_source=SampleSource.NONE) == []
    assert problems_of(longitude=None, latitude=None) == []


@pytest.mark.parametrize("name", ["<img onerror=alert(1)>", "=1+1", "@cmd", "𠮷\ue000㐂", "-"])
def test_names_are_only_text(name: str) -> None:
    assert problems_of(name=name) == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", "", "must not be empty"),
        ("name", "x" * 201, "has 201 characters, more than 200"),
        ("name", "Road\n7", "has the control character U+000A at character 5"),
        ("name", "\x1b[31mred", "has the control character U+001B at character 1"),
        ("name", "a\x00b", "has the control character U+0000 at character 2"),
        ("name", "a\ud800", "has half of a character, U+D800 at character 2"),
        ("name", "gate\u202egpj", "has the invisible character U+202E at character 5"),
        ("device_code", "42010200001180000001", "type 118 (digits 11-13) means NVR, not camera"),
        ("division_code", "420103", "the device code says 420102"),
        ("division_code", "4201", "must be 6, 9, 12 or 14 digits"),
        ("division_code", "42\x00102", "must be 6, 9, 12 or 14 digits"),
        ("host", "rtsp://u:p@10.0.0.1@evil", "must be an address or a host name alone"),
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
        ("rtsp_port", 0, "must be 1-65535"),
        ("http_port", 65536, "must be 1-65535"),
        ("rtsp_port", -1, "must be 1-65535"),
        ("main_stream_path", "live", "must start with /"),
        ("main_stream_path", "/a b", "must be printable ASCII without spaces"),
        ("main_stream_path", "/a\r\nX: y", "must be printable ASCII without spaces"),
        ("snapshot_path", "/" + "a" * 512, "has 513 characters, more than 512"),
        ("longitude", float("nan"), "lies outside China"),
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


def test_fields_that_do_not_agree() -> None:
    [problem] = problems_of(longitude=30.59, latitude=114.3)
    assert problem.reason == "longitude and latitude look swapped"
    assert problem.value == "30.59, 114.3"
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
    both = problems_of(device_code="4201", division_code="elsewhere")
    assert [p.field for p in both] == ["device_code", "division_code"]


def test_all_problems_are_told_at_once() -> None:
    fields = [p.field for p in problems_of(name="", host="a b", rtsp_port=0, longitude=2.0)]
    assert fields == ["name", "host", "rtsp_port", "longitude"]


@pytest.mark.parametrize(
    "path", ["/user=admin&password=s3cret&channel=1", "/live?PASSWD=s3cret", "/x?u=a&pwd=s3cret"]
)
def test_a_password_in_a_path_is_refused_and_not_repeated(path: str) -> None:
    [problem] = problems_of(main_stream_path=path)
    assert "must not hold a password" in problem.reason
    assert "s3cret" not in str(problem)
    assert "***" in problem.value


def test_tidying() -> None:
    untidy = msgspec.structs.replace(
        GOOD, name="  Gate\u3000", host=" [2001:DB8::1] ", sub_stream_path=" ", snapshot_path="/s "
    )
    tidied = tidy(untidy)
    assert (tidied.name, tidied.host) == ("Gate", "2001:db8::1")
    assert (tidied.sub_stream_path, tidied.snapshot_path) == (None, "/s")
    assert tidy(tidied) == tidied


def registered(**changes: object) -> FiledCamera:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    fields = msgspec.structs.asdict(msgspec.structs.replace(GOOD, **changes))
    return FiledCamera(**fields, camera_id=1, shard=1, revision=1, created_at=now, updated_at=now)


def test_addresses() -> None:
    camera = registered(rtsp_port=8554)
    assert camera.main_stream_url == (
        "rtsp://10.0.0.5:8554/Streaming/Channels/101?transportmode=unicast"
    )
    assert camera.snapshot_url == "http://10.0.0.5:80/snap.jpg"
    assert camera.onvif_url == "http://10.0.0.5:80/onvif/device_service"
    assert registered(host="2001:db8::1").sub_stream_url == (
        "rtsp://[2001:db8::1]:554/Streaming/Channels/102"
    )
    assert registered(sub_stream_path=None).sub_stream_url is None
    assert registered(host=None).onvif_url is None


@pytest.mark.parametrize("tier", Tier)
def test_tiers_have_a_word_and_a_number(tier: Tier) -> None:
    assert Tier.parse(tier.word) is Tier.parse(str(tier.value)) is Tier.parse(tier.word.upper())
    assert Tier.parse(tier.word) is tier


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be one of city \(1\), district \(2\)"):
        Tier.parse("5")


@given(
    st.builds(
        CameraFile,
        device_code=st.text(max_size=25),
        name=st.text(),
        tier=st.sampled_from(Tier),
        division_code=st.text(max_size=20),
        longitude=st.none() | st.floats(),
        latitude=st.none() | st.floats(),
        host=st.none() | st.text(),
        rtsp_port=st.integers(),
        main_stream_path=st.none() | st.text(),
        sample_interval_s=st.floats(),
    )
)
def test_any_file_is_judged_in_printable_words(file: CameraFile) -> None:
    for problem in validate(tidy(file)):
        assert str(problem).isprintable()
        assert len(problem.value) <= 80
