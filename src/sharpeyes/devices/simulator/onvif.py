"""The ONVIF side of a simulated camera: its services, as far as we ask."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from inspect import isawaitable

from sharpeyes.devices.simulator.camera import (
    MAIN_STREAM_PATH,
    SNAPSHOT_PATH,
    SUB_STREAM_PATH,
    Device,
)
from sharpeyes.devices.simulator.encoding import Clip, Stream
from sharpeyes.devices.simulator.event_service import (
    EVENT_SERVICE_PATH,
    NoRoomError,
    create_pull_point,
    event_properties,
    pull_messages,
    renew,
    unsubscribe,
)
from sharpeyes.devices.simulator.recordings import (
    end_search,
    find_recordings,
    recording_search_results,
    recording_summary,
)
from sharpeyes.devices.simulator.soap import (
    DEVICE,
    EVENTS,
    MEDIA,
    NOTIFICATION,
    SEARCH,
    NotSoapError,
    SoapRequest,
    envelope,
    fault,
    read_request,
)
from sharpeyes.devices.simulator.world import World
from sharpeyes.devices.simulator.ws_security import TokenVerdict, judge_token

DEVICE_SERVICE_PATH = "/onvif/device_service"
MEDIA_SERVICE_PATH = "/onvif/media_service"
SEARCH_SERVICE_PATH = "/onvif/search_service"

MANUFACTURER = "Sharp Eyes"
MODEL = "Simulated Street Camera"
FIRMWARE_VERSION = "1.0"

_CHINA = timezone(timedelta(hours=8))
_STREAM_PATHS = {Stream.MAIN: MAIN_STREAM_PATH, Stream.SUB: SUB_STREAM_PATH}


@dataclass(frozen=True, slots=True)
class OnvifAnswer:
    """What goes back.

    Args:
        status: of HTTP.
        body: a SOAP envelope.
    """

    status: int
    body: bytes


async def answer_onvif(world: World, device: Device, data: bytes) -> OnvifAnswer:
    """Answer a request, whatever it is.

    Args:
        world: the fleet.
        device: who is asked.
        data: what was sent.
    """
    try:
        request = read_request(data)
    except NotSoapError as error:
        return OnvifAnswer(400, fault("Sender", "WellFormed", str(error)))
    operation = _OPERATIONS.get((request.namespace, request.operation))
    if operation is None:
        reason = f"{request.operation} is not supported"
        return OnvifAnswer(500, fault("Receiver", "ActionNotSupported", reason))
    if operation.needs_login:
        refusal = _refuse(world, device, request)
        if refusal is not None:
            return OnvifAnswer(400, fault("Sender", "NotAuthorized", refusal))
    try:
        answered = operation.answer(world, device, request)
        if isawaitable(answered):
            answered = await answered
    except NoRoomError:
        reason = "the maximum number of subscriptions is reached"
        return OnvifAnswer(500, fault("Receiver", "SubscribeCreationFailedFault", reason))
    if answered is None:
        return OnvifAnswer(400, fault("Sender", "InvalidArgVal", "there is no such thing here"))
    return OnvifAnswer(200, envelope(answered))


def _refuse(world: World, device: Device, request: SoapRequest) -> str | None:
    """Why a request may not go on; None if it may."""
    verdict = judge_token(request.header, world.credentials, world.device_time(device))
    if verdict is TokenVerdict.NONE:
        return "credentials are needed"
    if verdict is TokenVerdict.WRONG_TIME:
        return "the time of the credentials is not the device's"
    now_s = world.monotonic()
    if device.admit(right=verdict is TokenVerdict.RIGHT, now_s=now_s):
        return None
    return "the account is locked" if device.is_locked(now_s) else "the credentials are wrong"


def _system_date_and_time(world: World, device: Device, _request: SoapRequest) -> str:
    return date_and_time(world.device_time(device))


def date_and_time(now: datetime, *, is_local: bool = False) -> str:
    """The answer to GetSystemDateAndTime.

    Args:
        now: what the device's clock says, aware.
        is_local: that is local time already, though it is told as UTC.
    """
    local = now if is_local else now.astimezone(_CHINA)
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
        "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
        "<tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone>"
        f"<tt:UTCDateTime>{_date_time(now)}</tt:UTCDateTime>"
        f"<tt:LocalDateTime>{_date_time(local)}</tt:LocalDateTime>"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def _date_time(moment: datetime) -> str:
    return (
        f"<tt:Time><tt:Hour>{moment.hour}</tt:Hour><tt:Minute>{moment.minute}</tt:Minute>"
        f"<tt:Second>{moment.second}</tt:Second></tt:Time>"
        f"<tt:Date><tt:Year>{moment.year}</tt:Year><tt:Month>{moment.month}</tt:Month>"
        f"<tt:Day>{moment.day}</tt:Day></tt:Date>"
    )


def _device_information(_world: World, device: Device, _request: SoapRequest) -> str:
    return (
        "<tds:GetDeviceInformationResponse>"
        f"<tds:Manufacturer>{MANUFACTURER}</tds:Manufacturer><tds:Model>{MODEL}</tds:Model>"
        f"<tds:FirmwareVersion>{FIRMWARE_VERSION}</tds:FirmwareVersion>"
        f"<tds:SerialNumber>{device.camera.device_code}</tds:SerialNumber>"
        "<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>"
    )


def _capabilities(world: World, device: Device, _request: SoapRequest) -> str:
    events = ""
    if device.pull_points.limit:
        address = _http_url(world, device, EVENT_SERVICE_PATH)
        events = (
            f"<tt:Events><tt:XAddr>{address}</tt:XAddr>"
            "<tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport>"
            "<tt:WSPullPointSupport>true</tt:WSPullPointSupport></tt:Events>"
        )
    return (
        "<tds:GetCapabilitiesResponse><tds:Capabilities>"
        f"<tt:Device><tt:XAddr>{_http_url(world, device, DEVICE_SERVICE_PATH)}</tt:XAddr>"
        "</tt:Device>"
        f"<tt:Media><tt:XAddr>{_http_url(world, device, MEDIA_SERVICE_PATH)}</tt:XAddr>"
        "<tt:StreamingCapabilities><tt:RTPMulticast>false</tt:RTPMulticast>"
        "<tt:RTP_TCP>true</tt:RTP_TCP><tt:RTP_RTSP_TCP>true</tt:RTP_RTSP_TCP>"
        f"</tt:StreamingCapabilities></tt:Media>{events}"
        "</tds:Capabilities></tds:GetCapabilitiesResponse>"
    )


def _services(world: World, device: Device, _request: SoapRequest) -> str:
    offered = [(DEVICE, DEVICE_SERVICE_PATH), (MEDIA, MEDIA_SERVICE_PATH)]
    if world.settings.recording_days:
        offered.append((SEARCH, SEARCH_SERVICE_PATH))
    services = "".join(
        f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace>"
        f"<tds:XAddr>{_http_url(world, device, path)}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
        for namespace, path in offered
    )
    return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"


def _profiles(world: World, device: Device, _request: SoapRequest) -> str:
    main = world.clip(device, Stream.MAIN)
    profiles = "".join(_profile(stream, world.clip(device, stream), main) for stream in Stream)
    return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"


def _profile(stream: Stream, clip: Clip, main: Clip) -> str:
    return (
        f'<trt:Profiles token="{stream}" fixed="true"><tt:Name>{stream}Stream</tt:Name>'
        '<tt:VideoSourceConfiguration token="source"><tt:Name>source</tt:Name>'
        "<tt:UseCount>2</tt:UseCount><tt:SourceToken>lens</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{main.width_px}" height="{main.height_px}"/>'
        "</tt:VideoSourceConfiguration>"
        f'<tt:VideoEncoderConfiguration token="{stream}Encoder"><tt:Name>{stream}Encoder</tt:Name>'
        "<tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{clip.width_px}</tt:Width>"
        f"<tt:Height>{clip.height_px}</tt:Height></tt:Resolution><tt:Quality>3</tt:Quality>"
        f"<tt:RateControl><tt:FrameRateLimit>{clip.frames_per_s}</tt:FrameRateLimit>"
        "<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>1024</tt:BitrateLimit>"
        f"</tt:RateControl><tt:H264><tt:GovLength>{clip.frames_per_s}</tt:GovLength>"
        "<tt:H264Profile>Baseline</tt:H264Profile></tt:H264>"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type>"
        "<tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port>"
        "<tt:TTL>0</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
        "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration>"
        "</trt:Profiles>"
    )


def _stream_uri(world: World, device: Device, request: SoapRequest) -> str | None:
    stream = _asked_stream(request)
    if stream is None:
        return None
    port = world.settings.rtsp_port
    return _media_uri("Stream", f"rtsp://{device.camera.host}:{port}{_STREAM_PATHS[stream]}")


def _snapshot_uri(world: World, device: Device, request: SoapRequest) -> str | None:
    if _asked_stream(request) is None:
        return None
    return _media_uri("Snapshot", _http_url(world, device, SNAPSHOT_PATH))


def _media_uri(what: str, uri: str) -> str:
    return (
        f"<trt:Get{what}UriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
        "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
        "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout>"
        f"</trt:MediaUri></trt:Get{what}UriResponse>"
    )


def _asked_stream(request: SoapRequest) -> Stream | None:
    token = request.body.findtext(f"{{{MEDIA}}}ProfileToken", "").strip()
    return next((stream for stream in Stream if stream == token), None)


def _http_url(world: World, device: Device, path: str) -> str:
    return f"http://{device.camera.host}:{world.settings.http_port}{path}"


@dataclass(frozen=True, slots=True)
class _Operation:
    """How to answer; None stands for something that it does not have."""

    answer: Callable[[World, Device, SoapRequest], str | Awaitable[str | None] | None]
    needs_login: bool = True


_OPERATIONS = {
    (DEVICE, "GetSystemDateAndTime"): _Operation(_system_date_and_time, needs_login=False),
    (DEVICE, "GetDeviceInformation"): _Operation(_device_information),
    (DEVICE, "GetCapabilities"): _Operation(_capabilities, needs_login=False),
    (DEVICE, "GetServices"): _Operation(_services, needs_login=False),
    (MEDIA, "GetProfiles"): _Operation(_profiles),
    (MEDIA, "GetStreamUri"): _Operation(_stream_uri),
    (MEDIA, "GetSnapshotUri"): _Operation(_snapshot_uri),
    (SEARCH, "GetRecordingSummary"): _Operation(recording_summary),
    (SEARCH, "FindRecordings"): _Operation(find_recordings),
    (SEARCH, "GetRecordingSearchResults"): _Operation(recording_search_results),
    (SEARCH, "EndSearch"): _Operation(end_search),
    (EVENTS, "GetEventProperties"): _Operation(event_properties),
    (EVENTS, "CreatePullPointSubscription"): _Operation(create_pull_point),
    (EVENTS, "PullMessages"): _Operation(pull_messages),
    (NOTIFICATION, "Renew"): _Operation(renew),
    (NOTIFICATION, "Unsubscribe"): _Operation(unsubscribe),
}
