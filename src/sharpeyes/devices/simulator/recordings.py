"""The recordings of a simulated camera, as ONVIF's recording search tells of them (Profile G)."""

from datetime import datetime, timedelta

from sharpeyes.devices.simulator.camera import Device
from sharpeyes.devices.simulator.soap import SEARCH, SoapRequest
from sharpeyes.devices.simulator.world import World

_SEARCH_TOKEN = "search"  # noqa: S105  # ONVIF's word for the number of a search


def recording_summary(world: World, device: Device, _request: SoapRequest) -> str | None:
    """Answer from when to when there are recordings, and how many; None: there is no search."""
    days = world.settings.recording_days
    if not days:
        return None
    until = world.device_time(device)
    return (
        "<tse:GetRecordingSummaryResponse><tse:Summary>"
        f"<tt:DataFrom>{_text(until - timedelta(days=max(days)))}</tt:DataFrom>"
        f"<tt:DataUntil>{_text(until)}</tt:DataUntil>"
        f"<tt:NumberRecordings>{len(days)}</tt:NumberRecordings>"
        "</tse:Summary></tse:GetRecordingSummaryResponse>"
    )


def find_recordings(world: World, _device: Device, _request: SoapRequest) -> str | None:
    """Answer the name of a search, which has ended when it begins."""
    if not world.settings.recording_days:
        return None
    return (
        f"<tse:FindRecordingsResponse><tse:SearchToken>{_SEARCH_TOKEN}</tse:SearchToken>"
        "</tse:FindRecordingsResponse>"
    )


def recording_search_results(world: World, device: Device, request: SoapRequest) -> str | None:
    """Answer every recording."""
    if not _is_search(request):
        return None
    until = world.device_time(device)
    found = "".join(
        f"<tt:RecordingInformation><tt:RecordingToken>input{number}</tt:RecordingToken>"
        f"<tt:Source><tt:SourceId>input{number}</tt:SourceId><tt:Name>input {number}</tt:Name>"
        "<tt:Location></tt:Location><tt:Description></tt:Description><tt:Address></tt:Address>"
        "</tt:Source>"
        f"<tt:EarliestRecording>{_text(until - timedelta(days=days))}</tt:EarliestRecording>"
        f"<tt:LatestRecording>{_text(until)}</tt:LatestRecording><tt:Content></tt:Content>"
        "<tt:RecordingStatus>Recording</tt:RecordingStatus></tt:RecordingInformation>"
        for number, days in enumerate(world.settings.recording_days, 1)
    )
    return (
        "<tse:GetRecordingSearchResultsResponse><tse:ResultList>"
        f"<tt:SearchState>Completed</tt:SearchState>{found}"
        "</tse:ResultList></tse:GetRecordingSearchResultsResponse>"
    )


def end_search(world: World, device: Device, request: SoapRequest) -> str | None:
    """Answer where the search had got to."""
    if not _is_search(request):
        return None
    moment = _text(world.device_time(device))
    return f"<tse:EndSearchResponse><tse:Endpoint>{moment}</tse:Endpoint></tse:EndSearchResponse>"


def _is_search(request: SoapRequest) -> bool:
    return request.body.findtext(f"{{{SEARCH}}}SearchToken", "").strip() == _SEARCH_TOKEN


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
