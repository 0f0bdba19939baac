"""Spreadsheets: what is read of others and of hostile ones, and what others read of ours."""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.errors import ImportFileError, SheetFullError
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow
from sharpeyes.registry.xlsx_reading import Spreadsheet
from sharpeyes.registry.xlsx_writing import SheetWriter

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def written(rows: Sequence[Sequence[str | float | None]]) -> io.BytesIO:
    file = io.BytesIO()
    with SheetWriter(file, rows[0]) as sheet:  # type: ignore[arg-type]  # a header is text
        for row in rows[1:]:
            sheet.append(row)
    file.seek(0)
    return file


def replaced(part: str, text: str, *, file: io.BytesIO | None = None) -> io.BytesIO:
    """Our own small spreadsheet with another part in it."""
    hostile = io.BytesIO()
    with (
        zipfile.ZipFile(file or written([["a"], ["1"]])) as whole,
        zipfile.ZipFile(hostile, "w", zipfile.ZIP_DEFLATED) as other,
    ):
        for name in {*whole.namelist(), part}:
            other.writestr(name, text if name == part else whole.read(name))
    hostile.seek(0)
    return hostile


def sheet_of(xml: str) -> io.BytesIO:
    return replaced("xl/worksheets/sheet1.xml", f"<worksheet {MAIN}>{xml}</worksheet>")


def rows_of(file: io.BytesIO, **options: str) -> list[SheetRow | BrokenRow]:
    return list(Spreadsheet(file, **options).rows())


def test_what_another_program_wrote_is_read_as_its_user_sees_it() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["设备编码", "经度", "数量", "安装时间", "是", None, "备注"])
    sheet.append(["42010200001320000001", 114.3, 7, datetime(2020, 5, 17, 12), True, None, "x"])  # noqa: DTZ001  # a sheet has no zones
    sheet.append([])
    sheet.append([None, None, 1e20])
    sheet["A5"] = "=1+1"
    hidden = book.create_sheet("hidden", 0)
    hidden.sheet_state = "hidden"
    book.create_sheet("另一张").append(["only"])
    file = io.BytesIO()
    book.save(file)
    assert rows_of(file) == [
        SheetRow(1, ["设备编码", "经度", "数量", "安装时间", "是", "", "备注"]),
        SheetRow(2, ["42010200001320000001", "114.3", "7", "43968.5", "true", "", "x"]),
        SheetRow(4, ["", "", "1e+20"]),
    ]
    spreadsheet = Spreadsheet(file)
    assert (spreadsheet.sheet, spreadsheet.others) == ("Sheet", ("另一张",))
    assert rows_of(file, sheet="另一张") == [SheetRow(1, ["only"])]
    with pytest.raises(ImportFileError, match="has no sheet x: there are Sheet, "):
        Spreadsheet(file, "x")


def test_another_program_reads_what_we_wrote() -> None:
    rows: list[list[str | float | None]] = [
        ["设备编码", "n", "名称"],
        ["42010200001320000001", 114.3, "=HYPERLINK(1)"],
        [None, 7, "<b>&"],
    ]
    sheet = openpyxl.load_workbook(written(rows)).active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == rows
    formula = sheet["C2"]
    # Text, and marked as such: it stays text when somebody edits the cell.
    assert (formula.data_type, formula.quotePrefix, formula.number_format) == (
        "s",
        True,
        "@",
    )


text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(st.lists(text, min_size=1, max_size=4), min_size=1, max_size=4))
def test_texts_come_back_and_the_same_make_the_same_bytes(rows: list[list[str]]) -> None:
    file = written(rows)
    assert [row.cells for row in rows_of(file) if isinstance(row, SheetRow)] == rows
    assert written(rows).getvalue() == file.getvalue()


def test_shared_texts_with_readings_and_runs() -> None:
    texts = (
        f"<sst {MAIN}><si><t>武</t><rPh><t>wu</t></rPh></si>"
        "<si><r><t>解</t></r><r><t>放_x000A_</t></r></si></sst>"
    )
    xml = (
        '<sheetData><row r="3"><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>0</v></c></row>'
        '<row r="4"><c t="e"><v>#N/A</v></c></row></sheetData>'
    )
    file = replaced("xl/sharedStrings.xml", texts, file=sheet_of(xml))
    assert rows_of(file) == [
        SheetRow(3, ["", "解放\n", "武"]),
        BrokenRow(4, "has the spreadsheet's error #N/A in column 1", "#N/A"),
    ]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (io.BytesIO(b"PK\x03\x04 no zip"), "is damaged"),
        (replaced("xl/workbook.xml", "<workbook"), "is damaged"),
        (replaced("xl/workbook.xml", f"<workbook {MAIN}/>"), "has no sheet"),
        (sheet_of('<sheetData><row><c r="7"><v>1</v></c></row></sheetData>'), "in no column"),
        (
            sheet_of(
                f'<sheetData><row><c t="inlineStr"><t>{"x" * 40_000}</t></c></row></sheetData>'
            ),
            "a cell of more than 32,767 characters",
        ),
        (
            sheet_of(f'<sheetData><row r="{"1" * 2_000_000}"/></sheetData>'),
            "a tag of more than 1 MB",
        ),
        (
            replaced("xl/workbook.xml", f'<workbook {MAIN}><workbookPr date1904="1"/></workbook>'),
            "counts its days from 1904",
        ),
    ],
)
def test_what_is_no_spreadsheet(file: io.BytesIO, reason: str) -> None:
    with pytest.raises(ImportFileError, match=reason):
        rows_of(file)


def test_hostile_13_billion_laughs() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    texts = f'<!DOCTYPE sst [<!ENTITY l0 "ha">{laughs}]><sst {MAIN}><si><t>&l9;</t></si></sst>'
    with pytest.raises(ImportFileError, match="declares entities of its own"):
        rows_of(replaced("xl/sharedStrings.xml", texts))


FAR = (
    '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
)


def test_hostile_14_a_cell_in_the_far_corner_costs_its_own_row_only() -> None:
    assert rows_of(sheet_of(FAR)) == [
        SheetRow(1, ["1"]),
        BrokenRow(1_048_576, "has a cell beyond column 256"),
    ]


def test_a_full_sheet_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sharpeyes.registry.xlsx_writing.ROWS_MAX", 2)
    with pytest.raises(SheetFullError):
        written([["a"], ["1"], ["2"]])
