"""What commands print: tables for people, JSON for programs, one line when something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

# A file or a pipe has no width; tables must not be cut there.
_WIDTH_OF_A_PIPE = 240


class CliError(Exception):
    """A command failed; the message is the one line that its user sees."""


def console() -> Console:
    """Return the console for what a command answers (stdout)."""
    return Console(
        width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE, highlight=False, markup=False
    )


def note(message: str) -> None:
    """Say how things go, on stderr, so that stdout stays the answer."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201  # this module is the CLI's voice


def printable(text: str) -> str:
    """Return a text with whatever a terminal would obey, or could not show, written out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def print_json(value: object) -> None:
    """Print one JSON value on one line (msgspec structs, dataclasses, datetimes, enums)."""
    sys.stdout.write(msgspec.json.encode(value).decode())
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print a table, or the sentence `empty` when there are no rows; no cell moves the cursor."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(printable(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else printable(str(cell))) for cell in row))
    console().print(table if table.row_count else empty)
