"""One way of writing each value of a camera file, so that what is the same looks the same."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import msgspec

from sharpeyes.registry.addresses import tidy_host, tidy_ipv6, tidy_mac
from sharpeyes.registry.camera import CameraFile, PollMode
from sharpeyes.registry.fields import fold


def _folded_upper(text: str) -> str:
    return fold(text).upper()


def _kept(text: str) -> str:
    return text


_REQUIRED = frozenset({"device_code", "name", "division_code"})
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
_TEXTS: tuple[tuple[str, Callable[[str], str]], ...] = tuple(
    (field.name, _OWN.get(field.name, _kept))
    for field in msgspec.structs.fields(CameraFile)
    if field.type in {str, str | None}
)
_texts_of = attrgetter(*(name for name, _ in _TEXTS))


def tidy(camera_file: CameraFile) -> CameraFile:
    """Undo what typing and spreadsheets add, and write each value in its one way.

    Outer spaces and empty texts go; codes and addresses lose their full width; addresses are
    written in their shortest form, times in UTC, several codes in their order and once. Where we
    are told no host, it is the device's own address, unless a recorder stands between.

    Tidying twice is tidying once.
    """
    changes: dict[str, Any] = {}
    for (name, write), text in zip(_TEXTS, _texts_of(camera_file), strict=True):
        if text is None:
            continue
        written = write(text.strip()) or (None if name not in _REQUIRED else "")
        if written != text:
            changes[name] = written
    for name in ("functions", "place_kinds"):
        numbers = getattr(camera_file, name)
        if len(numbers) > 1 and (ordered := tuple(sorted(set(numbers)))) != numbers:
            changes[name] = ordered
    contacts = camera_file.contacts
    if contacts and (told := tuple(filter(None, map(str.strip, contacts)))) != contacts:
        changes["contacts"] = told
    installed_at = camera_file.installed_at
    if installed_at is not None and installed_at.tzinfo not in {None, UTC}:
        with contextlib.suppress(OverflowError):  # in the years 1 and 9999, which are refused
            changes["installed_at"] = installed_at.astimezone(UTC)
    if camera_file.poll_mode is not PollMode.RECORDER:
        own = changes.get("ipv4", camera_file.ipv4) or changes.get("ipv6", camera_file.ipv6)
        if own and not changes.get("host", camera_file.host):
            changes["host"] = tidy_host(own)
    return msgspec.structs.replace(camera_file, **changes) if changes else camera_file
