"""No word in the code, every word in both languages, nothing from outside."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import sharpeyes.service
from sharpeyes.detectors.zones import ZoneKind
from sharpeyes.events.case import CaseState, CaseStep
from sharpeyes.events.endpoint import EndpointState
from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.payload import AlarmKind
from sharpeyes.health.status import Cause, Status
from sharpeyes.registry.camera import (
    CameraFile,
    FiledCamera,
    Life,
    PollMode,
    SampleSource,
    Tier,
)
from sharpeyes.registry.completeness import NETWORKED_UNKNOWN
from sharpeyes.registry.coverage import CoverageState
from sharpeyes.registry.coverage_judge import NO_POSITION
from sharpeyes.registry.duplicate import DuplicateReason
from sharpeyes.registry.import_runs import RunState
from sharpeyes.registry.watching import JudgedBy
from sharpeyes.service.roles import Role

DASHBOARD = Path(sharpeyes.service.__file__).parent / "dashboard"
LANGUAGES = ("zh", "en")
MODULES = sorted((DASHBOARD / "js").rglob("*.js"))
SHEETS = sorted((DASHBOARD / "css").glob("*.css"))
CHINESE = re.compile(r"[\u3400-\u9fff]")
IN_THE_FILE = {*CameraFile.__struct_fields__, "life", "life_reason", "life_until"}
LETTERS = re.compile(r"[^\W\d_]")


def table(language: str) -> dict[str, Any]:
    content = json.loads((DASHBOARD / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def forms(message: Any) -> list[str]:
    """All plural forms of a message."""
    return list(message.values()) if isinstance(message, dict) else [message]


def placeholders(message: Any) -> set[str]:
    return {name for form in forms(message) for name in re.findall(r"\{(\w+)\}", form)}


def without_comments(code: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<![:<\"'`])//[^\n]*", "", code, flags=re.DOTALL)


def templates(code: str) -> Iterator[str]:
    """The markup of each html`...`, its ${expressions} replaced by nothing."""
    for start in (match.end() for match in re.finditer(r"html`", code)):
        markup, at = [], start
        while code[at] != "`":
            if code.startswith("${", at):
                at = end_of_expression(code, at + 2)
            else:
                markup.append(code[at])
                at += 1
        yield "".join(markup)


def end_of_expression(code: str, at: int) -> int:
    depth = 1
    while depth:
        if code[at] == "`":
            at += 1
            while code[at] != "`":
                at = end_of_expression(code, at + 2) if code.startswith("${", at) else at + 1
        depth += {"{": 1, "}": -1}.get(code[at], 0)
        at += 1
    return at


def test_both_languages_have_the_same_keys_and_values_in_them() -> None:
    chinese, english = (table(language) for language in LANGUAGES)
    assert chinese.keys() == english.keys()
    for key in english:
        assert placeholders(chinese[key]) == placeholders(english[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_says_something(language: str) -> None:
    for key, message in table(language).items():
        assert all(form for form in forms(message)), key
        assert not isinstance(message, dict) or "other" in message, f"{key}: other counts"


def test_english_has_no_chinese_but_the_name_of_the_language() -> None:
    mixed = {key for key, message in table("en").items() if CHINESE.search(str(message))}
    assert mixed == {"language.zh"}


def test_every_key_in_the_code_is_in_the_tables_and_the_other_way_round() -> None:
    keys = table("en").keys()
    code = "\n".join(without_comments(module.read_text(encoding="utf-8")) for module in MODULES)
    whole = set(re.findall(r"""(?<=["'`])[a-z_]+(?:\.[\w-]+)*(?=["'`])""", code)) & keys
    asked = set(re.findall(r"""\b(?:t|rich)\(["']([^"']+)["']""", code))
    # word("cause", x), t(`status.${x}`) and <Mark group="status">: any key that begins so.
    groups = set(re.findall(r"""\bword\(["']([\w.]+)["']""", code))
    groups |= set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)\.\$\{", code))
    groups |= set(re.findall(r"""group=["'](\w+)["']""", code))
    # choice("tier", "tier", [...]) in the table of fields.
    groups |= set(re.findall(r'\bchoice\("\w+", "(\w+)"', code))
    assert asked <= keys
    assert {group for group in groups if not any(k.startswith(f"{group}.") for k in keys)} == set()
    unused = {k for k in keys - whole if not any(k.startswith(f"{group}.") for group in groups)}
    assert unused == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_the_code_has_no_word_for_people(module: Path) -> None:
    code = without_comments(module.read_text(encoding="utf-8"))
    assert not CHINESE.search(code)
    for markup in templates(code):
        text = re.sub(r"<[^>]*>", " ", markup)
        assert not LETTERS.search(text), f"text in markup: {text.strip()!r}"
        said = re.findall(r"""(?:aria-label|title|alt|placeholder)="([^"]+)\"""", markup)
        assert set(said) <= {"set_…"}  # how every token begins


def values_of_the_service() -> list[str]:
    short = [value.removeprefix("org.sharpeyes.").removesuffix(".v1") for value in EventType]
    return [
        *(f"status.{status}" for status in Status),
        *(f"cause.{cause}" for cause in Cause if cause),
        *(f"tier.{tier.word}" for tier in Tier),
        *(f"poll_mode.{mode}" for mode in PollMode),
        *(f"sample_source.{source}" for source in SampleSource),
        *(f"zone.{kind}" for kind in ZoneKind),
        *(f"severity.{severity}" for severity in Severity),
        *(f"type.{kind}" for kind in short),
        *(f"alarm.{kind}" for kind in get_args(AlarmKind)),
        *(f"life.{life}" for life in Life),
        *(f"file.{field}" for field in FiledCamera.__struct_fields__ if field in IN_THE_FILE),
        *(f"coverage.{state}" for state in CoverageState),
        *(f"judged_by.{by}" for by in JudgedBy),
        *(f"duplicate.{reason}" for reason in DuplicateReason),
        *(f"run.{state}" for state in get_args(RunState)),
        *(f"role.{role}" for role in Role if not role.of_a_machine),
        *(f"case_state.{state}" for state in CaseState),
        *(f"case_first.{state}" for state in CaseState),
        *(f"case_step.{step}" for step in CaseStep),
        *(f"endpoint_state.{state}" for state in EndpointState),
        *(f"refusal.case.{code}" for code in ("number", "said", "order")),
        *(f"figure.reason.{reason}" for reason in (NETWORKED_UNKNOWN, NO_POSITION)),
    ]


def test_every_field_of_the_file_stands_in_one_group() -> None:
    code = (DASHBOARD / "js" / "camera-fields.js").read_text(encoding="utf-8")
    groups = code[code.index("export const GROUPS") : code.index("export const FIELDS")]
    makers = "text|digits|number|whole|code|codes|choice|yesNo|time|day"
    fields = re.findall(rf'\b(?:{makers})\("(\w+)"', groups)
    fields += re.findall(r'\bname: "(\w+)", kind:', groups)
    assert sorted(fields) == sorted(CameraFile.__struct_fields__)


@pytest.mark.parametrize("key", values_of_the_service())
def test_whatever_the_service_may_say_has_a_word(key: str) -> None:
    for language in LANGUAGES:
        assert key in table(language)


@pytest.mark.parametrize(
    "file", [DASHBOARD / "index.html", *MODULES, *SHEETS], ids=lambda file: file.name
)
def test_nothing_comes_from_outside(file: Path) -> None:
    # What is not fetched: a name of a namespace, and addresses built from a camera's own.
    content = re.sub(r"http://www\.w3\.org/|`(?:rtsp|http)://\$\{", "", file.read_text("utf-8"))
    assert not re.search(r"(?:https?:|wss?:)?//[\w$][\w.-]*\.\w", without_comments(content))


def test_the_page_is_loadable_without_inline_script_and_style() -> None:
    page = (DASHBOARD / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\bstyle=|\bon\w+=", page) == []
    named = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
    assert named
    # vendor/ is built, not kept.
    assert [n for n in named if not n.startswith("vendor/") and not (DASHBOARD / n).exists()] == []
