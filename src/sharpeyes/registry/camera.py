"""One camera, one file: the record of a camera, and what it may hold."""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum, StrEnum

import msgspec

from sharpeyes.registry.code_tables import Edition

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
    RECORDER = "recorder"
    """By us, at any time, through the address of the recorder that it hangs on: as direct."""
    ON_REQUEST = "on_request"
    """Only when somebody wants to look: never asked on a schedule, never called offline."""
    NONE = "none"
    """Never: it is on file, and that is all."""

    @property
    def at_any_time(self) -> bool:
        """Whether we may ask on a schedule, and so can say whether the camera is well."""
        return self is PollMode.DIRECT or self is PollMode.RECORDER


class Life(StrEnum):
    """Where in its life a camera is; changed by operations of their own, never with the file."""

    PLANNED = "planned"
    """Not there yet."""
    IN_SERVICE = "in_service"
    """Does its work, and is asked whether it does."""
    MAINTENANCE = "maintenance"
    """Being seen to: not asked, and never called offline."""
    REMOVED = "removed"
    """No longer there; its file stays."""


class SampleSource(StrEnum):
    """Where sampled frames come from."""

    NONE = "none"
    KEYFRAME = "keyframe"
    """The keyframes of the sub stream, or of the main stream where there is no other."""
    SNAPSHOT = "snapshot"
    """JPEGs fetched over HTTP."""


class BriefFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a camera's file that is needed to ask the camera and to tell of it.

    Attributes:
        device_code: 20 digits; see `DeviceCode`.
        name: At most 200 characters.
        tier: Whose point it is.
        division_code: The division that it is filed under; GB/T 2260 or below, or a local one.
        longitude: Degrees, WGS-84; together with the latitude or not at all.
        latitude: Degrees, WGS-84.
        host: Where we connect: IPv4 or IPv6 address (without brackets) or host name of the device,
            or of the recorder in poll mode `recorder`.
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
        return self.poll_mode.at_any_time and not any(paths)

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


class CameraFile(BriefFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an engineer hands in about a camera. Coded values: see `code_tables`.

    Attributes:
        code_edition: The edition of GB/T 28181 in which its coded values are meant.
        maker: 1-15, or 99 for another.
        maker_name: The maker in words, for the numbers are not published.
        model: As the maker calls it.
        firmware: Version of it.
        place_name: What people call the place.
        ipv4: The device's own address, as an inventory gives it; may differ from `host`.
        ipv6: The same.
        mac: `AA-BB-CC-DD-EE-FF`.
        camera_form: Dome, bullet, ...
        functions: What it is there for, at least one where it is known; ascending.
        lighting: Its lamp.
        codec: Of its main stream.
        address: Where it hangs, in words.
        place_kinds: Station, school, ...; ascending.
        facing: Where it looks.
        networked: Whether it hangs on the network; the sheet writes 0 for yes.
        police_station_code: Of the station in charge, 12 digits (GA/T 380).
        installed_at: UTC.
        managing_unit: The organisation that answers for it.
        contacts: How to reach the managing unit.
        recording_days: For which its recordings are kept.
        sector: The department or trade that it belongs to, 1-18.
        network_name: Of the VPN or network that it hangs on.
        pole_number: Of the pole that carries it.
        landmark: By which to find it.
        power_source: Where its power comes from.
        maintenance_unit: The organisation that mends it.
        maintenance_phone: How to reach that.
        scene_photo: Name or address of a picture of the place.
        osd_text: What it writes into its picture.
        indoor: Whether it hangs indoors.
        field_angle_deg: Horizontal, above 0 to 360.
        view_distance_m: How far it can see.
        purpose: What it was filed for.
        filing_number: Of its filing.
        filed_on: Day of its filing.
        sign_in_place: Whether a sign tells passers-by of it.
        accepted_until: Last day of its acceptance.
        recorder_code: Device code of the recorder that it hangs on.
        recorder_channel: Its input there, from 1 on.
    """

    code_edition: Edition = Edition.E2016
    maker: int | None = None
    maker_name: str | None = None
    model: str | None = None
    firmware: str | None = None
    place_name: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    mac: str | None = None
    camera_form: int | None = None
    functions: tuple[int, ...] = ()
    lighting: int | None = None
    codec: int | None = None
    address: str | None = None
    place_kinds: tuple[int, ...] = ()
    facing: int | None = None
    networked: bool | None = None
    police_station_code: str | None = None
    installed_at: datetime | None = None
    managing_unit: str | None = None
    contacts: tuple[str, ...] = ()
    recording_days: int | None = None
    sector: int | None = None
    network_name: str | None = None
    pole_number: str | None = None
    landmark: str | None = None
    power_source: str | None = None
    maintenance_unit: str | None = None
    maintenance_phone: str | None = None
    scene_photo: str | None = None
    osd_text: str | None = None
    indoor: bool | None = None
    field_angle_deg: float | None = None
    view_distance_m: float | None = None
    purpose: str | None = None
    filing_number: str | None = None
    filed_on: date | None = None
    sign_in_place: bool | None = None
    accepted_until: date | None = None
    recorder_code: str | None = None
    recorder_channel: int | None = None


class Camera(BriefFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registered camera as its worker knows it, as of one revision; small, for they are many.

    Attributes:
        camera_id: Ours, for good; never reused.
        shard: 0-1023, decides which worker looks after it.
        revision: 1 when registered, one more with every change.
        life: Where in its life it is.
        created_at: UTC.
        updated_at: UTC.
    """

    camera_id: int
    shard: int
    revision: int
    life: Life
    created_at: datetime
    updated_at: datetime

    @property
    def is_measured(self) -> bool:
        """Whether it is asked on a schedule, so that it can be called well or offline."""
        return self.life is Life.IN_SERVICE and self.poll_mode.at_any_time


class FiledCamera(CameraFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registered camera with its whole file, as of one revision. An edit makes a new value.

    Attributes:
        camera_id: Ours, for good; never reused.
        shard: 0-1023, decides which worker looks after it.
        revision: 1 when registered, one more with every change.
        life: Where in its life it is.
        life_reason: Why, in words; may be empty.
        life_until: When its maintenance ends by itself, UTC; None for "until somebody says so".
        created_at: UTC.
        updated_at: UTC.
    """

    camera_id: int
    shard: int
    revision: int
    life: Life = Life.IN_SERVICE
    life_reason: str = ""
    life_until: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def file(self) -> CameraFile:
        """What was handed in about it."""
        fields = CameraFile.__struct_fields__
        return CameraFile(**{field: getattr(self, field) for field in fields})

    @property
    def brief(self) -> Camera:
        """The camera as its worker knows it."""
        fields = Camera.__struct_fields__
        return Camera(**{field: getattr(self, field) for field in fields})
