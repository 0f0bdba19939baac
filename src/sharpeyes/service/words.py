"""The dashboard's words, for what else speaks to people: statuses, causes, evidence, refusals.

They are written once, in `dashboard/i18n`, so that a page and a command call a thing the same.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from sharpeyes.registry.refused_sheet import Put, refused_sheet

Language = Literal["zh", "en"]

_FOLDER: Final = Path(__file__).parent / "dashboard/i18n"
_GROUP: Final = re.compile(r"\$(\d)")
_TRIES: Final = re.compile(r"(.*) \((\d+) tries in (\d+) s\)", re.DOTALL)
_LAST_FAULT: Final = re.compile(r"(.*); last fault: (.*)", re.DOTALL)


def word(group: str, value: str, language: Language) -> str:
    """Return the word for one of the service's values, such as `cause` and `network`.

    A value without one is returned as it is.
    """
    return str(_table(language).get(f"{group}.{value}", value))


def evidence_in(language: Language, evidence: str) -> str:
    """Return evidence in a language, or as it is where its words are not known."""
    if language == "en":
        return evidence
    if tried := _TRIES.fullmatch(evidence):
        seen, count, seconds = tried.groups()
        return _filled("evidence.tries", seen=evidence_in("zh", seen), count=count, seconds=seconds)
    if before := _LAST_FAULT.fullmatch(evidence):
        seen, fault = before.groups()
        return _filled(
            "evidence.last", seen=evidence_in("zh", seen), fault=evidence_in("zh", fault)
        )
    for pattern, chinese in _reasons():
        if found := pattern.fullmatch(evidence):
            return _GROUP.sub(lambda group: found[int(group[1])] or "", chinese)
    return evidence


def refused_sheet_in(language: Language | None, packed: bytes) -> bytes:
    """Return the spreadsheet of refused rows with its reasons in a language, or in each."""
    languages: tuple[Language, ...] = get_args(Language) if language is None else (language,)
    return refused_sheet(packed, [_putting(one) for one in languages])


def _putting(language: Language) -> Put:
    def put(kind: Literal["field", "reason"], text: str) -> str:
        if language == "en":
            return text
        return word("file", text, language) if kind == "field" else evidence_in(language, text)

    return put


@cache
def _table(language: Language) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
    return table


@cache
def _reasons() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The service's reasons in Chinese, by a pattern of the English ones."""
    read = json.loads((_FOLDER / "reasons.json").read_text("utf-8"))
    return tuple((re.compile(pattern), chinese) for pattern, chinese in read)


def _filled(key: str, **values: str) -> str:
    # In Chinese no word has another form for one.
    template: str = _table("zh")[key]
    return template.format(**values)
