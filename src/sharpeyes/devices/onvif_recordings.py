"""Which recordings a device keeps, as its recording search tells it (ONVIF Profile G)."""

from datetime import datetime, timedelta
from itertools import islice

from lxml import etree

from sharpeyes.devices.device_clock import read_moment
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_exchange import OnvifExchange
from sharpeyes.devices.recordings_kept import RecordingsKept
from sharpeyes.devices.wsdl import Service

MOST_RECORDINGS = 256
"""Of a device that keeps more, it is not said which is the shortest."""

_ROUNDS = 8
_KEEP_ALIVE = timedelta(seconds=20)
_WAIT = timedelta(seconds=1)
_DAY = timedelta(days=1)
_COMPLETED = "Completed"


async def search_recordings(device: OnvifExchange) -> RecordingsKept | Fault:
    """Ask a device which recordings it keeps.

    Its summary is enough where there is but one recording; of several it says from when the oldest
    is, so they are asked for one by one.
    """
    answer = await device.call(Service.SEARCH, "GetRecordingSummary")
    if isinstance(answer, Fault):
        return answer
    summary = answer.find("{*}Summary")
    count = "" if summary is None else (summary.findtext("{*}NumberRecordings") or "").strip()
    if summary is None or not (count.isascii() and count.isdigit() and len(count) < 7):  # noqa: PLR2004  # an int
        return _unusable(device, "tells no number of recordings")
    if int(count) == 0:
        return RecordingsKept(0, None, None, 0.0, 0.0)
    whole = _span(summary, "DataFrom", "DataUntil")
    if whole is None:
        return _unusable(device, "tells no usable times of its recordings")
    spans = [whole]
    if int(count) > 1:
        spans = await _find(device) if int(count) <= MOST_RECORDINGS else []
    each = [(until - since) / _DAY for since, until in spans]
    if len(each) != int(count):
        return RecordingsKept(int(count), *whole, None, (whole[1] - whole[0]) / _DAY)
    return RecordingsKept(int(count), *whole, min(each), max(each))


async def _find(device: OnvifExchange) -> list[tuple[datetime, datetime]]:
    """Return from when to when each recording is; fewer where the device does not say."""
    answer = await device.call(
        Service.SEARCH,
        "FindRecordings",
        Scope={},
        MaxMatches=MOST_RECORDINGS,
        KeepAliveTime=_KEEP_ALIVE,
    )
    token = "" if isinstance(answer, Fault) else answer.findtext("{*}SearchToken") or ""
    if not token:
        return []
    spans: list[tuple[datetime, datetime]] = []
    for _ in range(_ROUNDS):
        answer = await device.call(
            Service.SEARCH,
            "GetRecordingSearchResults",
            SearchToken=token,
            MaxResults=MOST_RECORDINGS,
            WaitTime=_WAIT,
        )
        results = None if isinstance(answer, Fault) else answer.find("{*}ResultList")
        if results is None:
            return spans
        for told in islice(results.iterfind("{*}RecordingInformation"), MOST_RECORDINGS):
            span = _span(told, "EarliestRecording", "LatestRecording")
            if span is not None:
                spans.append(span)
        if results.findtext("{*}SearchState") == _COMPLETED:
            break
    # Devices have room for few searches; one that does not mind is not minded either.
    await device.call(Service.SEARCH, "EndSearch", SearchToken=token)
    return spans


def _span(element: etree._Element, first: str, last: str) -> tuple[datetime, datetime] | None:
    times = [read_moment(element.findtext(f"{{*}}{name}") or "") for name in (first, last)]
    since, until = times
    return (since, until) if since and until and since <= until else None


def _unusable(device: OnvifExchange, told: str) -> Fault:
    return Fault(FaultKind.PROTOCOL, f"{device.endpoint} {told}")
