"""Every reason for refusing a camera's file or a row has its Chinese words."""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

import sharpeyes.service
from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import NO_PATH, CameraFile, PollMode, Tier
from sharpeyes.registry.cell_text import READERS
from sharpeyes.registry.checking import validate
from sharpeyes.registry.csv_lines import LINE_MAX_BYTES, Encoding, read_lines
from sharpeyes.registry.errors import ImportFileError
from sharpeyes.registry.sheet_layout import read_layout
from sharpeyes.registry.sheet_mapping import NO_MAPPING
from sharpeyes.registry.sheet_row import BrokenRow
from sharpeyes.service.words import evidence_in

REASONS = json.loads(
    (Path(sharpeyes.service.__file__).parent / "dashboard/i18n/reasons.json").read_text("utf-8")
)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOOD = CameraFile(
    device_code="42010200001320000001",
    name="解放大道",
    tier=Tier.CITY,
    division_code="420102",
    longitude=114.3,
    latitude=30.6,
    host="10.0.0.5",
    main_stream_path="/main",
    poll_mode=PollMode.DIRECT,
)
WRONG: dict[str, list[object]] = {
    "device_code": [
        *("4201", "420102000013200000", "42010200001180000001", "42010200009990000001", "x"),
        *("99010200001320000001", "42000200001320000001", "42010200001329000001", "1.2e+19"),
        *("４２０１０２００００１３２０００００１", ""),
    ],
    "name": ["", "x" * 201, "a\x00", "a\u202e", "a\ud800", "a\u2028"],
    "division_code": ["4201", "420103"],
    "longitude": [30.6, 2.0, None, 116.0],
    "latitude": [None],
    "host": ["rtsp://u:p@h", "10.0.0.256", "::1::2", "a b", "fe80::1%eth0", "0.0.0.0", None],
    "main_stream_path": ["live", "/a b", "/a?password=x", "/" + "a" * 600],
    "ipv4": ["10.0.0.300", "2001:db8::5", "127.0.0.1"],
    "ipv6": ["x", "10.0.0.5", "::1"],
    "mac": ["x", "00-00-00-00-00-00"],
    "rtsp_port": [0],
    "maker": [16],
    "functions": [(7,)],
    "lighting": [4],
    "police_station_code": ["42"],
    "contacts": [("a/b",), ("x",) * 11],
    "installed_at": [
        datetime(2999, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2024, 5, 1),  # noqa: DTZ001  # that is what is wrong with it
    ],
    "filed_on": [date(2999, 1, 1)],
    "accepted_until": [date(9999, 1, 1)],
    "recorder_code": ["42010200001320000001"],
}


def of_files() -> Iterator[str]:
    bounds = Bounds(113.68, 29.96, 115.09, 31.37)
    for field, values in WRONG.items():
        for value in values:
            file = msgspec.structs.replace(GOOD, **{field: value})
            problems = validate(file, now=NOW, bounds=bounds)
            assert problems, (field, value)
            yield from (problem.reason for problem in problems)
    dates = {"installed_at": datetime(2024, 5, 1, tzinfo=UTC), "accepted_until": date(2024, 4, 1)}
    for problem in validate(msgspec.structs.replace(GOOD, **dates), now=NOW):
        yield problem.reason


def of_cells() -> Iterator[str]:
    for reader in filter(None, READERS.values()):
        for text in ("?", "2023-02-29", "2024-05-01 08:30", "39,9"):
            with contextlib.suppress(ValueError):
                reader(text)
                continue
            with pytest.raises(ValueError, match=r".") as refused:
                reader(text)
            yield str(refused.value)


def of_lines() -> Iterator[str]:
    lines = (b"a\xff", b"a\x00", b"a\rb", b'"a', b'"a"b', b"x" * (LINE_MAX_BYTES + 1))
    for line in lines:
        for row in read_lines(io.BytesIO(line + b"\n"), Encoding.UTF8):
            assert isinstance(row, BrokenRow)
            yield row.reason


def of_headers() -> Iterator[str]:
    for header in (["设备编号码", "x"], ["%%"], ["device_code"]):
        with pytest.raises(ImportFileError) as refused:
            read_layout(header, NO_MAPPING)
        yield str(refused.value)


SAMPLES = sorted({*of_files(), *of_cells(), *of_lines(), *of_headers(), NO_PATH})


@pytest.mark.parametrize("reason", SAMPLES, ids=lambda reason: reason[:40])
def test_a_reason_has_chinese_words(reason: str) -> None:
    chinese = [words for pattern, words in REASONS if re.fullmatch(pattern, reason)]
    assert chinese, reason


CODED = [reason for reason in SAMPLES if re.match(r"must be (one|some) of (city|\d+ \()", reason)]


@pytest.mark.parametrize("reason", CODED, ids=lambda reason: reason[:40])
def test_codes_are_listed_with_their_chinese_labels(reason: str) -> None:
    assert not re.search("[a-z]{3}", evidence_in("zh", reason))


def test_the_words_take_only_what_their_pattern_finds() -> None:
    for pattern, words in REASONS:
        named = {int(number) for number in re.findall(r"\$(\d)", words)}
        assert named <= set(range(1, re.compile(pattern).groups + 1)), pattern
        assert re.search("[\u4e00-\u9fff]", words), pattern
