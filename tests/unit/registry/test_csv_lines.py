"""Lines of hostile CSV files: each bad one is told, and costs no other one anything."""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.csv_lines import (
    LINE_MAX_BYTES,
    Encoding,
    find_encoding,
    guard_formula,
    read_lines,
    unguard_formula,
)
from sharpeyes.registry.errors import ImportFileError
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow


def lines_of(data: bytes) -> list[SheetRow | BrokenRow]:
    source = io.BytesIO(data)
    return list(read_lines(source, find_encoding(source)))


def test_rows_are_numbered_as_an_editor_does() -> None:
    data = b'\xef\xbb\xbfa,b\r\n\r\n1,"x, y"\n,,\n2,"say ""hi"""'
    assert lines_of(data) == [
        SheetRow(1, ["a", "b"]),
        SheetRow(3, ["1", "x, y"]),
        SheetRow(5, ["2", 'say "hi"']),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "1,武汉".encode("gb18030"),
            "is not UTF-8 (byte 0xCE at 3): it looks like GBK, and the rest",
        ),
        pytest.param(b"1,a\x00b", "has a NUL byte at character 4", id="hostile_2_nul"),
        (b"1,a\rb", "has a carriage return at character 4"),
        pytest.param(
            b'1,"never closed',
            "has a quote that is not closed on the same line",
            id="hostile_4_unclosed_quote",
        ),
        (b'1,"a"b', "is no line of CSV"),
        pytest.param(
            b"x" * (LINE_MAX_BYTES + 1),
            f"is longer than {LINE_MAX_BYTES} bytes",
            id="hostile_3_long_line",
        ),
    ],
)
def test_a_broken_line_spoils_no_other(line: bytes, reason: str) -> None:
    header, broken, after = lines_of("街,b\n".encode() + line + b"\n3,4\n")
    assert header == SheetRow(1, ["街", "b"])
    assert isinstance(broken, BrokenRow)
    assert broken.row == 2
    assert broken.reason.startswith(reason)
    assert after == SheetRow(3, ["3", "4"])


def test_a_line_may_be_just_as_long_as_allowed() -> None:
    [line] = lines_of(b"x" * (LINE_MAX_BYTES - 1) + b"\n")
    assert isinstance(line, SheetRow)


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


def test_hostile_3_memory_is_bounded_on_a_line_of_200_mb() -> None:
    source = io.BufferedReader(Endless())
    tracemalloc.start()
    try:
        _, broken, after = read_lines(source, Encoding.UTF8)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(broken, BrokenRow)
    assert after == SheetRow(3, ["1", "2"])
    assert peak_bytes < 2_000_000


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\xd0\xcf\x11\xe0rest", "a spreadsheet (XLS), or an encrypted one"),
        ("a,b\n".encode("utf-16"), "UTF-16 text"),
    ],
)
def test_other_formats_are_named(data: bytes, what: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        lines_of(data)
    assert str(caught.value) == f"the file is {what}, not CSV: save it as CSV UTF-8 or XLSX"


@given(st.binary())
def test_any_bytes_are_read_to_their_end(data: bytes) -> None:
    try:
        rows = [line.row for line in lines_of(data)]
    except ImportFileError:
        return
    assert rows == sorted(set(rows))
    assert len(rows) <= data.count(b"\n") + 1


@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_a_file_in_gbk_is_found_out(encoding: str) -> None:
    text = "".join(f"{n},武汉市解放大道{n}号\n" for n in range(500))
    source = io.BytesIO(text.encode(encoding))
    found = find_encoding(source)
    assert found is Encoding.GB18030
    assert list(read_lines(source, found))[7] == SheetRow(8, ["7", "武汉市解放大道7号"])


def test_rare_characters_survive() -> None:
    # Of GB 18030 only, the second one beyond the basic plane.
    source = io.BytesIO("1,㑇𠮷\n".encode("gb18030"))
    assert list(read_lines(source, find_encoding(source))) == [SheetRow(1, ["1", "㑇𠮷"])]


def test_hostile_1_gbk_lines_in_a_file_of_utf8_are_no_reason_to_misread_it() -> None:
    good = "".join(f"{n},武汉\n" for n in range(20)).encode()
    source = io.BytesIO(good + "20,武汉\n".encode("gbk"))
    found = find_encoding(source)
    assert found is Encoding.UTF8
    *before, last = read_lines(source, found)
    assert len(before) == 20
    assert isinstance(last, BrokenRow)
    assert "looks like GBK" in last.reason


@given(st.text())
def test_hostile_8_what_is_guarded_is_no_formula_and_comes_back(text: str) -> None:
    guarded = guard_formula(text)
    assert not guarded.startswith(("=", "+", "-", "@"))
    assert unguard_formula(guarded) == text


@pytest.mark.parametrize("text", ["=1+1", "+86", "-x", "@SUM(A1)", "'=1", "''+1", "'plain", "'"])
def test_formulas_and_quotes_come_back(text: str) -> None:
    assert unguard_formula(guard_formula(text)) == text
