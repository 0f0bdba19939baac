"""Tidying: what is the same looks the same."""

import sys
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.registry.tidying import tidy

FILE = CameraFile(
    device_code="42010200001320000001", name="x", tier=Tier.CITY, division_code="420102"
)


@pytest.mark.parametrize(
    ("field", "untidy", "tidied"),
    [
        ("name", "  Gate\u3000", "Gate"),
        ("name", "４２号", "４２号"),
        ("name", " ", ""),
        ("device_code", "４２０１０２００００１３２０００００１ ", "4201020000132000001"),
        ("division_code", " ｚone1", "ZONE1"),
        ("host", " [2001:DB8:0:0::1] ", "2001:db8::1"),
        ("host", "Camera-1.Local", "camera-1.local"),
        ("host", "１０。０．0.5", "10.0.0.5"),
        ("ipv6", "2001:0DB8::0:5", "2001:db8::5"),
        ("ipv6", "nonsense", "nonsense"),
        ("mac", "00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7"),
        ("mac", "001b.4411.3ab7", "00-1B-44-11-3A-B7"),
        ("mac", "00-1B-44", "00-1B-44"),
        ("sub_stream_path", " ", None),
        ("snapshot_path", "/s ", "/s"),
        ("model", "", None),
        ("functions", (5, 1, 5), (1, 5)),
        ("contacts", (" a ", "", "b"), ("a", "b")),
        (
            "installed_at",
            datetime(2024, 5, 1, 8, tzinfo=timezone(timedelta(hours=8))),
            datetime(2024, 5, 1, tzinfo=UTC),
        ),
    ],
)
def test_one_way_of_writing(field: str, untidy: object, tidied: object) -> None:
    file = tidy(msgspec.structs.replace(FILE, **{field: untidy}))
    assert getattr(file, field) == tidied
    assert tidy(file) is file


def test_long_nonsense_is_not_remembered() -> None:
    numbers = tuple(range(1000, 0, -1))
    held = sys.getrefcount(numbers)
    assert tidy(msgspec.structs.replace(FILE, functions=numbers)).functions[:2] == (1, 2)
    assert sys.getrefcount(numbers) == held


@pytest.mark.parametrize(
    ("field", "untidy", "tidied"),
    [
        ("mac", "441906112233", "44-19-06-11-22-33"),
        ("device_code", "42010200001320000001\n", "42010200001320000001"),
        ("host", "10.0.0.5 ", "10.0.0.5"),
        ("division_code", "", ""),
        ("ipv4", "", None),
    ],
)
def test_digits_alone_are_tidied_where_they_need_it(
    field: str, untidy: str, tidied: str | None
) -> None:
    file = msgspec.structs.replace(FILE, ipv4="10.0.0.5", host="10.0.0.5")
    assert getattr(tidy(msgspec.structs.replace(file, **{field: untidy})), field) == tidied


def test_the_devices_own_address_is_where_we_connect_unless_we_are_told() -> None:
    own = msgspec.structs.replace(FILE, ipv4="10.0.0.5", ipv6="2001:db8::5")
    assert tidy(own).host == "10.0.0.5"
    assert tidy(msgspec.structs.replace(own, ipv4=None)).host == "2001:db8::5"
    assert tidy(msgspec.structs.replace(own, host="10.9.9.9")).host == "10.9.9.9"
    assert tidy(msgspec.structs.replace(own, poll_mode=PollMode.RECORDER)).host is None
