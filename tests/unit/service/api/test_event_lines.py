"""Lines are cut out of a body as it arrives, however it is cut itself."""

import random
from collections.abc import AsyncIterator

from sharpeyes.service.api.event_lines import LONG_LINE, portions


async def arriving(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def read(pieces: list[bytes]) -> list[list[bytes]]:
    return [portion async for portion in portions(arriving(pieces), 8, 2)]


async def test_lines_are_the_same_wherever_the_body_is_cut() -> None:
    body = b"one\r\n\n  \ntwo\nthree\nthis is long\neight...\nlast"
    lines = [b"one", b"two", b"three", LONG_LINE, b"eight...", b"last"]
    for _ in range(200):
        cuts = sorted(random.sample(range(len(body)), random.randrange(8)))
        pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        found = await read(pieces)
        assert [line for portion in found for line in portion] == lines
        assert [len(portion) for portion in found] == [2, 2, 2]


async def test_a_line_without_end_is_dropped_as_it_arrives() -> None:
    assert await read([b"x" * 100] * 50) == [[LONG_LINE]]
    assert await read([b"x" * 100] * 50 + [b"\nok\n"]) == [[LONG_LINE, b"ok"]]
    assert await read([]) == []
