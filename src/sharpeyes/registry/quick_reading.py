"""Cells that are written as they should be: read at once, and nothing said of all others.

Each reader takes a cell's text and returns the value, or `UNSURE`. A value is what the reader of
single files (`cell_text`), `tidy` and the checks of its field would make of it; for most cells that
is soon seen, and who is unsure asks those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from sharpeyes.registry.addresses import refuse_mac, refuse_path
from sharpeyes.registry.fields import refuse_police_station_code
from sharpeyes.registry.plain_checking import LONGEST, is_plain

UNSURE: Final = object()
"""Equal to nothing but itself."""

_IPV4 = re.compile(
    r"(?!0\.|127\.)(?:22[0-3]|2[01][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    r"(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}",
    re.ASCII,
)
_DEGREES = re.compile(r"[0-9]{1,3}\.[0-9]{1,17}", re.ASCII)
_DATE_AND_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
# China's clock, by which sheets are written.
_ZONE = "+08:00"
_FIRST_TIME = datetime(1980, 1, 1, tzinfo=UTC)


def quick_readers(now: datetime) -> Mapping[str, Callable[[str], Any]]:
    """Return readers of single cells, by target; other targets have none.

    Args:
        now: The time, UTC: what was installed later is not sure.
    """
    return MappingProxyType({**_READERS, "installed_at": _time_reader(now)})


def _text(text: str) -> Any:
    text = text.strip()
    return (text or None) if is_plain(text) else UNSURE


def _name(text: str) -> Any:
    return _text(text) or UNSURE


def _ipv4(text: str) -> Any:
    return text if _IPV4.fullmatch(text) else UNSURE


def _mac(text: str) -> Any:
    return UNSURE if refuse_mac(text) else text


def _path(text: str) -> Any:
    return UNSURE if refuse_path(text) else text


def _police_station_code(text: str) -> Any:
    return UNSURE if refuse_police_station_code(text) else text


def _degrees(text: str) -> Any:
    return float(text) if _DEGREES.fullmatch(text) else UNSURE


def _contacts(text: str) -> Any:
    text = text.strip()
    if text and is_plain(text) and "/" not in text and "／" not in text:
        return (text,)
    return UNSURE


def _time_reader(now: datetime) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if not _DATE_AND_TIME.fullmatch(text):
            return UNSURE
        try:
            time = datetime.fromisoformat(text + _ZONE).astimezone(UTC)
        except (ValueError, OverflowError):
            return UNSURE
        return time if _FIRST_TIME <= time <= now else UNSURE

    return read


_READERS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        **dict.fromkeys(LONGEST, _text),
        "name": _name,
        "host": _ipv4,
        "ipv4": _ipv4,
        "mac": _mac,
        "main_stream_path": _path,
        "sub_stream_path": _path,
        "snapshot_path": _path,
        "police_station_code": _police_station_code,
        "longitude": _degrees,
        "latitude": _degrees,
        "contacts": _contacts,
    }
)
