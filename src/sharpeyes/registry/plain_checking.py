"""What single fields of a camera file may hold, whatever the others hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter, contains
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
    refuse_text,
)
from sharpeyes.registry.sheet import SHEET, Kind

SAMPLE_INTERVAL_MIN_S = 0.2
SAMPLE_INTERVAL_MAX_S = 86400.0
CONTACTS_MAX = 10

LONGEST: Mapping[str, int] = MappingProxyType(
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
"""Characters that each text may have."""
_CONTACT_MAX_CHARACTERS = 100

_NEVER_TOO_LONG = min(LONGEST.values())

_REFUSALS: tuple[tuple[str, Callable[[str], str | None]], ...] = (
    ("main_stream_path", refuse_path),
    ("sub_stream_path", refuse_path),
    ("snapshot_path", refuse_path),
    ("ipv4", refuse_ipv4),
    ("ipv6", refuse_ipv6),
    ("mac", refuse_mac),
    ("police_station_code", refuse_police_station_code),
)
_RANGES = (
    ("rtsp_port", 1, 65_535),
    ("http_port", 1, 65_535),
    ("sample_interval_s", SAMPLE_INTERVAL_MIN_S, SAMPLE_INTERVAL_MAX_S),
    ("recording_days", 0, 3650),
    ("field_angle_deg", 1, 360),
    ("view_distance_m", 0.1, 100_000),
    ("recorder_channel", 1, 65_535),
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
_ALLOWED_OR_NONE = {
    edition: tuple(frozenset({*allowed[name], None}) for name in _ONE)
    for edition, allowed in _ALLOWED.items()
}

_texts_of = attrgetter(*LONGEST)
_refusable_of = attrgetter(*(name for name, _ in _REFUSALS))
_numbers_of = attrgetter(*(name for name, _, _ in _RANGES))
_one_of = attrgetter(*_ONE)


def plain_problems(file: CameraFile) -> list[FieldProblem]:
    """Check the fields that say nothing about each other."""
    problems: list[FieldProblem] = []
    texts = _texts_of(file)
    if not (file.name and is_plain("".join(filter(None, texts)))):
        problems += _text_problems(texts)
    contacts = file.contacts
    if contacts:
        problems += _contact_problems(contacts)
    host = file.host
    # The device's own address is refused as such.
    if host is not None and host not in {file.ipv4, file.ipv6} and (reason := refuse_host(host)):
        problems.append(FieldProblem("host", shown(host), reason))
    for (field, refuse), text in zip(_REFUSALS, _refusable_of(file), strict=True):
        if text is not None and (reason := refuse(text)):
            problems.append(FieldProblem(field, shown(hide_password(text)), reason))
    for (field, least, most), number in zip(_RANGES, _numbers_of(file), strict=True):
        if number is not None and not least <= number <= most:
            reason = refuse_number(number, least, most)
            problems.append(FieldProblem(field, shown(number), reason or ""))
    return problems + _coded_problems(file)


def _coded_problems(file: CameraFile) -> list[FieldProblem]:
    problems = []
    allowed = _ALLOWED[file.code_edition]
    values_of_one = _one_of(file)
    if not all(map(contains, _ALLOWED_OR_NONE[file.code_edition], values_of_one)):
        for field, value in zip(_ONE, values_of_one, strict=True):
            if value is not None and value not in allowed[field]:
                problems.append(FieldProblem(field, str(int(value)), _why_no_code(field, value)))
    for field in _SEVERAL:
        values = getattr(file, field)
        if values and not allowed[field].issuperset(values):
            wrong = sorted(set(values) - allowed[field])
            written = "/".join(map(str, wrong))
            problems.append(FieldProblem(field, shown(written), _why_no_code(field, wrong[0])))
    return problems


def is_plain(told: str) -> bool:
    """Tell quickly that there is nothing to refuse in texts: most files have nothing."""
    return len(told) <= _NEVER_TOO_LONG and told.isprintable()


def _text_problems(texts: tuple[str | None, ...]) -> Iterator[FieldProblem]:
    for (field, longest), text in zip(LONGEST.items(), texts, strict=True):
        if text is not None and (reason := refuse_text(text, longest=longest)):
            yield FieldProblem(field, shown(text), reason)


def _contact_problems(contacts: tuple[str, ...]) -> Iterator[FieldProblem]:
    told = "".join(contacts)
    if all(contacts) and len(contacts) <= CONTACTS_MAX and "/" not in told and is_plain(told):
        return
    for contact in contacts:
        reason = refuse_text(contact, longest=_CONTACT_MAX_CHARACTERS)
        if reason is None and "/" in contact:
            reason = "has a /, which stands between contacts: give them one by one"
        if reason is not None:
            yield FieldProblem("contacts", shown(contact), reason)
    if len(contacts) > CONTACTS_MAX:
        yield FieldProblem("contacts", "", f"has more than {CONTACTS_MAX} contacts")


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
