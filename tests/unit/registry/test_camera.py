"""Camera records: what they are made of, and the addresses that follow from them."""

from datetime import UTC, datetime

import msgspec
import pytest

from sharpeyes.registry.camera import (
    CameraFile,
    FiledCamera,
    Life,
    PollMode,
    SampleSource,
    Tier,
)

GOOD = CameraFile(
    device_code="42010200001320000001",
    name="解放大道与黄浦路口",
    tier=Tier.CITY,
    division_code="420102",
    longitude=114.305539,
    latitude=30.593099,
    host="10.0.0.5",
    main_stream_path="/Streaming/Channels/101?transportmode=unicast",
    sub_stream_path="/Streaming/Channels/102",
    snapshot_path="/snap.jpg",
    sample_source=SampleSource.KEYFRAME,
)


def registered(**changes: object) -> FiledCamera:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    fields = msgspec.structs.asdict(msgspec.structs.replace(GOOD, **changes))
    return FiledCamera(**fields, camera_id=1, shard=1, revision=1, created_at=now, updated_at=now)


def test_addresses() -> None:
    camera = registered(rtsp_port=8554)
    assert camera.main_stream_url == (
        "rtsp://10.0.0.5:8554/Streaming/Channels/101?transportmode=unicast"
    )
    assert camera.snapshot_url == "http://10.0.0.5:80/snap.jpg"
    assert camera.onvif_url == "http://10.0.0.5:80/onvif/device_service"
    assert registered(host="2001:db8::1").sub_stream_url == (
        "rtsp://[2001:db8::1]:554/Streaming/Channels/102"
    )
    assert registered(sub_stream_path=None).sub_stream_url is None
    assert registered(host=None).onvif_url is None


@pytest.mark.parametrize("tier", Tier)
def test_tiers_have_a_word_and_a_number(tier: Tier) -> None:
    assert Tier.parse(tier.word) is Tier.parse(str(tier.value)) is Tier.parse(tier.word.upper())
    assert Tier.parse(tier.word) is tier


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be one of city \(1\), district \(2\)"):
        Tier.parse("5")


def test_a_worker_holds_the_brief_of_a_file() -> None:
    camera = registered(model="DS-2CD", contacts=("027-85580000",))
    brief = camera.brief
    assert (brief.camera_id, brief.name, brief.main_stream_url) == (
        1,
        camera.name,
        camera.main_stream_url,
    )
    assert not hasattr(brief, "contacts")
    assert camera.file == msgspec.structs.replace(GOOD, model="DS-2CD", contacts=("027-85580000",))


@pytest.mark.parametrize(
    ("mode", "life", "is_measured"),
    [
        (PollMode.DIRECT, Life.IN_SERVICE, True),
        (PollMode.RECORDER, Life.IN_SERVICE, True),
        (PollMode.ON_REQUEST, Life.IN_SERVICE, False),
        (PollMode.NONE, Life.IN_SERVICE, False),
        (PollMode.DIRECT, Life.PLANNED, False),
        (PollMode.DIRECT, Life.MAINTENANCE, False),
        (PollMode.RECORDER, Life.REMOVED, False),
    ],
)
def test_only_cameras_in_service_that_may_be_asked_are_measured(
    mode: PollMode, life: Life, is_measured: bool
) -> None:
    brief = registered(poll_mode=mode).brief
    assert msgspec.structs.replace(brief, life=life).is_measured is is_measured
