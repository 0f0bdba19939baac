"""Write docs/ref from the program itself; with --check, say whether it is up to date instead."""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from event_examples import examples
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sharpeyes.events.event import PAYLOAD_OF, EventType
from sharpeyes.events.schema import delivered_schema
from sharpeyes.registry.code_tables import CodeTable, Edition, Meaning
from sharpeyes.registry.device_code_tables import CAMERA_TYPES, INDUSTRIES, NETWORKS, OTHER_TYPES
from sharpeyes.registry.sheet import SHEET
from sharpeyes.service.access import Scope
from sharpeyes.service.api.app import OPERATIONS
from sharpeyes.service.api.operation import scopes_of
from sharpeyes.service.settings import PREFIX, Settings

REFERENCE = Path(__file__).parents[1] / "docs" / "ref"
NOTE = "<!-- Written by scripts/write_reference.py (`make reference`). -->\n\n"


def commands() -> str:
    """Return the page of commands, as typer describes them."""
    typer = Path(sys.executable).with_name("typer")
    written = subprocess.run(
        [typer, "sharpeyes.service.cli", "utils", "docs", "--name", "sharpeyes"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    title, _, rest = html.unescape(written).partition("\n")
    assert title.startswith("# ")
    codes = "Exit codes: 0 done, 1 failed (one line on stderr says why), 2 called wrongly."
    return f"# Commands\n\n{codes}\n{rest.rstrip()}\n"


def settings() -> str:
    """Return the page of settings."""
    lines = [
        "# Settings",
        "",
        "A TOML file (`--config FILE`, else `$SHARPEYES_CONFIG`, else `./sharpeyes.toml`), and",
        "environment variables that win over it: `http.port` is",
        f"`{PREFIX}HTTP__PORT`. Unknown keys are refused. Names that end in `_s` are seconds.",
    ]
    table = None
    for path, field in keys(Settings):
        above = path.rpartition(".")[0]
        if above != table:
            table = above
            lines += ["", f"## `[{table}]`" if table else "## Top of the file", ""]
            lines += ["| key | default | meaning |", "|---|---|---|"]
        name = path.rpartition(".")[2]
        lines.append(f"| `{name}` | {default_of(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def keys(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key with its dotted path, those of a table before the tables below it."""
    tables = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            tables.append((name, field.annotation))
        else:
            yield f"{above}{name}", field
    for name, below in tables:
        yield from keys(below, f"{above}{name}.")


def default_of(field: FieldInfo) -> str:
    """Return a default as it would be written."""
    default: Any = field.default
    if default is PydanticUndefined:
        return "required"
    if default is None:
        return ""
    shown = list(default) if isinstance(default, tuple) else default
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def api() -> str:
    """Return the page of HTTP operations."""
    lines = [
        "# HTTP API",
        "",
        "The running service answers the whole of it at `/openapi.json` (OpenAPI 3.1). Send a",
        "token (`sharpeyes token create`) as `Authorization: Bearer set_...`. Errors are",
        "`application/problem+json`: `title`, `status`, `detail`, and for bad fields `errors`,",
        "each with `field`, `value` and `reason`. Times are RFC 3339 in UTC.",
        "",
        "| operation | scope | what |",
        "|---|---|---|",
    ]
    lines += [f"| `{o.method} {o.path}` | {scopes_of(o)} | {o.summary} |" for o in OPERATIONS]
    lines += ["", "Scopes: " + ", ".join(f"`{scope}`" for scope in Scope) + "."]
    return "\n".join(lines) + "\n"


def camera_file() -> str:
    """Return the page of the camera file: its columns, and what its codes mean."""
    lines = [
        "# The camera file",
        "",
        "What is on file about a camera, as files of cameras hold it. The first 27 columns are the",
        "sheet that video catalogues exchange, in its order; the others are the usual extensions.",
        "A column is known by its name here, by its headings in Chinese and English, and by some",
        "other headings that people use. Several values in one cell have `/` between them; a code",
        "is written as its number or as its label; times without a zone are China's.",
        "",
        "| # | column | 中文 | English | written as | codes |",
        "|---|---|---|---|---|---|",
    ]
    tables = {f.codes.name: f.codes for f in SHEET if f.codes}
    for f in SHEET:
        codes = f"[{f.codes.name}](#{anchor(f.codes)})" if f.codes else ""
        lines.append(f"| {f.column or ''} | `{f.target}` | {f.zh} | {f.en} | {f.kind} | {codes} |")
    lines += [
        "",
        "`networked_code` is inverted, as the sheet has it: 0 is networked, 1 is not. `networked`",
        "and `indoor` say the same in words, and refuse numbers. The deepest of `district_code`,",
        "`street_code`, `community_code` and `grid_code` is the division of the camera.",
        "",
        "## Codes",
        "",
        "GB/T 28181 has given some numbers other meanings in its edition of 2022, so a number",
        "means something only together with `code_edition`: 2016 where nothing else is said.",
    ]
    parts = (CAMERA_TYPES, OTHER_TYPES, NETWORKS, INDUSTRIES)
    for table in (*tables.values(), *parts):
        lines += ["", f"### {title(table)}", "", "| value | 中文 | English | edition |"]
        lines.append("|---|---|---|---|")
        lines += [
            f"| {table.written(value)} | {meaning.zh} | {meaning.en} | {editions} |"
            for value, meaning, editions in meanings(table)
        ]
    return "\n".join(lines) + "\n"


def title(table: CodeTable) -> str:
    """Return the heading above a table of codes."""
    return f"{table.en.partition(' (')[0]} {table.zh}"


def anchor(table: CodeTable) -> str:
    """Return where a link to a table of codes leads."""
    return re.sub(r"[^\w-]", "", title(table).lower().replace(" ", "-"))


def meanings(table: CodeTable) -> Iterator[tuple[int, Meaning, str]]:
    """Yield each value with its meaning; once where both editions agree."""
    for value in sorted(table.values):
        by_meaning: dict[Meaning, list[str]] = {}
        for edition in table.editions_of(value):
            meaning = table.editions[edition][value]
            by_meaning.setdefault(meaning, []).append(str(edition.value))
        for meaning, editions in by_meaning.items():
            both = len(editions) == len(Edition)
            yield value, meaning, "both" if both else editions[0]


def events() -> str:
    """Return the page of events: each type, an example of it, and what its data holds."""
    lines = [
        "# Events",
        "",
        "What a delivery's body holds, by `type`. [event.schema.json](event.schema.json) is its",
        "JSON Schema (draft 2020-12) for all types. A new version of a type is a new type; within",
        "a version, fields may be added.",
    ]
    for example in examples():
        event = json.loads(example)
        record = PAYLOAD_OF[EventType(event["type"])]
        said = (record.__doc__ or "").partition("\n")[0]
        shown = json.dumps(event, indent=2, ensure_ascii=False)
        lines += ["", f"## `{event['type']}`", "", said, "", "```json", shown, "```"]
    return "\n".join(lines) + "\n"


def event_schema() -> str:
    """Return the JSON Schema of a delivery's body."""
    return json.dumps(delivered_schema(), indent=2) + "\n"


def main() -> None:
    """Write the pages, or check them."""
    stale = []
    for name, text in (
        ("commands.md", NOTE + commands()),
        ("settings.md", NOTE + settings()),
        ("api.md", NOTE + api()),
        ("camera-file.md", NOTE + camera_file()),
        ("events.md", NOTE + events()),
        ("event.schema.json", event_schema()),
    ):
        page = REFERENCE / name
        wanted = text
        if not page.exists() or page.read_text() != wanted:
            stale.append(page.name)
            if "--check" not in sys.argv[1:]:
                page.write_text(wanted)
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"docs/ref is out of date ({', '.join(stale)}): run `make reference`")


if __name__ == "__main__":
    main()
