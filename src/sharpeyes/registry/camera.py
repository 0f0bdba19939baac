"""One camera, one file: the record of a camera, and what it may hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec

from sharpeyes.registry.device_code import DeviceCode
from sharpeyes.registry.errors import DeviceCodeError, FieldProblem, shown
from sharpeyes.registry.fields import (
    hide_password,
    refuse_division_code,
    refuse_host,
    refuse_number,
    refuse_path,
    refuse_port,
    refuse_position,
    refuse_text,
)

SAMPLE_INTERVAL_MIN_S = 0.2
SAMPLE_INTERVAL_MAX_S = 86400.0

NO_PATH = "no stream path is on file, so it cannot be asked"
"""What is known of a camera that `lacks_path`."""

_ONVIF_PATH = "/onvif/device_service"


class Tier(IntEnum):
    """Whose point it is (监控点位类型), with the numbers of the exchanged sheet."""

    CITY = 1
    DISTRICT = 2
    SOCIAL = 3
    POLICE = 4
    OTHER = 9

    @property
    def word(self) -> str:
        """The tier as people and programs write it: `city`, `district`, ..."""
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Tier:
        """Read a tier's word or number.

        Raises:
            ValueError: It is neither.
        """
        for tier in cls:
            if text.strip().lower() in (tier.word, str(tier.value)):
                return tier
        raise ValueError(f"must be one of {', '.join(f'{t.word} ({t.value})' for t in cls)}")


class PollMode(StrEnum):
    """How the camera may be asked for pictures."""

    DIRECT = "direct"
    """By us, at any time: its health is measured."""
    ON_REQUEST = "on_request"
    """Only when somebody wants to look: never asked on a schedule, never called offline."""
    NONE = "none"
    """Never: it is on file, and that is all."""


class SampleSource(StrEnum):
    """Where sampled frames come from."""

    NONE = "none"
    KEYFRAME = "keyframe"
    """The keyframes of the sub stream, or of the main stream where there is no other."""
    SNAPSHOT = "snapshot"
    """JPEGs fetched over HTTP."""


class CameraFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an engineer hands in about a camera.

    Attributes:
        device_code: 20 digits; see `DeviceCode`.
        name: At most 200 characters.
        tier: Whose point it is.
        division_code: The division that it is filed under; GB/T 2260 or below, or a local one.
        longitude: Degrees, WGS-84; together with the latitude or not at all.
        latitude: Degrees, WGS-84.
        host: The device's IPv4 or IPv6 address (without brackets) or host name.
        rtsp_port: TCP port of its streams.
        http_port: TCP port of its snapshots and of ONVIF.
        main_stream_path: Path and query of the main stream on the device, from `/` on.
        sub_stream_path: The same, of the sub stream.
        snapshot_path: The same, of a JPEG over HTTP.
        poll_mode: How it may be asked.
        sample_source: Where frames for the detectors come from.
        sample_interval_s: Seconds between sampled frames, 0.2 to 86,400.
    """

    device_code: str
    name: str
    tier: Tier
    division_code: str
    longitude: float | None = None
    latitude: float | None = None
    host: str | None = None
    rtsp_port: int = 554
    http_port: int = 80
    main_stream_path: str | None = None
    sub_stream_path: str | None = None
    snapshot_path: str | None = None
    poll_mode: PollMode = PollMode.DIRECT
    sample_source: SampleSource = SampleSource.NONE
    sample_interval_s: float = 5.0

    @property
    def lacks_path(self) -> bool:
        """Whether it may be asked at any time, but nobody wrote down for which stream or JPEG."""
        paths = (self.main_stream_path, self.sub_stream_path, self.snapshot_path)
        return self.poll_mode is PollMode.DIRECT and not any(paths)


class Camera(CameraFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registered camera, as of one revision. An edit makes a new value.

    Attributes:
        camera_id: Ours, for good; never reused.
        shard: 0-1023, decides which worker looks after it.
        revision: 1 when registered, one more with every change.
        created_at: UTC.
        updated_at: UTC.
    """

    camera_id: int
    shard: int
    revision: int
    created_at: datetime
    updated_at: datetime

    @property
    def file(self) -> CameraFile:
        """What was handed in about it."""
        fields = CameraFile.__struct_fields__
        return CameraFile(**{field: getattr(self, field) for field in fields})

    @property
    def main_stream_url(self) -> str | None:
        """RTSP address of the main stream, without credentials."""
        return self._url("rtsp", self.rtsp_port, self.main_stream_path)

    @property
    def sub_stream_url(self) -> str | None:
        """RTSP address of the sub stream, without credentials."""
        return self._url("rtsp", self.rtsp_port, self.sub_stream_path)

    @property
    def snapshot_url(self) -> str | None:
        """HTTP address of a JPEG, without credentials."""
        return self._url("http", self.http_port, self.snapshot_path)

    @property
    def onvif_url(self) -> str | None:
        """HTTP address of the ONVIF device service; None where we know no host."""
        return self._url("http", self.http_port, _ONVIF_PATH)

    def _url(self, scheme: str, port: int, path: str | None) -> str | None:
        if self.host is None or path is None:
            return None
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{port}{path}"


def tidy(camera_file: CameraFile) -> CameraFile:
    """Remove what typing and spreadsheets add: outer spaces, empty texts, an address's brackets."""

    def stripped(text: str | None) -> str | None:
        return (text or "").strip() or None

    host = stripped(camera_file.host)
    if host is not None:
        host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
        host = host.lower()
    return msgspec.structs.replace(
        camera_file,
        device_code=camera_file.device_code.strip(),
        name=camera_file.name.strip(),
        division_code=camera_file.division_code.strip(),
        host=host,
        main_stream_path=stripped(camera_file.main_stream_path),
        sub_stream_path=stripped(camera_file.sub_stream_path),
        snapshot_path=stripped(camera_file.snapshot_path),
    )


def validate(camera_file: CameraFile, *, division_known: bool = True) -> list[FieldProblem]:
    """Check a tidied camera file: each field, and that they agree with each other.

    Args:
        camera_file: What was handed in.
        division_known: False when there is no such division, which comes before the question
            whether it is the right one.

    Returns:
        All problems at once, in the order of the fields; empty when there are none.
    """
    return [
        *_code_problems(camera_file, division_known=division_known),
        *_field_problems(camera_file),
        *_position_problems(camera_file),
        *_polling_problems(camera_file),
    ]


def _code_problems(file: CameraFile, *, division_known: bool) -> Iterator[FieldProblem]:
    division = file.division_code
    reason = refuse_division_code(division)
    if reason is None and not division_known:
        reason = "no such division is known"
    try:
        code = DeviceCode.parse(file.device_code)
        code.require_camera()
    except DeviceCodeError as error:
        yield FieldProblem("device_code", shown(file.device_code), str(error))
        # A division that was taken from the code is not to blame for it.
        if file.device_code.startswith(division):
            return
    else:
        if reason is None and code.contradicts(division):
            reason = f"the device code says {code.district_code} (its first six digits)"
    if reason is not None:
        yield FieldProblem("division_code", shown(division), reason)


def _field_problems(file: CameraFile) -> Iterator[FieldProblem]:
    reasons = {
        "name": refuse_text(file.name),
        "host": None if file.host is None else refuse_host(file.host),
        "rtsp_port": refuse_port(file.rtsp_port),
        "http_port": refuse_port(file.http_port),
        "sample_interval_s": refuse_number(
            file.sample_interval_s, SAMPLE_INTERVAL_MIN_S, SAMPLE_INTERVAL_MAX_S
        ),
    }
    for field, reason in reasons.items():
        if reason is not None:
            yield FieldProblem(field, shown(getattr(file, field)), reason)
    for field in ("main_stream_path", "sub_stream_path", "snapshot_path"):
        path = getattr(file, field)
        if path is not None and (reason := refuse_path(path)):
            yield FieldProblem(field, shown(hide_password(path)), reason)


def _position_problems(file: CameraFile) -> Iterator[FieldProblem]:
    if file.longitude is None and file.latitude is None:
        return
    if file.longitude is None:
        yield FieldProblem("longitude", "", "is missing beside a latitude")
    elif file.latitude is None:
        yield FieldProblem("latitude", "", "is missing beside a longitude")
    elif reason := refuse_position(file.longitude, file.latitude):
        yield FieldProblem("longitude", f"{file.longitude}, {file.latitude}", reason)


def _polling_problems(file: CameraFile) -> Iterator[FieldProblem]:
    if file.poll_mode is PollMode.DIRECT and file.host is None:
        yield FieldProblem("host", "", "is missing; poll mode direct needs it")
    source = file.sample_source
    if source is SampleSource.NONE:
        return
    if file.poll_mode is not PollMode.DIRECT:
        yield FieldProblem("sample_source", source, f"needs poll mode direct, not {file.poll_mode}")
    if source is SampleSource.SNAPSHOT and file.snapshot_path is None:
        yield FieldProblem("snapshot_path", "", "is missing; sample source snapshot needs it")
    if source is SampleSource.KEYFRAME and not (file.main_stream_path or file.sub_stream_path):
        yield FieldProblem("main_stream_path", "", "is missing; sample source keyframe needs it")
