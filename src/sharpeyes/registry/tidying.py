"""One way of writing each value of a camera file, so that what is the same looks the same."""

from __future__ import annotations

import re
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
_REMEMBERED_MAX = 32

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
    }
)
# Digits and IPv4 addresses, as most files have: nobody would write them in another way.
_AS_THEY_SHOULD_BE = re.compile(r"[0-9.|]*", re.ASCII)
_PLAIN = tuple(
    field.name
    for field in msgspec.structs.fields(CameraFile)
    if field.type in {str, str | None} and field.name not in {*_OWN, "mac"}
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
    _tidy_texts(camera_file, changes)
    _tidy_several(camera_file, changes)
    installed_at = camera_file.installed_at
    if installed_at is not None and installed_at.tzinfo is not UTC:
        changes["installed_at"] = _in_utc(installed_at)
    if not changes.get("host", camera_file.host) and camera_file.poll_mode is not PollMode.RECORDER:
        own = changes.get("ipv4", camera_file.ipv4) or changes.get("ipv6", camera_file.ipv6)
        if own:
            changes["host"] = tidy_host(own)
    if all(getattr(camera_file, name) is value for name, value in changes.items()):
        return camera_file
    return msgspec.structs.replace(camera_file, **changes)


def _tidy_texts(camera_file: CameraFile, changes: dict[str, Any]) -> None:
    plain = _plain_of(camera_file)
    # Python gives the same text back where there is nothing to strip.
    if "" in plain or [t for t in plain if t is not None and t.strip() is not t]:
        for name, text in zip(_PLAIN, plain, strict=True):
            if text is not None and ((stripped := text.strip()) is not text or not text):
                changes[name] = stripped or _EMPTY.get(name)
    own = _own_of(camera_file)
    if "" in own or not _AS_THEY_SHOULD_BE.fullmatch("|".join(filter(None, own))):
        for (name, write), text in zip(_OWN.items(), own, strict=True):
            if text is not None and ((written := write(text.strip())) != text or not text):
                changes[name] = written or _EMPTY.get(name)
    mac = camera_file.mac
    if mac is not None and ((written := tidy_mac(mac.strip())) != mac or not mac):
        changes["mac"] = written or None


def _tidy_several(camera_file: CameraFile, changes: dict[str, Any]) -> None:
    """Put numbers into their order and drop empty contacts; keep what is so already."""
    for name in ("functions", "place_kinds"):
        numbers = getattr(camera_file, name)
        if len(numbers) > 1:
            # Long ones are nonsense, and would be remembered at their length.
            order = _in_order if len(numbers) <= _REMEMBERED_MAX else _in_order.__wrapped__
            if (ordered := order(numbers)) != numbers:
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
