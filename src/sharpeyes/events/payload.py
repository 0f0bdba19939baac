"""What events say, by type. There is no field about persons, and none may be added."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

# PostgreSQL cannot keep U+0000, and nobody can read it.
Name = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")]
Words = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00]*$")]
Pixel = Annotated[float, Meta(ge=-1e6, le=1e6)]
SizePx = Annotated[int, Meta(ge=1, le=65_535)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
Moment = Annotated[datetime, Meta(tz=True)]
StatusWord = Literal["unknown", "ok", "degraded", "unreachable", "offline"]
EventId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
DeviceCode = Annotated[str, Meta(pattern=r"^[0-9]{20}$")]


class CameraStatusChanged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera went offline, became degraded or unstable, or was restored.

    Attributes:
        from_status: What was known before.
        to_status: What is known now.
        cause: What is wrong, as a word of health; empty when nothing is.
        evidence: What was seen, in words that an operator can act on.
    """

    from_status: StatusWord
    to_status: StatusWord
    cause: Name = ""
    evidence: Words = ""


AlarmKind = Literal["motion", "tamper", "storage", "hardware", "restart"]


class CameraAlarm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera itself tells of something (ONVIF events): neither we nor anybody has looked.

    Attributes:
        kind: What it is about: motion before it, tampering with it, its storage or another part of
            it that fails, its restart.
        phase: Which step this is; what has no length is `alert`.
        topic: The camera's word for it.
        source: Which of the camera's parts it is about, as the camera names it.
        started_at: When it began, by our clock.
        camera_time: What the camera's clock showed at this step; null: it did not say.
    """

    kind: AlarmKind
    phase: Literal["start", "alert", "end"]
    topic: Name
    source: Name = ""
    started_at: Moment
    camera_time: Moment | None = None


CommonKind = Literal["recorder", "subnet", "network", "district", "poller"]


class IncidentChanged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Many cameras failed for one reason, or that is over. None of them is told of by itself.

    Attributes:
        incident_id: As the API has it.
        phase: Which step this is.
        kind: What they have in common; `poller`: it is we who see nothing.
        title: What people call that.
        cause: What is wrong, as a word of health.
        evidence: What was seen, in words that an operator can act on.
        cameras: How many were touched until now.
        device_codes: Some of them, 100 at most.
        began_at: When the first of them failed.
        told_singly: When it is over: how many stayed down, and are told of by themselves.
    """

    incident_id: Annotated[int, Meta(ge=1)]
    phase: Literal["opened", "closed"]
    kind: CommonKind
    title: Name
    cause: Name
    evidence: Words
    cameras: Annotated[int, Meta(ge=1)]
    device_codes: Annotated[tuple[DeviceCode, ...], Meta(max_length=100)] = ()
    began_at: Moment
    told_singly: Annotated[int, Meta(ge=0)] = 0


class MotionSeen(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something moved in a zone, or came to rest again.

    Attributes:
        phase: Which step this is.
        box_xyxy: Left, top, right, bottom in pixels of the source picture.
        picture_width_px: Width of that picture.
        picture_height_px: Height of that picture.
        zone: Name of the zone that was watched; empty for the whole picture.
        started_at: When it began.
        first_event_id: Of an end: the event that told of the start; null: it is not known.
    """

    phase: Literal["start", "end"]
    box_xyxy: tuple[Pixel, Pixel, Pixel, Pixel]
    picture_width_px: SizePx
    picture_height_px: SizePx
    zone: Name = ""
    started_at: Moment
    first_event_id: EventId | None = None


class VehicleAbandoned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vehicle stands in a zone for longer than the zone allows, or has left after that.

    Attributes:
        phase: Which step this is.
        box_xyxy: Left, top, right, bottom in pixels of the source picture.
        picture_width_px: Width of that picture.
        picture_height_px: Height of that picture.
        zone: Name of the zone whose limit was exceeded; empty for the whole picture.
        dwell_s: How long it has stood.
        started_at: When it stopped.
        verified: A model saw a vehicle (true) or could not name it (false); null: none was asked.
        first_event_id: Of an end: the event that raised the alert; null: it is not known.
    """

    phase: Literal["alert", "end"]
    box_xyxy: tuple[Pixel, Pixel, Pixel, Pixel]
    picture_width_px: SizePx
    picture_height_px: SizePx
    zone: Name = ""
    dwell_s: Seconds
    started_at: Moment
    verified: bool | None = None
    first_event_id: EventId | None = None


class OutsideReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another system says that something is to be seen at a camera.

    Attributes:
        kind: What it is, as a word of that system's own: "flooding", "smoke".
        text: What was seen, in words that an operator can act on.
        phase: Which step this is; a report that has no length is `alert`.
        box_xyxy: Left, top, right, bottom in pixels of that system's picture.
        picture_width_px: Width of that picture.
        picture_height_px: Height of that picture.
        zone: Name of the zone that was watched; empty for the whole picture.
        started_at: When it began.
        first_event_id: Of a later step: our identity of the event that told of it first.
    """

    kind: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    text: Words = ""
    phase: Literal["start", "alert", "end"] = "alert"
    box_xyxy: tuple[Pixel, Pixel, Pixel, Pixel] | None = None
    picture_width_px: SizePx | None = None
    picture_height_px: SizePx | None = None
    zone: Name = ""
    started_at: Moment | None = None
    first_event_id: EventId | None = None


class CaseChanged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The case of an event has gone on, or a part of its time is over.

    Attributes:
        about_event_id: Of which event; it was delivered before, as it is of the same camera.
        about_type: The type of that event.
        step: What was done.
        state: How far the case is now.
        light: How much of its time is gone.
        case_number: What the case system calls it; empty: it has not said.
        words: What was found, fed back or given as the reason.
        deadline_at: By when it is to be over.
        revision: Of the case; a higher one is later.
    """

    about_event_id: EventId
    about_type: Name
    step: Literal["acknowledged", "handled", "closed", "rejected", "light"]
    state: Literal["dispatched", "acknowledged", "handled", "closed", "rejected"]
    light: Literal["", "blue", "yellow", "red"]
    case_number: Name = ""
    words: Words = ""
    deadline_at: Moment | None = None
    revision: Annotated[int, Meta(ge=1)]


Payload = (
    CameraStatusChanged
    | CameraAlarm
    | IncidentChanged
    | MotionSeen
    | VehicleAbandoned
    | OutsideReport
    | CaseChanged
)
