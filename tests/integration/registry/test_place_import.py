"""Key places from a file: which rows are taken, and what is said of the others."""

import io

import asyncpg

from sharpeyes.registry.place_import import PlaceImportReport, import_places

HEADER = "place_code,name_zh,kind,division_code,radius_m,longitude,latitude\n"


def line(code: str, *, name: str = "学校", division: str = "420102", radius: str = "50") -> str:
    return f"{code},{name},1,{division},{radius},114.3,30.6\n"


async def imported(pool: asyncpg.Pool, *lines: str) -> PlaceImportReport:
    return await import_places(pool, io.BytesIO((HEADER + "".join(lines)).encode()))


async def test_good_rows_are_taken_and_bad_ones_told(pool: asyncpg.Pool) -> None:
    lines = (
        line("P-1"),
        line("P-2", division="420199"),
        line("P-3", name="", radius="39,9"),
        line("P-4", radius="x"),
        line("P-5"),
    )
    report = await imported(pool, *lines)
    assert (report.added, report.changed, report.unchanged) == (2, 0, 0)
    assert [(problem.row, problem.field) for problem in report.refused] == [
        (3, "division_code"),
        (4, ""),
        (5, "radius_m"),
    ]
    again = await imported(pool, *lines, line("P-1", name="另一所"))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    assert again.refused[-1].reason == "is in row 2 already"
    changed = await imported(pool, line("P-1", name="另一所"))
    assert (changed.added, changed.changed) == (0, 1)


async def test_hostile_5_codes_that_differ_in_case_or_width_are_not_two_places(
    pool: asyncpg.Pool,
) -> None:
    report = await imported(pool, line("Gate-1"), line("gate-1"), line("ＧＡＴＥ-1"))
    assert [str(problem) for problem in report.refused] == [
        "row 3: place_code 'gate-1': is Gate-1 of row 2 but for upper and lower case",
        "row 4: place_code 'GATE-1': is Gate-1 of row 2 but for upper and lower case",
    ]
    [problem] = (await imported(pool, line("GATE-1"))).refused
    assert problem.reason == "is Gate-1, which is on file, but for upper and lower case"
    assert (await imported(pool, line("Ｇate-1"))).unchanged == 1
