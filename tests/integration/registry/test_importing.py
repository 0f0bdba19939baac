"""Whole files: what is taken, what is refused, and what a second time changes."""

import asyncio
import io
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry import import_judging, importing
from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.errors import ImportFileError, ImportRacedError
from sharpeyes.registry.history import sign
from sharpeyes.registry.import_job import ImportJob
from sharpeyes.registry.import_merge import stored_files
from sharpeyes.registry.import_report import ImportReport
from sharpeyes.registry.import_runs import ImportRuns, RowProblem, problems_of
from sharpeyes.registry.importing import BATCH_ROWS
from sharpeyes.registry.sheet_opening import open_sheet

Maker = Callable[..., CameraFile]
HEADER = (
    "device_code,name,tier,division_code,longitude,latitude,host,rtsp_port,http_port,"
    "main_stream_path,sub_stream_path,snapshot_path,poll_mode,sample_source,sample_interval_s,"
    "username,password"
)


def line(number: int, name: str = "Gate", **changes: str) -> str:
    cells = {
        "device_code": f"42010200001320{number:06}",
        "name": name,
        "tier": "city",
        "division_code": "420102",
        "longitude": "114.305539",
        "latitude": "30.593099",
        "host": "10.0.0.5",
        "rtsp_port": "554",
        "http_port": "80",
        "main_stream_path": "/main",
        "sub_stream_path": "",
        "snapshot_path": "",
        "poll_mode": "direct",
        "sample_source": "none",
        "sample_interval_s": "5",
        "username": "admin",
        "password": "s3cret",
    }
    return ",".join((cells | changes).values())


def file_of(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join((HEADER, *lines)).encode())


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports files as the command does."""

    pool: asyncpg.Pool
    credentials: CredentialStore

    async def job(self, source: io.BytesIO, **options: Any) -> ImportJob:
        sheet = open_sheet(source, "cameras.csv", options.pop("how", None))
        now = datetime.now(UTC)
        job = ImportJob(self.pool, self.credentials, sheet, actor="test", now=now, **options)
        await job.start()
        return job


@pytest.fixture
def importer(pool: asyncpg.Pool, credentials: CredentialStore) -> Importer:
    return Importer(pool, credentials)


@dataclass(slots=True)
class Done:
    """All that an import said."""

    job: ImportJob
    counts: ImportReport = field(default_factory=ImportReport)
    refused: list[RowProblem] = field(default_factory=list)


async def total(importer: Importer, source: io.BytesIO, **options: Any) -> Done:
    done = Done(await importer.job(source, **options))
    async for report in done.job.run():
        done.refused += problems_of(report.refused)
    done.counts = done.job.total
    return done


async def test_a_file_is_taken_and_a_second_time_changes_nothing(
    importer: Importer, store: Any, credentials: CredentialStore
) -> None:
    lines = [line(number) for number in range(BATCH_ROWS + 200)]
    assert (await total(importer, file_of(*lines))).counts == ImportReport(
        last_row=BATCH_ROWS + 201, added=BATCH_ROWS + 200
    )
    before = await store.all()
    assert len(before) == BATCH_ROWS + 200
    assert await credentials.get(before[-1].camera_id) == Credentials("admin", "s3cret")

    again = await total(importer, file_of(*lines))
    assert again.counts == ImportReport(last_row=BATCH_ROWS + 201, unchanged=BATCH_ROWS + 200)
    assert await store.all() == before


async def test_what_is_unlikely_is_taken_and_told(importer: Importer) -> None:
    doubted = [line(number, device_code=f"42010200001327{number:06}") for number in range(3)]
    found = await total(importer, file_of(line(9), *doubted))
    assert found.counts == ImportReport(
        last_row=5,
        added=4,
        doubts=Counter({"device_code: a city point on network 7 (Internet)": 3}),
    )


async def test_an_unchanged_file_burns_no_identities(
    importer: Importer, store: Any, camera_file: Maker
) -> None:
    for _ in range(3):
        await total(importer, file_of(*(line(number) for number in range(50))))
    assert (await store.add(camera_file(50))).camera_id == 51


async def test_what_changed_is_changed(
    importer: Importer, store: Any, credentials: CredentialStore
) -> None:
    await total(importer, file_of(line(1), line(2), line(3), line(4)))
    report = await total(
        importer,
        file_of(
            line(1), line(2, name="New"), line(3, password="new"), line(4, username="", password="")
        ),
    )
    assert report.counts == ImportReport(last_row=5, changed=2, unchanged=2)
    cameras = await store.all()
    assert [camera.revision for camera in cameras] == [1, 2, 2, 1]
    assert cameras[1].name == "New"
    # An empty user name leaves the stored one alone.
    passwords = [await credentials.get(camera.camera_id) for camera in cameras]
    assert [c and c.password for c in passwords] == ["s3cret", "s3cret", "new", "s3cret"]


async def test_cameras_that_the_file_does_not_name_stay(importer: Importer, store: Any) -> None:
    await total(importer, file_of(*(line(number) for number in range(20))))
    assert (await total(importer, file_of(line(3)))).counts.unchanged == 1
    assert len(await store.all()) == 20


async def test_bad_rows_are_told_and_good_ones_kept(importer: Importer, store: Any) -> None:
    formula, markup = '"=HYPERLINK(""http://x"")"', "<img onerror=alert(1)>"
    data = file_of(
        line(1),  # row 2
        line(2, rtsp_port="0"),
        line(3, longitude="30.6", latitude="114.3"),
        line(4, name="Gate\x1b[2J"),
        line(5, host="rtsp://u:p@10.0.0.1@evil"),
        line(1, name="Again"),
        line(6, division_code="420103"),
        "4201020000",
        line(7, name='"never closed'),
        line(8, name=formula),
        line(9, name=markup),
        line(10, tier="9th", sample_interval_s="0"),
        "４２０１０２００００１３２０００００１" + line(1)[20:],
    ).getvalue()
    data += b"\n" + line(11, name="武汉").encode("gb18030") + b"\n" + line(12).encode()
    report = await total(importer, io.BytesIO(data))
    assert [(problem.row, problem.field) for problem in report.refused] == [
        (3, "rtsp_port"),
        (4, "longitude"),
        (5, "name"),
        (6, "host"),
        (7, "device_code"),
        (8, "division_code"),
        (9, ""),
        (10, ""),
        (13, "tier"),
        (13, "sample_interval_s"),
        (14, "device_code"),
        (15, ""),
    ]
    assert (report.counts.added, report.counts.refused_rows) == (4, 11)
    assert str(report.refused[4]) == (
        "row 7: device_code '42010200001320000001': is in row 2 already"
    )
    assert "is not UTF-8 (byte 0xCE" in report.refused[-1].reason
    assert all(str(problem).isprintable() for problem in report.refused)
    names = [camera.name for camera in await store.all()]
    assert names == ["Gate", '=HYPERLINK("http://x")', markup, "Gate"]


async def test_hostile_5_codes_equal_after_case_or_width(importer: Importer, store: Any) -> None:
    await importer.pool.execute(
        "INSERT INTO division (division_code, parent_code, level, name_zh, name_en, local)"
        " VALUES ('EASTLAKE', '420100', 'district', '东湖', 'East Lake', true)"
    )
    zoned = [
        line(number, division_code=code)
        for number, code in enumerate(["EASTLAKE", "eastlake", "ＥａｓｔＬａｋｅ"])
    ]
    wide = line(1).translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    report = await total(importer, file_of(*zoned, wide, line(2)))
    assert [str(problem) for problem in report.refused] == [
        f"row {row}: device_code '4201020000132000000{number}': is in row {first} already"
        for row, number, first in ((5, 1, 3), (6, 2, 4))
    ]
    assert {camera.division_code for camera in await store.all()} == {"EASTLAKE"}


async def test_hostile_28_one_bad_row_of_10000(importer: Importer, pool: asyncpg.Pool) -> None:
    lines = [line(number, username="", password="") for number in range(10_000)]
    lines[7000] = line(7000, rtsp_port="65536")
    report = await total(importer, file_of(*lines))
    [problem] = report.refused
    assert str(problem) == "row 7002: rtsp_port '65536': must be 1 to 65535"
    assert await pool.fetchval("SELECT count(*) FROM camera") == 9_999


async def test_a_code_of_thousands_of_digits_spoils_its_own_row_only(
    importer: Importer, store: Any
) -> None:
    endless, padded = line(1).replace("4201", "4" * 5000, 1), "0" + line(2)
    report = await total(importer, file_of(endless, line(2), padded))
    assert [problem.reason for problem in report.refused] == [
        "has 5016 digits, not 20",
        "has 21 digits, not 20",
    ]
    assert len(await store.all()) == 1


async def test_hostile_15_a_truncated_file_keeps_its_whole_rows(
    importer: Importer, store: Any
) -> None:
    whole = file_of(*(line(number) for number in range(1500))).getvalue()
    report = await total(importer, io.BytesIO(whole[: len(whole) - 60]))
    assert (report.counts.added, report.counts.refused_rows, report.refused[0].row) == (
        1499,
        1,
        1501,
    )
    assert len(await store.all()) == 1499


async def test_columns_that_are_not_there_stay_as_they_are(importer: Importer, store: Any) -> None:
    await total(importer, file_of(line(1, rtsp_port="8554"), line(2)))
    source = (
        "tier,name,device_code,poll_mode\n"
        "district,New,42010200001320000001,direct\n"
        "city,Gate,42010200001320000002,direct\n"
        "city,Unreachable,42010200001320000003,direct\n"
    )
    report = await total(importer, io.BytesIO(source.encode()))
    assert (report.counts.changed, report.counts.unchanged) == (1, 1)
    assert [str(problem) for problem in report.refused] == [
        "row 4: host is missing; poll mode direct needs it"
    ]
    camera = (await store.all())[0]
    assert (camera.name, camera.tier, camera.rtsp_port) == ("New", Tier.DISTRICT, 8554)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04", "the spreadsheet is damaged"),
        (b"device_code,name,tier,lat\n", "column 'lat' is unknown: did you mean latitude"),
    ],
)
async def test_a_file_that_is_none_changes_nothing(
    importer: Importer, store: Any, data: bytes, message: str
) -> None:
    with pytest.raises(ImportFileError, match=message):
        await total(importer, io.BytesIO(data))
    assert len(await store.all()) == 0


async def test_hostile_79_two_imports_at_once(
    pool: asyncpg.Pool, importer: Importer, store: Any, credentials: CredentialStore
) -> None:
    forth = [line(number, name="forth") for number in range(2500)]
    back = [line(number, name="back", password="other") for number in reversed(range(2500))]
    first, second = await asyncio.gather(
        total(importer, file_of(*forth)),
        total(Importer(pool, credentials), file_of(*back)),
    )
    assert first.refused == second.refused == []
    assert first.counts.added + second.counts.added == 2500
    assert first.counts.changed + second.counts.changed == 2500
    cameras = await store.all()
    assert {camera.revision for camera in cameras} == {2}
    # The later writer has both: a camera never has one file's name and the other's password.
    for camera in cameras[::250]:
        stored = await credentials.get(camera.camera_id)
        assert stored is not None
        assert (camera.name, stored.password) in {("forth", "s3cret"), ("back", "other")}


async def test_an_import_beside_single_edits(
    importer: Importer, store: Any, camera_file: Maker
) -> None:
    await total(importer, file_of(*(line(number) for number in range(300))))

    async def edit() -> None:
        for number in reversed(range(0, 300, 10)):
            await store.replace(camera_file(number, name="edited"), Credentials("admin", "edited"))

    report, _ = await asyncio.gather(
        total(importer, file_of(*(line(number, name="imported") for number in range(300)))), edit()
    )
    assert report.counts.changed == 300
    assert len(await store.all()) == 300


async def test_who_stops_early_leaves_whole_batches(importer: Importer, store: Any) -> None:
    job = await importer.job(file_of(*(line(number) for number in range(3 * BATCH_ROWS))))
    run = job.run()
    report = await anext(run)
    await run.aclose()
    assert report.last_row == BATCH_ROWS + 1
    stopped = await ImportRuns(importer.pool).get(job.import_id)
    assert (stopped.state, stopped.missing) == ("stopped", None)
    # Where a batch was just being committed it is in, and told.
    assert stopped.last_row in {BATCH_ROWS + 1, 2 * BATCH_ROWS + 1}
    assert stopped.added == len(await store.all()) == stopped.last_row - 1


def without_passwords(*lines: str) -> io.BytesIO:
    """A file of new cameras that are read column by column."""
    return io.BytesIO("\n".join(one.rsplit(",", 2)[0] for one in (HEADER, *lines)).encode())


@pytest.mark.parametrize("batch_rows", [BATCH_ROWS, 20])
async def test_two_imports_of_the_same_new_cameras(
    importer: Importer, store: Any, monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    """Both find that none is on file, and one is slower; in many batches they meet midway."""
    monkeypatch.setattr(importing, "BATCH_ROWS", batch_rows)
    lines = [line(number) for number in range(500)]
    async with asyncio.timeout(60):
        first, second = await asyncio.gather(
            total(importer, without_passwords(*lines)),
            total(importer, without_passwords(*reversed(lines))),
        )
    assert first.refused == second.refused == []
    assert first.counts.added + second.counts.added == 500
    assert first.counts.unchanged + second.counts.unchanged == 500
    assert {camera.revision for camera in await store.all()} == {1}


async def test_all_or_nothing_over_several_batches(
    importer: Importer, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One connection both looks up and writes."""
    monkeypatch.setattr(importing, "BATCH_ROWS", 50)
    lines = [line(number) for number in range(220)]
    bad = await total(importer, without_passwords(*lines, line(220, tier="7")), whole=True)
    assert (bad.counts.refused_rows, len(await store.all())) == (1, 0)
    good = await total(importer, without_passwords(*lines), whole=True)
    assert (good.counts.added, len(await store.all())) == (220, 220)


async def test_what_a_file_does_not_say_is_as_in_a_camera_that_is_added(
    importer: Importer, store: Any
) -> None:
    """The database's defaults, for columns that the file does not have, are those of the record."""
    code = "42010200001320000001"
    await total(importer, io.BytesIO(f"device_code,name,tier\n{code},Gate,1\n".encode()))
    [camera] = await store.all()
    assert camera.file == CameraFile(
        device_code=code,
        name="Gate",
        tier=Tier.CITY,
        division_code="420102",
        poll_mode=PollMode.NONE,
    )


Deed = Callable[[asyncpg.Pool], Awaitable[Any]]


@pytest.fixture
def meanwhile(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> Callable[[Deed], None]:
    """Do something once, after an import has looked a batch up and before it is written."""
    look_up = stored_files

    def arrange(deed: Deed) -> None:
        async def looked_up(*arguments: Any) -> Any:
            found = await look_up(*arguments)
            monkeypatch.setattr(import_judging, "stored_files", look_up)
            await deed(pool)
            return found

        monkeypatch.setattr(import_judging, "stored_files", looked_up)

    return arrange


async def test_a_camera_that_was_deleted_since_it_was_looked_up_is_added(
    importer: Importer, store: Any, meanwhile: Callable[[Deed], None]
) -> None:
    await total(importer, file_of(line(1), line(2)))

    async def delete(pool: asyncpg.Pool) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await sign(connection, "test")
            await connection.execute("DELETE FROM camera WHERE right(device_code, 1) = '1'")

    meanwhile(delete)
    counts = (await total(importer, file_of(line(1, "new"), line(2, "new")))).counts
    assert (counts.added, counts.changed, counts.unchanged) == (1, 1, 0)
    assert [camera.name for camera in await store.all()] == ["new", "new"]


async def test_who_is_beaten_to_it_again_and_again_is_told_how_far_the_file_is_in(
    importer: Importer, store: Any, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time that the second batch was looked up, somebody adds another of its cameras."""
    monkeypatch.setattr(importing, "BATCH_ROWS", 20)
    numbers = iter(range(20, 40))

    async def looked_up(*arguments: Any) -> Any:
        found = await stored_files(*arguments)
        code = f"42010200001320{next(numbers):06}"
        async with store.edit("test") as edit:
            await edit.add(
                CameraFile(
                    device_code=code,
                    name="b",
                    tier=Tier.CITY,
                    division_code="420102",
                    poll_mode=PollMode.NONE,
                )
            )
        return found

    monkeypatch.setattr(import_judging, "stored_files", looked_up)
    job = await importer.job(without_passwords(*map(line, range(40))))
    with pytest.raises(ImportRacedError, match="all rows up to row 21 are in; import the file"):
        async for _ in job.run():
            pass
    run = await ImportRuns(pool).get(job.import_id)
    assert (run.state, run.last_row, run.added) == ("failed", 21, 20)
    assert "up to row 21" in run.problem


_STREET = """
    INSERT INTO division (division_code, parent_code, level, name_zh, name_en)
    VALUES ('420102001', '420102', 'street', '一元街道', 'Yiyuan')
"""


async def test_a_division_that_moved_since_it_was_looked_up(
    importer: Importer, store: Any, meanwhile: Callable[[Deed], None], pool: asyncpg.Pool
) -> None:
    await pool.execute(_STREET)
    meanwhile(
        lambda pool: pool.execute(
            "UPDATE division SET parent_code = '420100' WHERE level = 'street'"
        )
    )
    lines = (line(1, division_code="420102001"), line(2))
    assert (await total(importer, without_passwords(*lines))).counts.added == 2
    paths = await pool.fetch("SELECT division_path FROM camera ORDER BY device_code")
    assert [path for (path,) in paths] == ["420100/420102001/", "420100/420102/"]


@pytest.mark.parametrize("whole", [True, False])
async def test_a_division_that_was_deleted_since_it_was_looked_up(
    importer: Importer,
    store: Any,
    meanwhile: Callable[[Deed], None],
    pool: asyncpg.Pool,
    whole: bool,
) -> None:
    await pool.execute(_STREET)
    meanwhile(lambda pool: pool.execute("DELETE FROM division WHERE level = 'street'"))
    lines = (line(1, division_code="420102001"), line(2))
    done = await total(importer, without_passwords(*lines), whole=whole)
    assert [(one.row, one.field) for one in done.refused] == [(2, "division_code")]
    assert len(await store.all()) == (0 if whole else 1)


async def test_batches_committed_while_nobody_listened_are_told(
    importer: Importer, store: Any, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_ROWS", 50)
    lines = [line(number) for number in range(120)]
    lines[60] = line(60, tier="7")
    job = await importer.job(without_passwords(*lines))
    run = job.run()
    await anext(run)
    async with asyncio.timeout(60):
        while await pool.fetchval("SELECT count(*) FROM camera") < 99:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await run.aclose()
    stopped = await ImportRuns(pool).get(job.import_id)
    assert (stopped.state, stopped.added, stopped.refused_rows) == ("stopped", 99, 1)
    assert job.total.added == len(await store.all()) == 99
    assert job.refused is not None
