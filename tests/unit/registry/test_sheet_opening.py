"""Files that would take all the memory there is, read in a process that has 512 MB of it."""

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

from sharpeyes.registry.xlsx_writing import SheetWriter

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
HEADINGS = ("device_code", "name", "tier")
HEADER = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in HEADINGS)
CSV_HEADER = ",".join(HEADINGS).encode() + b"\n"

READ = """
    import resource, sys
    resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
    from sharpeyes.registry.errors import ImportFileError
    from sharpeyes.registry.sheet_opening import open_sheet
    from sharpeyes.registry.sheet_row import BrokenRow
    count = 0
    try:
        with open(sys.argv[1], "rb") as source:
            for row in open_sheet(source, "x").rows:
                count += 1
                if isinstance(row, BrokenRow):
                    print("row", row.row, row.reason)
    except ImportFileError as error:
        print(error)
    print(count, "rows")
"""


def read(file: Path) -> str:
    """What is said of a file by a process with 512 MB."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(READ), file],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.stderr == ""
    return done.stdout


def spreadsheet(sheet: str, texts: str | None = None) -> bytes:
    """A spreadsheet whose sheet, and shared texts, are these."""
    plain, changed = io.BytesIO(), io.BytesIO()
    with SheetWriter(plain, HEADINGS):
        pass
    with zipfile.ZipFile(plain) as whole, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as to:
        for name in whole.namelist():
            if name not in {SHEET, TEXTS}:
                to.writestr(name, whole.read(name))
        to.writestr(SHEET, f"<worksheet {MAIN}><sheetData>{sheet}</sheetData></worksheet>")
        if texts is not None:
            to.writestr(TEXTS, texts)
    return changed.getvalue()


def claiming(size: int) -> bytes:
    """A zip of some 15 kB whose sheet is 10 MB of nothing, and said to have this size."""
    data = spreadsheet(" " * (10 << 20))
    # The size stands 24 bytes into the directory's entry, whose name begins at its 46th.
    at = data.rindex(SHEET.encode()) - 46 + 24
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


@pytest.mark.parametrize(
    ("size", "said"),
    [(0xFFFF_FFFE, "bytes in it would become 4,294,967,294"), (1000, "is damaged")],
    ids=["4_gb", "a_lie"],
)
def test_hostile_12_a_zip_of_10_kb_that_becomes_4_gb(tmp_path: Path, size: int, said: str) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(claiming(size))
    assert file.stat().st_size < 20_000
    assert said in read(file)


def test_hostile_13_billion_laughs(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    texts = f'<!DOCTYPE sst [<!ENTITY l0 "ha">{laughs}]><sst {MAIN}><si><t>&l9;</t></si></sst>'
    file = tmp_path / "x.xlsx"
    file.write_bytes(spreadsheet(f"<row>{HEADER}</row>", texts))
    assert "declares entities of its own" in read(file)


def test_hostile_14_a_cell_in_the_far_corner_costs_its_own_row_only(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    file = tmp_path / "x.xlsx"
    file.write_bytes(spreadsheet(f'<dimension ref="A1:XFD1048576"/><row>{HEADER}</row>{far}'))
    assert read(file) == "row 1048576 has a cell beyond column 256\n1 rows\n"


def test_many_shared_texts(tmp_path: Path) -> None:
    many = 300_000
    texts = f"<sst {MAIN}>{''.join(f'<si><t>{n:07}</t></si>' for n in range(many))}</sst>"
    row = f'<row><c t="s"><v>{many - 1}</v></c></row>'
    file = tmp_path / "x.xlsx"
    file.write_bytes(spreadsheet(f"<row>{HEADER}</row>{row}", texts))
    assert read(file) == "1 rows\n"


def test_hostile_3_a_line_of_200_mb(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    with file.open("wb") as target:
        target.write(CSV_HEADER)
        # A hole, which takes no disk.
        target.seek(200 << 20, io.SEEK_CUR)
        target.write(b"\n1,2,3\n")
    said = read(file)
    assert said.startswith("row 2 is longer than ")
    assert said.endswith("\n2 rows\n")


def test_hostile_15_a_csv_truncated_at_row_180000(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(CSV_HEADER + b'1,"Gate",city\n' * 179_998 + b'1,"Ga')
    assert read(file) == (
        "row 180000 has a quote that is not closed on the same line\n179999 rows\n"
    )


def test_hostile_15_a_truncated_spreadsheet(tmp_path: Path) -> None:
    data = spreadsheet(f"<row>{HEADER}</row>" * 1000)
    file = tmp_path / "x.xlsx"
    file.write_bytes(data[: len(data) - 100])
    assert "the spreadsheet is damaged: open it, and save it again" in read(file)
