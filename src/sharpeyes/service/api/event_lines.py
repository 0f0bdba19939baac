"""Lines of a body while it arrives, in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

LONG_LINE: Final = b"\n"
"""Stands for a line that is too long; no line has this in it."""


async def portions(
    chunks: AsyncIterable[bytes], longest_bytes: int, at_once: int
) -> AsyncIterator[list[bytes]]:
    """Yield the lines of a body, many at once, without their ends; empty ones are left out.

    Args:
        chunks: The body, as it arrives.
        longest_bytes: A longer line is dropped as it arrives, and `LONG_LINE` takes its place.
        at_once: How many lines are yielded together at most.
    """
    portion: list[bytes] = []
    begun = bytearray()
    dropping = False
    async for chunk in chunks:
        # The last piece has no end yet.
        *whole, rest = chunk.split(b"\n")
        for piece in whole:
            begun += piece
            if dropping or len(begun) > longest_bytes:
                portion.append(LONG_LINE)
            elif line := bytes(begun).strip():
                portion.append(line)
            begun.clear()
            dropping = False
            if len(portion) == at_once:
                yield portion
                portion = []
        begun += rest
        if len(begun) > longest_bytes:
            dropping = True
            begun.clear()
    if dropping or len(begun) > longest_bytes:
        portion.append(LONG_LINE)
    elif line := bytes(begun).strip():
        portion.append(line)
    if portion:
        yield portion
