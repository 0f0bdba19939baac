"""What single fields of a camera file may hold, whatever the others hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType

from sharpeyes.registry.addresses import (
    hide_password,
    refuse_host,
    refuse_ipv4,
    refuse_ipv6,
    refuse_mac,
    refuse_path,
)
from sharpeyes.registry.camera import CameraFile
from sharpeyes.registry.code_tables import CodeTable, Edition
from sharpeyes.registry.errors import FieldProblem, shown
from sharpeyes.registry.fields import (
    NAME_MAX_CHARACTERS,
    refuse_number,
    refuse_police_station_code,
    refuse_port,
    refuse_text,
)
from sharpeyes.registry.sheet import SHEET, Kind

SAMPLE_INTERVAL_MIN_S = 0.2
SAMPLE_INTERVAL_MAX_S = 86400.0
CONTACTS_MAX = 10

_LONGEST: Mapping[str, int] = MappingProxyType(
    {
        "name": NAME_MAX_CHARACTERS,
        "maker_name": 100,
        "model": 100,
        "firmware": 200,
        "place_name": 200,
        "address": 300,
        "managing_unit": 200,
        "network_name": 100,
        "pole_number": 100,
        "landmark": 200,
        "power_source": 200,
        "maintenance_unit": 200,
        "maintenance_phone": 100,
        "scene_photo": 500,
        "osd_text": 300,
        "purpose": 500,
        "filing_number": 100,
    }
)
_CONTACT_MAX_CHARACTERS = 100

_REFUSALS: Mapping[str, Callable[[str], str | None]] = MappingProxyType(
    {
        "host": refuse_host,
        "main_stream_path": refuse_path,
        "sub_stream_path": refuse_path,
        "snapshot_path": refuse_path,
        "ipv4": refuse_ipv4,
        "ipv6": refuse_ipv6,
        "mac": refuse_mac,
        "police_station_code": refuse_police_station_code,
    }
)
_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "sample_interval_s": (SAMPLE_INTERVAL_MIN_S, SAMPLE_INTERVAL_MAX_S),
        "recording_days": (0, 3650),
        "field_angle_deg": (1, 360),
        "view_distance_m": (0.1, 100_000),
        "recorder_channel": (1, 65_535),
    }
)
_TABLES: Mapping[str, CodeTable] = MappingProxyType(
    {
        field.field: field.codes
        for field in SHEET
        if field.codes is not None and field.kind in {Kind.CODE, Kind.CODES}
        if field.target == field.field
    }
)
_SEVERAL = ("functions", "place_kinds")
_ONE = tuple(name for name in _TABLES if name not in _SEVERAL)
_ALLOWED = {
    edition: {name: frozenset(table.editions[edition]) for name, table in _TABLES.items()}
    for edition in Edition
}

_texts_of = attrgetter(*_LONGEST)
_refusable_of = attrgetter(*_REFUSALS)
_numbers_of = attrgetter(*_RANGES)
_one_of = attrgetter(*_ONE)


def plain_problems(file: CameraFile) -> Iterator[FieldProblem]:
    """Check the fields that say nothing about each other."""
    yield from _text_problems(file)
    yield from _number_problems(file)
    yield from _coded_problems(file)
    if file.contacts:
        yield from _contact_problems(file.contacts)


def _text_problems(file: CameraFile) -> Iterator[FieldProblem]:
    for (field, longest), text in zip(_LONGEST.items(), _texts_of(file), strict=True):
        # Whatever Python would print as it is has nothing that refuse_text looks for.
        if text is None or (text.isprintable() and 0 < len(text) <= longest):
            continue
        if reason := refuse_text(text, longest=longest):
            yield FieldProblem(field, shown(text), reason)
    for (field, refuse), text in zip(_REFUSALS.items(), _refusable_of(file), strict=True):
        if text is not None and (reason := refuse(text)):
            yield FieldProblem(field, shown(hide_password(text)), reason)


def _number_problems(file: CameraFile) -> Iterator[FieldProblem]:
    for field in ("rtsp_port", "http_port"):
        if reason := refuse_port(getattr(file, field)):
            yield FieldProblem(field, shown(getattr(file, field)), reason)
    for (field, (least, most)), number in zip(_RANGES.items(), _numbers_of(file), strict=True):
        if number is not None and not least <= number <= most:
            yield FieldProblem(field, shown(number), refuse_number(number, least, most) or "")


def _contact_problems(contacts: tuple[str, ...]) -> Iterator[FieldProblem]:
    for contact in contacts:
        reason = refuse_text(contact, longest=_CONTACT_MAX_CHARACTERS)
        if reason is None and "/" in contact:
            reason = "has a /, which stands between contacts: give them one by one"
        if reason is not None:
            yield FieldProblem("contacts", shown(contact), reason)
    if len(contacts) > CONTACTS_MAX:
        yield FieldProblem("contacts", "", f"has more than {CONTACTS_MAX} contacts")


def _coded_problems(file: CameraFile) -> Iterator[FieldProblem]:
    allowed = _ALLOWED[file.code_edition]
    for field, value in zip(_ONE, _one_of(file), strict=True):
        if value is not None and value not in allowed[field]:
            yield FieldProblem(field, str(int(value)), _why_no_code(field, value))
    for field in _SEVERAL:
        values: tuple[int, ...] = getattr(file, field)
        if values and not allowed[field].issuperset(values):
            wrong = sorted(set(values) - allowed[field])
            yield FieldProblem(field, "/".join(map(str, wrong)), _why_no_code(field, wrong[0]))


def _why_no_code(field: str, value: int) -> str:
    """Say why a value means nothing in the file's edition."""
    table = _TABLES[field]
    if editions := table.editions_of(value):
        return (
            f"{value} is a value of the edition of {editions[0].value} only: "
            f"give code_edition {editions[0].value}, or another value"
        )
    known = ", ".join(map(str, sorted(table.values)))
    return f"must be one of {known} ({table.en})"
