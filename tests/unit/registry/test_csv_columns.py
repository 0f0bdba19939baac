"""From texts to camera files: each field's reading, and what a refusal says."""

from datetime import UTC, datetime

import msgspec
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera, PollMode, SampleSource, Tier
from sharpeyes.registry.csv_columns import (
    COLUMNS,
    Cells,
    read_cells,
    read_header,
    to_camera_file,
)
from sharpeyes.registry.errors import FieldProblem, ImportFileError

DIVISIONS = frozenset({"420100", "420102", "420103", "EASTLAKE"})
GOOD = {
    "device_code": "42010200001320000001",
    "name": "解放大道",
    "tier": "2",
    "division_code": "420102",
    "longitude": "114.305539",
    "latitude": "30.593099",
    "host": "10.0.0.5",
    "rtsp_port": "8554",
    "http_port": "",
    "main_stream_path": "/main",
    "sub_stream_path": "",
    "snapshot_path": "/snap.jpg",
    "poll_mode": "Direct",
    "sample_source": "snapshot",
    "sample_interval_s": "2",
    "username": "admin",
    "password": " s3cret ",
}


def cells_of(**changes: str) -> Cells:
    texts = GOOD | changes
    return read_cells(2, texts.keys(), texts.values())


def problems_of(**changes: str) -> list[FieldProblem]:
    result = to_camera_file(cells_of(**changes), None, DIVISIONS)
    assert isinstance(result, list)
    return result


def test_the_header_of_our_own_fields() -> None:
    assert read_header(list(COLUMNS)) == tuple(GOOD)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "device_code,name,tier,lattitude",
            "column 'lattitude' is unknown: did you mean latitude?",
        ),
        ("device_code,name,tier,Name", "column 'Name' is unknown: did you mean name?"),
        ("device_code,name,tier,zzz", "column 'zzz' is unknown: known are device_code, name"),
        ("device_code,name,tier,name", "column name is there twice"),
        ("device_code,name", "the file has no column tier"),
        ("device_code,name,tier,password", "the columns username and password come together"),
        ("device_code;name;tier", "the columns are separated by ';': save the file with commas"),
    ],
)
def test_a_bad_header_is_refused(header: str, message: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        read_header(header.split(","))
    assert str(caught.value).startswith(message)


def test_a_good_row() -> None:
    cells = cells_of()
    assert cells.problems == ()
    assert cells.credentials == Credentials("admin", " s3cret ")
    assert to_camera_file(cells, None, DIVISIONS) == CameraFile(
        device_code="42010200001320000001",
        name="解放大道",
        tier=Tier.DISTRICT,
        division_code="420102",
        longitude=114.305539,
        latitude=30.593099,
        host="10.0.0.5",
        rtsp_port=8554,
        main_stream_path="/main",
        snapshot_path="/snap.jpg",
        poll_mode=PollMode.DIRECT,
        sample_source=SampleSource.SNAPSHOT,
        sample_interval_s=2.0,
    )


def test_without_a_division_the_codes_district_counts() -> None:
    file = to_camera_file(cells_of(division_code=""), None, DIVISIONS)
    assert isinstance(file, CameraFile)
    assert file.division_code == "420102"


@pytest.mark.parametrize(
    ("field", "text", "reason"),
    [
        ("tier", "", "must be one of city (1)"),
        ("tier", "5", "must be one of city (1)"),
        ("longitude", "114,3", "must be a plain number, with a dot as its decimal sign"),
        ("longitude", "NaN", "must be a plain number"),
        ("longitude", "1e309", "must be a plain number"),
        ("longitude", "1_1.0", "must be a plain number"),
        ("latitude", "３０.５", "must be a plain number"),
        ("latitude", "", "is missing beside a longitude"),
        ("rtsp_port", "0", "must be 1-65535"),
        ("rtsp_port", "65536", "must be 1-65535"),
        ("rtsp_port", "-1", "must be 1-65535"),
        ("rtsp_port", "554.0", "must be a whole number"),
        ("rtsp_port", "9" * 5000, "must be a whole number"),
        ("poll_mode", "sometimes", "must be one of direct, recorder, on_request, none"),
        ("sample_source", "video", "must be one of none, keyframe, snapshot"),
        ("sample_interval_s", "0", "must be 0.2 to 86400"),
        ("sample_interval_s", "5 s", "must be a plain number"),
        ("host", "", "is missing; poll mode direct needs it"),
        ("device_code", "", "is missing"),
        ("device_code", "4.20102E+19", "is a rounded number"),
        ("division_code", "420103", "the device code says 420102"),
        ("division_code", "999999", "no such division is known"),
        ("division_code", "420102001", "no such division is known"),
        ("division_code", "NOWHERE", "no such division is known"),
        ("name", "a\x1bb", "has the control character"),
        ("username", "", "is missing beside a password"),
        ("password", "x\x07", "has the control character"),
    ],
)
def test_one_bad_cell_is_one_problem(field: str, text: str, reason: str) -> None:
    [problem] = problems_of(**{field: text})
    assert problem.field == field
    assert problem.reason.startswith(reason)
    assert "x\\x07" not in problem.value


def test_all_bad_cells_are_told() -> None:
    problems = problems_of(name="", tier="x", longitude="east", rtsp_port="0", poll_mode="?")
    assert {problem.field for problem in problems} == {
        "name",
        "tier",
        "longitude",
        "rtsp_port",
        "poll_mode",
    }


def test_columns_that_are_not_there_stay_as_stored() -> None:
    file = to_camera_file(cells_of(), None, DIVISIONS)
    assert isinstance(file, CameraFile)
    now = datetime(2026, 11, 21, tzinfo=UTC)
    stored = FiledCamera(
        **msgspec.structs.asdict(file),
        camera_id=1,
        shard=1,
        revision=1,
        created_at=now,
        updated_at=now,
    )
    cells = read_cells(2, ("device_code", "name", "tier"), (file.device_code, "New", "city"))
    assert to_camera_file(cells, stored, DIVISIONS) == msgspec.structs.replace(
        file, name="New", tier=Tier.CITY
    )
