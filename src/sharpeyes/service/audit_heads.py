"""Where the audit's head is written down, outside of the database whose owner could cut it off.

A line of JSON for each: copy the file, or collect the log lines, to a place that the database's
owner does not reach.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import asyncpg
import msgspec
import structlog

from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.service.audit import Head, read_head
from sharpeyes.service.errors import ServiceError

log = structlog.get_logger()


class HeadFileError(ServiceError):
    """The file of the audit's heads cannot be read."""


def read_heads(file: Path) -> list[Head]:
    """Return the heads that were written down; none where there is no file.

    Raises:
        HeadFileError: It cannot be read, or a line of it is no head.
    """
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HeadFileError(f"{file}: {error.strerror}") from error
    heads = []
    for number, line in enumerate(lines, 1):
        try:
            heads.append(msgspec.json.decode(line, type=Head))
        except msgspec.DecodeError as error:
            # A power cut may leave half of a line.
            if line.endswith(b"}"):
                raise HeadFileError(f"{file}, line {number}: {error}") from error
    return heads


async def write_heads(
    pool: asyncpg.Pool,
    file: Path,
    stop: asyncio.Event,
    *,
    every_s: float,
    now: Callable[[], datetime],
) -> None:
    """Write the audit's head down, to file and log, whenever it has moved on; last at `stop`.

    Args:
        pool: Of the database.
        file: Lines are added at its end.
        stop: Ends it, once the head was written down again.
        every_s: How often it is looked at.
        now: The present, UTC.
    """
    written = 0
    while True:
        try:
            head = await read_head(pool, now())
            if head is not None and head.sequence != written:
                await asyncio.to_thread(_append, file, head)
                log.info("audit head", sequence=head.sequence, hash=head.hash)
                written = head.sequence
        except (*DATABASE_AWAY, OSError) as error:
            log.warning("the audit's head is not written down", error=str(error))
        if stop.is_set():
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)


def _append(file: Path, head: Head) -> None:
    with file.open("a+b") as lines:
        lines.seek(max(lines.tell() - 1, 0))
        # Else half of a line would take this one with it.
        start = b"" if lines.read() in {b"", b"\n"} else b"\n"
        lines.write(start + msgspec.json.encode(head) + b"\n")
