from dataclasses import replace

import pytest

from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_answers import DeviceInformation
from sharpeyes.devices.probe import DeviceProbe
from sharpeyes.devices.stream_choice import StreamAddresses
from sharpeyes.registry.camera import CameraFile, Tier
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
