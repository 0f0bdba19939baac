"""Times on the command line."""

from __future__ import annotations

from datetime import datetime

import typer

from sharpeyes.service.cli.output import printable


def moment(text: str, option: str) -> datetime:
    """Return a time that somebody gave with an option.

    Raises:
        typer.BadParameter: It is none, or has no offset.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(
            f"{option}: {printable(text)[:40]!r} is no time with its offset, such as "
            "2026-11-21T08:30:00+08:00"
        )
    return found
