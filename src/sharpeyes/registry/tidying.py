"""One way of writing each value of a camera file, so that what is the same looks the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import msgspec

from sharpeyes.registry.addresses import tidy_host, tidy_ipv6, tidy_mac
from sharpeyes.registry.camera import CameraFile, PollMode
from sharpeyes.registry.fields import fold


def _folded_upper(text: str) -> str:
    return fold(text).upper()


_ORDERS_KEPT = 4096

# What becomes of an empty text: None, but for fields that must be there.
_EMPTY = {"device_code": "", "name": "", "division_code": ""}
_OWN: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "device_code": fold,
        # Local divisions have letters.
        "division_code": _folded_upper,
        "police_station_code": fold,
        "recorder_code": fold,
        "host": tidy_host,
        "ipv4": fold,
        "ipv6": tidy_ipv6,
        "mac": tidy_mac,
    }
)
_PLAIN = tuple(
    field.name
    for field in msgspec.structs.fields(CameraFile)
    if field.type in {str, str | None} and field.name not in _OWN
)
_plain_of = attrgetter(*_PLAIN)
_own_of = attrgetter(*_OWN)


def tidy(camera_file: CameraFile) -> CameraFile:
    """Undo what typing and spreadsheets add, and write each value in its one way.

    Outer spaces and empty texts go; codes and addresses lose their full width; addresses are
    written in their shortest form, times in UTC, several codes in their order and once. Where we
    are told no host, it is the device's own address, unless a recorder stands between.

    Tidying twice is tidying once.
    """
    changes: dict[str, Any] = {}
    for name, text in zip(_PLAIN, _plain_of(camera_file), strict=True):
        # Python gives the same text back where there is nothing to strip.
        if text is not None and ((stripped := text.strip()) is not text or not text):
            changes[name] = stripped or _EMPTY.get(name)
    for (name, write), text in zip(_OWN.items(), _own_of(camera_file), strict=True):
        if text is not None and ((written := write(text.strip())) != text or not text):
            changes[name] = written or _EMPTY.get(name)
    _tidy_several(camera_file, changes)
    if camera_file.installed_at is not None:
        changes["installed_at"] = _in_utc(camera_file.installed_at)
    if camera_file.poll_mode is not PollMode.RECORDER:
        own = changes.get("ipv4", camera_file.ipv4) or changes.get("ipv6", camera_file.ipv6)
        if own and not changes.get("host", camera_file.host):
            changes["host"] = tidy_host(own)
    if all(getattr(camera_file, name) is value for name, value in changes.items()):
        return camera_file
    return msgspec.structs.replace(camera_file, **changes)


def _tidy_several(camera_file: CameraFile, changes: dict[str, Any]) -> None:
    """Put numbers into their order and drop empty contacts; keep what is so already."""
    for name in ("functions", "place_kinds"):
        numbers = getattr(camera_file, name)
        if len(numbers) > 1 and (ordered := _in_order(numbers)) != numbers:
            changes[name] = ordered
    contacts = camera_file.contacts
    if contacts and (told := tuple(filter(None, map(str.strip, contacts)))) != contacts:
        changes["contacts"] = told


@lru_cache(_ORDERS_KEPT)
def _in_order(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None or time.tzinfo is UTC:
        return time
    try:
        return time.astimezone(UTC)
    except OverflowError:  # in the years 1 and 9999, which are refused
        return time
