"""A city's sheet with seeded defects: exactly those rows are refused, and nothing else happens."""

import io
from datetime import UTC, datetime

import asyncpg
import openpyxl
import pytest
from benchmarks.registry.city import add_divisions, make_divisions, make_rows, write_csv
from benchmarks.registry.defects import KINDS, spoil

from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.exporting import ExportColumns, ExportFormat, ExportQuery, export
from sharpeyes.registry.import_job import ImportJob
from sharpeyes.registry.sheet_opening import open_sheet
from sharpeyes.service.words import refused_sheet_in

ROWS = 10_000
EVERY = 160
CITY = make_divisions(streets=20, communities=60, grids=200)


async def imported(
    pool: asyncpg.Pool, credentials: CredentialStore, data: bytes
) -> tuple[ImportJob, dict[int, list[tuple[str, str]]]]:
    """An import, and the fields and reasons of its refused rows."""
    sheet = open_sheet(io.BytesIO(data), "city.csv")
    job = ImportJob(pool, credentials, sheet, actor="test", now=datetime.now(UTC))
    await job.start()
    refused = {
        row.row: [(problem.field, problem.reason) for problem in row.problems]
        async for report in job.run()
        for row in report.refused
    }
    return job, refused


async def exported(pool: asyncpg.Pool, **query: object) -> bytes:
    wanted = ExportQuery(**query)  # type: ignore[arg-type]  # the test's to know
    return b"".join([data async for _, data in export(pool, wanted)])


async def test_exactly_the_seeded_rows_are_refused(
    pool: asyncpg.Pool, credentials: CredentialStore
) -> None:
    await add_divisions(pool, CITY)
    spoilt = list(spoil(make_rows(ROWS, CITY), EVERY))
    text = io.StringIO()
    write_csv(text, (cells for cells, _ in spoilt))
    seeded = {row: wrong for row, (_, wrong) in enumerate(spoilt, start=2) if wrong}
    assert len(seeded) == ROWS // EVERY
    assert len({field for field, _ in seeded.values()}) == len({f for f, _, _ in KINDS.values()})

    job, refused = await imported(pool, credentials, text.getvalue().encode())
    assert refused.keys() == seeded.keys()
    for row, (field, reason) in seeded.items():
        [(found_field, found_reason)] = refused[row]
        assert found_field == field, row
        assert reason in found_reason, row
    assert job.total.added == ROWS - len(seeded)
    assert await pool.fetchval("SELECT count(*) FROM camera") == ROWS - len(seeded)

    before = await exported(pool)
    for _ in range(2):
        again, refused_again = await imported(pool, credentials, text.getvalue().encode())
        assert (again.total.added, again.total.changed) == (0, 0)
        assert again.total.unchanged == ROWS - len(seeded)
        assert refused_again == refused
        # Without what makes it quick, it comes to the same.
        await pool.execute("UPDATE camera SET import_digest = NULL")
    assert await exported(pool) == before

    # The report is mended cell by cell, and imported as it is.
    assert job.refused is not None
    sheet = refused_sheet_in("zh", job.refused)
    _, refused_mended = await imported(pool, credentials, mended(sheet))
    assert refused_mended == {}
    assert await pool.fetchval("SELECT count(*) FROM camera") == ROWS


def mended(report: bytes) -> bytes:
    """The report with each row's own good cells, as somebody types them."""
    good = dict(enumerate(make_rows(ROWS, CITY), start=2))
    book = openpyxl.load_workbook(io.BytesIO(report))
    sheet = book.active
    assert sheet is not None
    for row in sheet.iter_rows(min_row=2):
        for cell, text in zip(row[2:], good[int(str(row[0].value))], strict=True):
            if (cell.value or "") != text:
                cell.value = text
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


@pytest.mark.parametrize("kind", [ExportFormat.CSV, ExportFormat.XLSX])
@pytest.mark.parametrize("columns", list(ExportColumns))
async def test_an_export_comes_back_as_no_change(
    pool: asyncpg.Pool, credentials: CredentialStore, kind: ExportFormat, columns: ExportColumns
) -> None:
    await add_divisions(pool, CITY)
    text = io.StringIO()
    write_csv(text, make_rows(500, CITY))
    await imported(pool, credentials, text.getvalue().encode())
    data = await exported(pool, format=kind, columns=columns)
    assert await exported(pool, format=kind, columns=columns) == data
    job, refused = await imported(pool, credentials, data)
    assert refused == {}
    assert (job.total.unchanged, job.total.changed, job.total.added) == (500, 0, 0)
    assert job.missing == []
