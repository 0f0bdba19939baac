"""ONVIF's event service of a simulated camera, by pull points."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from sharpeyes.devices.simulator.camera import Device
from sharpeyes.devices.simulator.pull_points import PullPoint, Told
from sharpeyes.devices.simulator.soap import EVENTS, NOTIFICATION, SoapRequest
from sharpeyes.devices.simulator.world import World

EVENT_SERVICE_PATH = "/onvif/event_service"
SUBSCRIPTION_PATH = "/onvif/subscription"

# A subscription is named in the header and not in the address, as Axis does.
_NUMBER = "{urn:sharpeyes:simulator}SubscriptionId"
_LENGTH = re.compile(r"PT(?:(\d{1,4})M)?(?:(\d{1,5})S)?")
_LONGEST_WAIT_S = 60.0
_USUAL_S = 60.0
_TOPICS = (
    "<tns1:VideoSource><MotionAlarm wstop:topic='true'/><ImageTooDark><ImagingService"
    " wstop:topic='true'/></ImageTooDark><SignalLoss wstop:topic='true'/></tns1:VideoSource>"
)


class NoRoomError(Exception):
    """The camera keeps as many pull points as it can."""


def event_properties(_world: World, device: Device, _request: SoapRequest) -> str | None:
    """Answer of which topics it may tell."""
    if not device.pull_points.limit:
        return None
    return (
        f"<tev:GetEventPropertiesResponse><wstop:TopicSet>{_TOPICS}</wstop:TopicSet>"
        "</tev:GetEventPropertiesResponse>"
    )


def create_pull_point(world: World, device: Device, request: SoapRequest) -> str | None:
    """Make a pull point.

    Raises:
        NoRoomError: there are as many as it keeps.
    """
    term = request.body.findtext(f"{{{EVENTS}}}InitialTerminationTime", f"PT{_USUAL_S:.0f}S")
    lasting_s = _lasting_s(term, world.device_time(device))
    if lasting_s is None or not device.pull_points.limit:
        return None
    point = device.pull_points.open(world.monotonic(), lasting_s)
    if point is None:
        raise NoRoomError
    address = f"http://{device.camera.host}:{world.settings.http_port}{SUBSCRIPTION_PATH}"
    return (
        "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
        f"<wsa:Address>{address}</wsa:Address><wsa:ReferenceParameters>"
        f'<sim:SubscriptionId xmlns:sim="urn:sharpeyes:simulator">{point.number}'
        "</sim:SubscriptionId></wsa:ReferenceParameters></tev:SubscriptionReference>"
        f"{_times(world, device, point, 'wsnt')}</tev:CreatePullPointSubscriptionResponse>"
    )


async def pull_messages(world: World, device: Device, request: SoapRequest) -> str | None:
    """Answer what has happened, or wait for it."""
    point = _point(world, device, request)
    wait_s = _length_s(request.body.findtext(f"{{{EVENTS}}}Timeout", ""))
    most = request.body.findtext(f"{{{EVENTS}}}MessageLimit", "")
    if point is None or wait_s is None or not most.isdigit():
        return None
    told = await point.take(int(most[:6]), min(wait_s, _LONGEST_WAIT_S))
    if point.number not in device.pull_points.living(world.monotonic()):
        return None
    return (
        f"<tev:PullMessagesResponse>{_times(world, device, point, 'tev')}"
        f"{''.join(map(_message, told))}</tev:PullMessagesResponse>"
    )


def renew(world: World, device: Device, request: SoapRequest) -> str | None:
    """Keep a pull point for longer."""
    point = _point(world, device, request)
    term = request.body.findtext(f"{{{NOTIFICATION}}}TerminationTime", "")
    lasting_s = _lasting_s(term, world.device_time(device))
    if point is None or lasting_s is None:
        return None
    point.ends_s = world.monotonic() + lasting_s
    device.pull_points.renewed += 1
    return f"<wsnt:RenewResponse>{_times(world, device, point, 'wsnt')}</wsnt:RenewResponse>"


def unsubscribe(world: World, device: Device, request: SoapRequest) -> str | None:
    """Forget a pull point."""
    point = _point(world, device, request)
    if point is None:
        return None
    device.pull_points.end(point)
    return "<wsnt:UnsubscribeResponse/>"


def _point(world: World, device: Device, request: SoapRequest) -> PullPoint | None:
    number = "" if request.header is None else request.header.findtext(_NUMBER, "").strip()
    living = device.pull_points.living(world.monotonic())
    return living.get(int(number)) if number.isdigit() and len(number) < 10 else None  # noqa: PLR2004  # digits


def _times(world: World, device: Device, point: PullPoint, prefix: str) -> str:
    now = world.device_time(device)
    end = now + timedelta(seconds=point.ends_s - world.monotonic())
    return (
        f"<{prefix}:CurrentTime>{_text(now)}</{prefix}:CurrentTime>"
        f"<{prefix}:TerminationTime>{_text(end)}</{prefix}:TerminationTime>"
    )


def _message(told: Told) -> str:
    operation = f' PropertyOperation="{told.operation}"' if told.operation else ""
    return (
        "<wsnt:NotificationMessage><wsnt:Topic"
        ' Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        f"{escape(told.topic)}</wsnt:Topic><wsnt:Message>"
        f'<tt:Message UtcTime="{_text(told.at)}"{operation}>'
        f"<tt:Source>{_items(told.source)}</tt:Source><tt:Data>{_items(told.data)}</tt:Data>"
        "</tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def _items(items: Mapping[str, str]) -> str:
    return "".join(
        f"<tt:SimpleItem Name={quoteattr(name)} Value={quoteattr(value)}/>"
        for name, value in items.items()
    )


def _lasting_s(term: str, now: datetime) -> float | None:
    if term.startswith("P"):
        return _length_s(term)
    try:
        return (datetime.fromisoformat(term.strip()) - now).total_seconds()
    except (ValueError, TypeError):
        return None


def _length_s(text: str) -> float | None:
    match = _LENGTH.fullmatch(text.strip())
    return None if match is None else 60.0 * int(match[1] or 0) + int(match[2] or 0)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
