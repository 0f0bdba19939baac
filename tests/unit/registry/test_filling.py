from dataclasses import replace

import msgspec
import pytest

from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_answers import DeviceInformation
from sharpeyes.devices.probe import DeviceProbe
from sharpeyes.devices.stream_choice import StreamAddresses
from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.registry.filling import filled

FILE = CameraFile(
    device_code="42010200001320000001",
    name="x",
    tier=Tier.CITY,
    division_code="420102",
    host="10.0.0.1",
)
MADE = DeviceInformation("Maker", "M-1", "V5.5", "serial", "1")
AT = StreamAddresses(
    codec="H265",
    main_url="rtsp://10.0.0.1:8554/101?a=1",
    sub_url="rtsp://10.0.0.1:8554/102",
    snapshot_url="http://10.0.0.1/snap.jpg",
)


def probe(
    addresses: StreamAddresses | Fault | None = AT, made: DeviceInformation | None = MADE
) -> DeviceProbe:
    return DeviceProbe(None, None, None, made, None, None, addresses)


def test_an_empty_file_is_filled() -> None:
    filling = filled(FILE, probe(), replace=False)
    assert {change.field: change.after for change in filling.changes} == {
        "maker_name": "Maker",
        "model": "M-1",
        "firmware": "V5.5",
        "codec": 4,
        "rtsp_port": 8554,
        "main_stream_path": "/101?a=1",
        "sub_stream_path": "/102",
        "snapshot_path": "/snap.jpg",
    }
    assert filling.left_out == []
    assert filled(filling.file, probe(), replace=True).changes == []


def test_what_somebody_chose_stays() -> None:
    mine = FILE.__class__(
        **{f: getattr(FILE, f) for f in FILE.__struct_fields__}
        | {"main_stream_path": "/mine", "rtsp_port": 8554}
    )
    kept = filled(mine, probe(), replace=False).file
    assert (kept.main_stream_path, kept.sub_stream_path) == ("/mine", "/102")
    replaced = filled(mine, probe(), replace=True).file
    assert replaced.main_stream_path == "/101?a=1"


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (replace(AT, main_url="rtsp://10.0.0.1/?password=canary"), "must not hold a password"),
        (replace(AT, sub_url="rtsp://10.0.0.1:99/102"), "another port (99)"),
        (replace(AT, snapshot_url="https://10.0.0.1/s.jpg"), "https port 443"),
        (replace(AT, snapshot_url="http://10.0.0.1:81/s.jpg"), "http port 81"),
        (Fault(FaultKind.PROTOCOL, "says nothing"), "says nothing"),
    ],
)
def test_what_is_not_taken_is_told(addresses: StreamAddresses | Fault, told: str) -> None:
    filling = filled(FILE, probe(addresses), replace=False)
    [reason] = filling.left_out
    assert told in reason
    assert "canary" not in reason
    assert filling.file.model == "M-1"


def test_a_device_that_tells_nothing_changes_nothing() -> None:
    nothing = DeviceInformation("", "", "", "", "")
    assert filled(FILE, probe(None, nothing), replace=True).changes == []
    assert filled(FILE, probe(None, None), replace=True).changes == []


def test_what_somebody_wrote_stays_unless_it_is_replaced() -> None:
    mine = msgspec.structs.replace(
        FILE, maker_name="海康威视", model="半球", codec=2, firmware="V1"
    )
    filling = filled(mine, probe(), replace=False)
    kept = filling.file
    assert (kept.maker_name, kept.model, kept.codec) == ("海康威视", "半球", 2)
    # Nobody writes that by hand, and every update of the device changes it.
    assert kept.firmware == "V5.5"
    assert filling.left_out == [
        "maker_name: the device says Maker, and 海康威视 is on file",
        "model: the device says M-1, and 半球 is on file",
        "codec: the device says 4, and 2 is on file",
    ]
    replaced = filled(mine, probe(), replace=True)
    assert (replaced.file.maker_name, replaced.file.model) == ("Maker", "M-1")
    assert replaced.left_out == []


def test_a_recorder_tells_its_own_make_and_not_that_of_its_cameras() -> None:
    behind = msgspec.structs.replace(
        FILE, poll_mode=PollMode.RECORDER, recorder_code="42010200001180000001", recorder_channel=3
    )
    filling = filled(behind, probe(), replace=True)
    assert filling.file.main_stream_path == "/101?a=1"
    assert (filling.file.maker_name, filling.file.model, filling.file.firmware) == (None,) * 3


def test_no_text_is_taken_that_a_file_may_not_hold() -> None:
    made = replace(MADE, model="M" * 101)
    filling = filled(FILE, probe(None, made), replace=False)
    assert filling.file.maker_name == "Maker"
    assert filling.left_out == ["model: what the device says has 101 characters, more than 100"]
