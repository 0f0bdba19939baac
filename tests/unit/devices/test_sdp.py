import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.devices.sdp import RtspMedia, SdpError, parse_sdp

HIKVISION_LIKE = b"""v=0\r
o=- 1109162014219182 1109162014219192 IN IP4 10.0.0.5\r
s=Media Presentation\r
b=AS:5100\r
t=0 0\r
a=control:rtsp://10.0.0.5:554/Streaming/Channels/101/\r
m=video 0 RTP/AVP 96\r
c=IN IP4 0.0.0.0\r
a=recvonly\r
a=x-dimensions:1920,1080\r
a=control:trackID=1\r
a=rtpmap:96 H264/90000\r
a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z00AKg==,aO48gA==\r
m=audio 0 RTP/AVP 8\r
a=control:trackID=2\r
m=application 0 RTP/AVP 107\r
a=rtpmap:107 vnd.onvif.metadata/90000\r
"""


def test_reads_a_cameras_description() -> None:
    sdp = parse_sdp(HIKVISION_LIKE, max_media=8)

    assert sdp.control == "rtsp://10.0.0.5:554/Streaming/Channels/101/"
    assert sdp.media == (
        RtspMedia(
            kind="video",
            codec="H264",
            clock_rate_hz=90_000,
            payload_type=96,
            width_px=1_920,
            height_px=1_080,
            format_parameters=(
                "profile-level-id=420029; packetization-mode=1; "
                "sprop-parameter-sets=Z00AKg==,aO48gA=="
            ),
            control="trackID=1",
        ),
        RtspMedia("audio", "PCMA", 8_000, 8, control="trackID=2"),
        RtspMedia("application", "VND.ONVIF.METADATA", 90_000, 107),
    )


def test_reads_framesize() -> None:
    sdp = parse_sdp(b"v=0\nm=video 0 RTP/AVP 97\na=framesize:97 1280-720\n", max_media=8)

    assert (sdp.media[0].width_px, sdp.media[0].height_px) == (1_280, 720)


def test_leaves_out_what_is_not_rtp() -> None:
    sdp = parse_sdp(b"v=0\nm=data x y z\nm=video 0 RTP/AVP 26\n", max_media=8)

    assert [(m.kind, m.codec) for m in sdp.media] == [("video", "JPEG")]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "not SDP"),
        (b"<html>", "not SDP"),
        (b"v=0\r\ns=x\r\n", "without any media"),
        (b"v=0\r\nm=nonsense\r\n", "without any media"),
        (b"v=0\n" + b"m=video 0 RTP/AVP 96\n" * 10_000, "10000 media, more than the 64"),
        (b"v=0\nm=video 0 RTP/AVP 96\na=control:x y\n", "control"),
        (b"v=0\nm=video 0 RTP/AVP 96\na=control:\xff\n", "control"),
    ],
)
def test_refuses_what_is_no_usable_description(body: bytes, word: str) -> None:
    with pytest.raises(SdpError, match=word):
        parse_sdp(body, max_media=64)


def test_takes_a_long_description() -> None:
    body = HIKVISION_LIKE + b"a=x-note:" + b"n" * 120_000 + b"\r\n" + b"a=y:1\r\n" * 1_000

    assert len(parse_sdp(body, max_media=64).media) == 3


@given(st.binary(max_size=300).map(lambda tail: b"v=0\nm=video 0 RTP/AVP 96\n" + tail))
def test_garbage_is_refused_or_read(body: bytes) -> None:
    with contextlib.suppress(SdpError):
        assert parse_sdp(body, max_media=64).media
