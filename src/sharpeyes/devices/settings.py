"""Bounds on what a device may cost us."""

from pydantic import BaseModel, ConfigDict, Field


class RtspLimits(BaseModel):
    """How much of an RTSP answer is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_head_bytes: int = Field(
        default=16_384,
        ge=1_024,
        description="longest status line and headers of one answer, in bytes",
    )
    max_headers: int = Field(default=100, ge=10, description="most headers in one answer")
    max_body_bytes: int = Field(
        default=262_144, ge=4_096, description="longest body (a stream's description), in bytes"
    )
    max_bytes_per_answer: int = Field(
        default=1_048_576,
        ge=16_384,
        description="most bytes received while one answer is waited for",
    )
    max_media: int = Field(default=64, ge=1, description="most media in a stream's description")
    max_keyframe_bytes: int = Field(
        default=8_388_608, ge=65_536, description="longest encoded keyframe, in bytes"
    )
    max_pixels: int = Field(
        default=40_000_000, ge=65_536, description="most pixels of a keyframe that is decoded"
    )
    min_keepalive_s: float = Field(
        default=5.0, gt=0, description="shortest time between two signs of life to a playing camera"
    )


class HttpLimits(BaseModel):
    """How much of an HTTP answer is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_soap_bytes: int = Field(
        default=4_194_304,
        ge=65_536,
        description="longest ONVIF answer, in bytes (recorders are wordy)",
    )
    max_snapshot_bytes: int = Field(
        default=16_777_216, ge=65_536, description="longest snapshot picture, in bytes"
    )
    max_snapshot_pixels: int = Field(
        default=40_000_000, ge=65_536, description="most pixels of a snapshot that is decoded"
    )


class DiscoveryLimits(BaseModel):
    """How much is taken of what answers a WS-Discovery probe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_answer_bytes: int = Field(
        default=16_384, ge=1_024, le=65_536, description="longest answer, in bytes"
    )
    max_devices: int = Field(default=4_096, ge=1, description="most devices of one search")
    max_answers: int = Field(
        default=65_536, ge=1, description="most datagrams looked at in one search"
    )


class DeviceSettings(BaseModel):
    """How devices are asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rtsp_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=60,
        description="longest RTSP check, from connecting to the description",
    )
    keyframe_timeout_s: float = Field(
        default=15.0, gt=0, le=120, description="longest wait for a stream's first or next keyframe"
    )
    http_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=60,
        description="longest ONVIF call or snapshot, from connecting to the end",
    )
    rtsp: RtspLimits = RtspLimits()
    http: HttpLimits = HttpLimits()
    discovery: DiscoveryLimits = DiscoveryLimits()
