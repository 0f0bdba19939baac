"""Write docs/ref from the program itself; with --check, say whether it is up to date instead."""

import html
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from sharpeyes.service.access import Scope
from sharpeyes.service.api.app import OPERATIONS
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
    lines += [
        f"| `{o.method} {o.path}` | {f'`{o.scope}`' if o.scope else ''} | {o.summary} |"
        for o in OPERATIONS
    ]
    lines += ["", "Scopes: " + ", ".join(f"`{scope}`" for scope in Scope) + "."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the pages, or check them."""
    stale = []
    for name, text in (("commands", commands()), ("settings", settings()), ("api", api())):
        page = REFERENCE / f"{name}.md"
        wanted = NOTE + text
        if not page.exists() or page.read_text() != wanted:
            stale.append(page.name)
            if "--check" not in sys.argv[1:]:
                page.write_text(wanted)
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"docs/ref is out of date ({', '.join(stale)}): run `make reference`")


if __name__ == "__main__":
    main()
