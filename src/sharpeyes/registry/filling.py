"""Filling a camera's file from what its device says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from sharpeyes.devices.fault import Fault
from sharpeyes.devices.onvif_answers import DeviceInformation
from sharpeyes.devices.probe import DeviceProbe
from sharpeyes.devices.stream_choice import StreamAddresses
from sharpeyes.registry.addresses import refuse_path
from sharpeyes.registry.camera import CameraFile, PollMode
from sharpeyes.registry.fields import refuse_text
from sharpeyes.registry.plain_checking import LONGEST

_DEFAULT_PORTS = {"rtsp": 554, "http": 80, "https": 443}
# Column 14 of the exchanged sheet.
_CODECS: Mapping[str, int] = {"MPEG4": 1, "MPEG-4": 1, "H264": 2, "SVAC": 3, "H265": 4, "HEVC": 4}


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One field that would change.

    Attributes:
        field: Its name, as in `CameraFile`.
        before: What is on file.
        after: What the device says.
    """

    field: str
    before: object
    after: object


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """What a device's answers would change.

    Attributes:
        file: The file as it would be.
        changes: What differs from the file as it is.
        left_out: What the device said and is not taken, and why, in words.
    """

    file: CameraFile
    changes: list[FieldChange]
    left_out: list[str]


def filled(file: CameraFile, probe: DeviceProbe, *, replace: bool) -> Filling:
    """Fill maker, model, firmware, codec and the paths of streams and snapshots.

    What is on file stays, for somebody chose it, unless `replace`; only the firmware is always what
    the device says now. Of a recorder's make nothing is taken: it is not that of its cameras.

    Args:
        file: As it is; it was the one that was probed.
        probe: What the device answered.
        replace: Whether what is on file is replaced where the device says otherwise.
    """
    said: dict[str, object] = {}
    left_out: list[str] = []
    if isinstance(probe.information, DeviceInformation) and file.poll_mode is not PollMode.RECORDER:
        said |= _make(file, probe.information, left_out, replace=replace)
    if isinstance(probe.addresses, StreamAddresses):
        said |= _streams(file, probe.addresses, left_out, replace=replace)
        said |= _snapshot(file, probe.addresses.snapshot_url, left_out, replace=replace)
    elif isinstance(probe.addresses, Fault):
        left_out.append(f"streams: {probe.addresses.evidence}")
    after = msgspec.structs.replace(file, **said)
    changes = [
        FieldChange(field=field, before=getattr(file, field), after=getattr(after, field))
        for field in said
        if getattr(file, field) != getattr(after, field)
    ]
    return Filling(file=after, changes=changes, left_out=left_out)


def _make(
    file: CameraFile, made: DeviceInformation, left_out: list[str], *, replace: bool
) -> dict[str, object]:
    said: dict[str, object] = {}
    for field, text in (
        ("maker_name", made.manufacturer),
        ("model", made.model),
        ("firmware", made.firmware_version),
    ):
        if not text:
            continue
        if reason := refuse_text(text, longest=LONGEST[field]):
            left_out.append(f"{field}: what the device says {reason}")
        elif field == "firmware" or _gives_way(file, field, text, left_out, replace=replace):
            said[field] = text
    return said


def _gives_way(
    file: CameraFile, field: str, said: object, left_out: list[str], *, replace: bool
) -> bool:
    """Tell whether what is on file is replaced; note where it differs and is not."""
    on_file = getattr(file, field)
    if replace or on_file is None or on_file == said:
        return True
    left_out.append(f"{field}: the device says {said}, and {on_file} is on file")
    return False


def _streams(
    file: CameraFile, addresses: StreamAddresses, left_out: list[str], *, replace: bool
) -> dict[str, object]:
    main = _parts(addresses.main_url, "main stream", left_out)
    if main is None:
        return {}
    port, path = main
    said: dict[str, object] = {}
    codec = _CODECS.get(addresses.codec)
    if codec is not None and _gives_way(file, "codec", codec, left_out, replace=replace):
        said["codec"] = codec
    if file.main_stream_path is None or replace:
        said |= {"rtsp_port": port, "main_stream_path": path}
    elif file.rtsp_port != port:
        left_out.append(f"sub stream: is on port {port}, and port {file.rtsp_port} is on file")
        return said
    if addresses.sub_url is None or not (file.sub_stream_path is None or replace):
        return said
    sub = _parts(addresses.sub_url, "sub stream", left_out)
    if sub is not None and sub[0] == port:
        said["sub_stream_path"] = sub[1]
    elif sub is not None:
        left_out.append(f"sub stream: is on another port ({sub[0]}) than the main stream ({port})")
    return said


def _snapshot(
    file: CameraFile, url: str | None, left_out: list[str], *, replace: bool
) -> dict[str, object]:
    if url is None or not (file.snapshot_path is None or replace):
        return {}
    parts = _parts(url, "snapshot", left_out)
    if parts is None:
        return {}
    port, path = parts
    if urlsplit(url).scheme != "http" or port != file.http_port:
        left_out.append(
            f"snapshot: is at {urlsplit(url).scheme} port {port}, and a camera has one port for "
            f"ONVIF and snapshots ({file.http_port})"
        )
        return {}
    return {"snapshot_path": path}


def _parts(url: str, what: str, left_out: list[str]) -> tuple[int, str] | None:
    """Return an address's port and its path with the query; None where the path is refused."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    reason = refuse_path(path)
    if reason is not None:
        left_out.append(f"{what}: its path {reason}")
        return None
    return parts.port or _DEFAULT_PORTS[parts.scheme], path
