"""Lines of hostile CSV files: each bad one is told, and costs no other one anything."""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.csv_lines import LINE_MAX_BYTES, BrokenLine, CsvLine, read_lines
from sharpeyes.registry.errors import ImportFileError


def lines_of(data: bytes) -> list[CsvLine | BrokenLine]:
    return list(read_lines(io.BytesIO(data)))


def test_rows_are_numbered_as_an_editor_does() -> None:
    data = b'\xef\xbb\xbfa,b\r\n\r\n1,"x, y"\n,,\n2,"say ""hi"""'
    assert lines_of(data) == [
        CsvLine(1, ["a", "b"]),
        CsvLine(3, ["1", "x, y"]),
        CsvLine(5, ["2", 'say "hi"']),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,武汉".encode("gb18030"), "is not UTF-8 (byte 0xCE at position 3): save the file as"),
        (b"1,a\x00b", "has a NUL byte at character 4"),
        (b"1,a\rb", "has a carriage return at character 4"),
        (b'1,"never closed', "has a quote that is not closed on the same line"),
        (b'1,"a"b', "is no line of CSV"),
        (b"x" * (LINE_MAX_BYTES + 1), f"is longer than {LINE_MAX_BYTES} bytes"),
    ],
)
def test_a_broken_line_spoils_no_other(line: bytes, reason: str) -> None:
    header, broken, after = lines_of(b"a,b\n" + line + b"\n3,4\n")
    assert header == CsvLine(1, ["a", "b"])
    assert isinstance(broken, BrokenLine)
    assert broken.row == 2
    assert broken.reason.startswith(reason)
    assert after == CsvLine(3, ["3", "4"])


def test_a_line_may_be_just_as_long_as_allowed() -> None:
    [line] = lines_of(b"x" * (LINE_MAX_BYTES - 1) + b"\n")
    assert isinstance(line, CsvLine)


class Endless(io.RawIOBase):
    """200 MB on one line, then a good one."""

    def __init__(self) -> None:
        self._left = [b"a,b\n", *([b"x" * 65_536] * 3200), b"\n1,2\n"]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._left:
            return 0
        chunk = self._left.pop(0)
        head, rest = chunk[: len(buffer)], chunk[len(buffer) :]
        if rest:
            self._left.insert(0, rest)
        buffer[: len(head)] = head
        return len(head)


def test_memory_is_bounded_on_a_line_of_200_mb() -> None:
    source = io.BufferedReader(Endless())
    tracemalloc.start()
    try:
        _, broken, after = read_lines(source)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(broken, BrokenLine)
    assert after == CsvLine(3, ["1", "2"])
    assert peak_bytes < 2_000_000


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04rest", "a spreadsheet (XLSX)"),
        (b"\xd0\xcf\x11\xe0rest", "a spreadsheet (XLS)"),
        ("a,b\n".encode("utf-16"), "UTF-16 text"),
    ],
)
def test_other_formats_are_named(data: bytes, what: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        lines_of(data)
    assert str(caught.value) == f"the file is {what}, not CSV: save it as CSV UTF-8"


@given(st.binary())
def test_any_bytes_are_read_to_their_end(data: bytes) -> None:
    try:
        rows = [line.row for line in lines_of(data)]
    except ImportFileError:
        return
    assert rows == sorted(set(rows))
    assert len(rows) <= data.count(b"\n") + 1
