"""The spreadsheet of refused rows: what whoever mends it finds in it."""

import io

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from sharpeyes.registry.errors import FieldProblem
from sharpeyes.registry.import_report import RefusedRow
from sharpeyes.registry.refused_sheet import RefusedSheet
from sharpeyes.registry.sheet_layout import read_layout
from sharpeyes.registry.sheet_mapping import NO_MAPPING

HEADINGS = ["设备编码", "设备名称", "监控点位类型"]
CODE = "42010200001320000001"


def reported(headings: list[str], *rows: RefusedRow) -> Worksheet:
    file = io.BytesIO()
    with RefusedSheet(file, read_layout(headings, NO_MAPPING)) as report:
        for row in rows:
            report.append(row)
    sheet = openpyxl.load_workbook(file).active
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
