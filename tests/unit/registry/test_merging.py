import msgspec
import pytest

from sharpeyes.registry.camera import CameraFile, PollMode, SampleSource, Tier
from sharpeyes.registry.merging import combined

KEEP = CameraFile(
    device_code="42010200001320000001",
    name="路口 1",
    tier=Tier.CITY,
    division_code="420102",
    poll_mode=PollMode.NONE,
)
DROP = msgspec.structs.replace(KEEP, device_code="42010200001320000002")


@pytest.mark.parametrize(
    ("kept", "other"),
    [
        ({"contacts": ("027-1",)}, {"managing_unit": "江岸分局"}),
        ({"maintenance_phone": "027-2"}, {"maintenance_unit": "运维一部"}),
        ({"main_stream_path": "/mine"}, {"host": "10.0.0.9", "sub_stream_path": "/102"}),
        ({"recorder_channel": 3}, {"host": "10.0.0.9"}),
    ],
)
def test_half_of_what_belongs_together_is_not_lost(
    kept: dict[str, object], other: dict[str, object]
) -> None:
    keep = msgspec.structs.replace(KEEP, **kept)
    assert combined(keep, msgspec.structs.replace(DROP, **other)) == keep


def test_the_same_address_gets_the_streams_that_only_the_other_knows() -> None:
    keep = msgspec.structs.replace(
        KEEP, host="10.0.0.9", poll_mode=PollMode.DIRECT, managing_unit="江岸分局"
    )
    drop = msgspec.structs.replace(
        keep,
        device_code=DROP.device_code,
        rtsp_port=8554,
        main_stream_path="/101",
        sample_source=SampleSource.KEYFRAME,
        contacts=("027-1",),
    )
    file = combined(keep, drop)
    assert (file.rtsp_port, file.main_stream_path) == (8554, "/101")
    assert file.sample_source is SampleSource.KEYFRAME
    assert file.contacts == ("027-1",)


def test_streams_are_not_mixed() -> None:
    keep = msgspec.structs.replace(KEEP, host="10.0.0.9", main_stream_path="/1")
    drop = msgspec.structs.replace(keep, main_stream_path="/2", sub_stream_path="/3")
    assert combined(keep, drop) == keep
    elsewhere = msgspec.structs.replace(KEEP, host="10.0.0.8", main_stream_path="/2")
    pathless = msgspec.structs.replace(KEEP, host="10.0.0.9")
    assert combined(pathless, elsewhere) == pathless


def test_how_a_camera_may_be_asked_stays() -> None:
    keep = msgspec.structs.replace(KEEP, host="10.0.0.9", poll_mode=PollMode.ON_REQUEST)
    drop = msgspec.structs.replace(
        keep,
        poll_mode=PollMode.DIRECT,
        main_stream_path="/101",
        sample_source=SampleSource.KEYFRAME,
    )
    file = combined(keep, drop)
    assert file.main_stream_path == "/101"
    assert (file.poll_mode, file.sample_source) == (PollMode.ON_REQUEST, SampleSource.NONE)
