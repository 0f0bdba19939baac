"""What the text of a cell means, and how a value is written so that it is read again as itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, TypeAlias

from sharpeyes.registry.camera import Life, PollMode, SampleSource, Tier
from sharpeyes.registry.cell_dates import read_day, read_time, write_time
from sharpeyes.registry.code_tables import (
    DEVICE_STATES,
    INDOOR,
    NETWORKED,
    TIERS,
    CodeTable,
    Edition,
)
from sharpeyes.registry.fields import fold
from sharpeyes.registry.sheet import SHEET, Kind, SheetField

Value: TypeAlias = (
    str | int | float | bool | datetime | date | tuple[int, ...] | tuple[str, ...] | None
)
"""What a field of a camera file holds."""

Reader: TypeAlias = Callable[[str], Value]
"""From a cell's text, stripped and not empty, to what it means; ValueError says what is wrong."""

Writer: TypeAlias = Callable[[Any], str]
"""From a value to the text of a cell."""

_TEXTS_KEPT = 4096
_REMEMBERED_MAX_CHARACTERS = 100

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,17})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
_SEVERAL = re.compile(r"\s*[/,;、]\s*")
_SEPARATORS = "/,;、 "
_YES = ("yes", "y", "true", "是", "有")
_NO = ("no", "n", "false", "否", "无")
_YES_NO = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}


def _remembered(read: Reader) -> Reader:
    """Read the few texts that come again and again only once."""
    remembering = lru_cache(_TEXTS_KEPT)(read)

    def reader(text: str) -> Value:
        # Long texts are no codes, and would be remembered at their length.
        return (remembering if len(text) <= _REMEMBERED_MAX_CHARACTERS else read)(text)

    return reader


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        text = fold(text)
        if not _NUMBER.fullmatch(text):
            comma = ", with a dot as its decimal sign" if "," in text else ""
            raise ValueError(f"must be a plain number{comma}")
    return float(text)


def _whole(text: str) -> int:
    text = fold(text)
    if not _WHOLE.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _choice(known: Mapping[str, Value], shown: str) -> Reader:
    """Make a reader of a few texts, whatever their case and width."""

    def read(text: str) -> Value:
        value = known.get(fold(text).lower())
        if value is None:
            raise ValueError(f"must be {shown}")
        return value

    return read


def _words(enum: type[StrEnum]) -> Reader:
    return _choice({member.value: member for member in enum}, f"one of {', '.join(enum)}")


def _known_texts(table: CodeTable, values: Mapping[int, Value] | None = None) -> dict[str, Value]:
    """List by which texts a table's values are known: numbers, labels, both; of any edition."""
    known: dict[str, Value] = {}
    for meanings in table.editions.values():
        for number, meaning in meanings.items():
            value = number if values is None else values[number]
            labels = (meaning.zh, meaning.en.lower())
            # As our reasons write a value, and so as people copy it.
            both = (f"{number}{space}({fold(one)})" for one in labels for space in ("", " "))
            known |= dict.fromkeys((str(number), f"{number:02}", *labels, *both), value)
    return known


def _listed(table: CodeTable) -> str:
    """Write a table's values with their English labels."""
    newest = {n: m for edition in Edition for n, m in table.editions[edition].items()}
    return ", ".join(f"{number} ({newest[number].en})" for number in sorted(newest))


def _code(table: CodeTable) -> Reader:
    return _choice(_known_texts(table), f"one of {_listed(table)}")


def _codes(table: CodeTable) -> Reader:
    known, listed = _known_texts(table), _listed(table)

    def read(text: str) -> Value:
        values = set()
        # Programs that write one after each value leave one over.
        for part in _SEVERAL.split(fold(text).rstrip(_SEPARATORS)):
            value = known.get(part.lower())
            if not isinstance(value, int):
                raise ValueError(f"must be some of {listed}, with / between them")  # noqa: TRY004
            values.add(value)
        return tuple(sorted(values))

    return read


def _texts(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.replace("／", "/").split("/")) if part)


_yes_no = _choice(_YES_NO, "yes or no")


def _worded(text: str, *, coded: str) -> Value:
    """Read yes or no of a field that has numbers of its own in the exchanged sheet."""
    if fold(text).isdecimal():
        raise ValueError(f"must be yes or no; numbers belong into a column {coded}")
    return _yes_no(text)


def _edition(text: str) -> Edition:
    year = fold(text).removeprefix("GB/T 28181-")
    if year not in {str(edition.value) for edition in Edition}:
        raise ValueError("must be 2016 or 2022, the edition of GB/T 28181")
    return Edition(int(year))


_LIVES = {1: Life.IN_SERVICE, 2: Life.MAINTENANCE, 3: Life.REMOVED}
_TIERS = _known_texts(TIERS, {tier.value: tier for tier in Tier}) | {
    text: tier for tier in Tier for text in (tier.word, f"{tier.word} ({tier.value})")
}
_NETWORKED = {0: True, 1: False}
_INDOOR = {1: False, 2: True}

_BY_TARGET: Mapping[str, Reader | None] = {
    "code_edition": _edition,
    "tier": _choice(_TIERS, f"one of {', '.join(f'{t.word} ({t.value})' for t in Tier)}"),
    "networked_code": _choice(
        _YES_NO | _known_texts(NETWORKED, _NETWORKED), f"one of {_listed(NETWORKED)}"
    ),
    "networked": partial(_worded, coded="networked_code (0 networked, 1 not)"),
    "indoor_code": _choice(_known_texts(INDOOR, _INDOOR), f"one of {_listed(INDOOR)}"),
    "indoor": partial(_worded, coded="indoor_code (1 outdoor, 2 indoor)"),
    "sign_in_place": _choice(_YES_NO | {"1": True, "0": False}, "yes or no"),
    "device_state": _choice(
        _known_texts(DEVICE_STATES, _LIVES), f"one of {_listed(DEVICE_STATES)}"
    ),
    "poll_mode": _words(PollMode),
    "sample_source": _words(SampleSource),
    "main_stream_path": None,
    "sub_stream_path": None,
    "snapshot_path": None,
}
_BY_KIND: Mapping[Kind, Reader] = {
    Kind.DIGITS: fold,
    Kind.ADDRESS: fold,
    Kind.NUMBER: _number,
    Kind.WHOLE: _whole,
    Kind.TEXTS: _texts,
    Kind.YES_NO: _yes_no,
    Kind.TIME: read_time,
    Kind.DAY: read_day,
}
_VARIED = (Kind.TEXT, Kind.DIGITS, Kind.ADDRESS, Kind.NUMBER, Kind.TEXTS)


def _reader(field: SheetField) -> Reader | None:
    if field.target in _BY_TARGET:
        read = _BY_TARGET[field.target]
    elif field.codes is not None:
        read = (_codes if field.kind is Kind.CODES else _code)(field.codes)
    else:
        read = _BY_KIND.get(field.kind)
    return read if read is None or field.kind in _VARIED else _remembered(read)


READERS: Mapping[str, Reader | None] = MappingProxyType(
    {field.target: _reader(field) for field in SHEET}
)
"""By target, how a cell is read; None where the text is the value."""


def _number_of(numbers: Mapping[int, object]) -> Writer:
    texts = {value: str(number) for number, value in numbers.items()}
    return lambda value: texts.get(value, "")


def _joined(values: Iterable[object]) -> str:
    return "/".join(map(str, values))


_WRITER_BY_TARGET: Mapping[str, Writer] = {
    "networked_code": _number_of(_NETWORKED),
    "indoor_code": _number_of(_INDOOR),
    # A planned camera has no state in the sheet.
    "device_state": _number_of(_LIVES),
}
_WRITER_BY_KIND: Mapping[Kind, Writer] = {
    Kind.NUMBER: repr,
    Kind.WHOLE: "{:d}".format,
    Kind.CODE: "{:d}".format,
    Kind.CODES: _joined,
    Kind.TEXTS: _joined,
    Kind.YES_NO: {True: "yes", False: "no"}.__getitem__,
    Kind.TIME: write_time,
    Kind.DAY: date.isoformat,
}

WRITERS: Mapping[str, Writer | None] = MappingProxyType(
    {
        field.target: _WRITER_BY_TARGET.get(field.target) or _WRITER_BY_KIND.get(field.kind)
        for field in SHEET
    }
)
"""By target, how a value (never None) is written, so that its reader reads the same; None where the
value is the text."""
