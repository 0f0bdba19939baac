"""The spreadsheet of refused rows: what whoever mends it finds in it."""

import io
from collections.abc import Sequence

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from sharpeyes.registry.errors import FieldProblem
from sharpeyes.registry.import_report import RefusedRow
from sharpeyes.registry.refused_sheet import Put, RefusedRows, refused_sheet
from sharpeyes.registry.sheet_layout import read_layout
from sharpeyes.registry.sheet_mapping import NO_MAPPING

HEADINGS = ["设备编码", "设备名称", "监控点位类型"]
CODE = "42010200001320000001"


def as_it_is(_kind: str, text: str) -> str:
    return text


def reported(
    headings: list[str], *rows: RefusedRow, puts: Sequence[Put] = (as_it_is,)
) -> Worksheet:
    kept = RefusedRows(read_layout(headings, NO_MAPPING))
    for row in rows:
        kept.append(row)
    sheet = openpyxl.load_workbook(io.BytesIO(refused_sheet(kept.packed(), puts))).active
    assert isinstance(sheet, Worksheet)
    return sheet


def test_a_reason_names_the_columns_as_the_file_does_and_is_wide_enough_to_read() -> None:
    wrong = (FieldProblem("tier", "7", "must be one of"), FieldProblem("host", "", "is missing"))
    sheet = reported(HEADINGS, RefusedRow(4, [CODE, "东门", "7"], wrong))
    assert [cell.value for cell in sheet[2]] == [
        "4",
        "监控点位类型 '7': must be one of; host is missing",
        CODE,
        "东门",
        "7",
    ]
    assert [cell.fill.fill_type is not None for cell in sheet[2]] == [False] * 4 + [True]
    assert sheet.column_dimensions["B"].width == 70


def test_a_line_that_is_no_csv_is_laid_out_to_be_mended() -> None:
    reason = (FieldProblem("", "", "has a quote that is not closed"),)
    sheet = reported(
        HEADINGS,
        RefusedRow(2, [f'{CODE},"东门,1'], reason),
        RefusedRow(3, [f'{CODE},"东,门,1'], reason),
    )
    assert [cell.value for cell in sheet[2]][2:] == [CODE, '"东门', "1"]
    # Too many commas to guess: it stays as it is.
    assert sheet["C3"].value == f'{CODE},"东,门,1'


def test_a_line_that_is_no_csv_may_hold_a_password_anywhere() -> None:
    headings = [*HEADINGS, "用户名", "密码"]
    reason = (FieldProblem("", "", "has a quote that is not closed"),)
    sheet = reported(headings, RefusedRow(2, [f'{CODE},"canary,1,admin,2'], reason))
    assert [cell.value for cell in sheet[2]][2:] == [None] * 3


def test_reasons_are_told_in_each_language_once_and_columns_in_the_files() -> None:
    words = {"must be one of": "应为", "is missing": "缺失", "host": "接入地址"}
    wrong = (FieldProblem("tier", "7", "must be one of"), FieldProblem("host", "", "is missing"))
    row = RefusedRow(4, [CODE, "东门", "7"], wrong)
    chinese = lambda _kind, text: words[text]  # noqa: E731
    assert reported(HEADINGS, row, puts=[chinese])["B2"].value == (
        "监控点位类型 '7': 应为; 接入地址 缺失"
    )
    both = reported(HEADINGS, row, puts=[chinese, as_it_is])["B2"].value
    assert both == (
        "监控点位类型 '7': 应为; 接入地址 缺失 / 监控点位类型 '7': must be one of; host is missing"
    )
    assert reported(HEADINGS, row, puts=[as_it_is, as_it_is])["B2"].value.count("missing") == 1


def test_half_a_character_in_a_cell_is_kept_as_a_spreadsheet_writes_it() -> None:
    reason = (FieldProblem("name", "", "is not allowed"),)
    assert reported(HEADINGS, RefusedRow(2, [CODE, "a\ud800", "1"], reason))["D2"].value is not None
