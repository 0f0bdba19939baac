"""What was last heard of an endpoint is written seldom, of both kinds, and the last in any case."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sharpeyes.events.attempt import Answer
from sharpeyes.events.endpoint_heard import Heard

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Pool:
    def __init__(self) -> None:
        self.written = list[tuple[object, ...]]()

    async def execute(self, _: str, *arguments: object) -> None:
        self.written.append(arguments)


async def test_each_kind_is_written_every_two_seconds_and_in_the_end() -> None:
    pool = Pool()
    heard = Heard(cast("Any", pool))
    taken, refused, away = Answer(200), Answer(503), Answer(error="nobody listens")
    at = [NOW + timedelta(seconds=second) for second in range(5)]
    for second, answer in ((0, taken), (1, refused), (1, taken), (2, away)):
        heard.note(1, answer, at[second])
        await heard.write(at[second])
    assert pool.written == [(1, at[0]), (1, at[1], "HTTP 503"), (1, at[1])]
    heard.note(2, taken, at[2])
    await heard.write(at[2])
    await heard.write(at[3])
    await heard.write(at[4])
    assert pool.written[3:] == [(2, at[2]), (1, at[2], "nobody listens")]
    heard.note(2, taken, at[3])
    await heard.write(at[3])
    await heard.write(None)
    await heard.write(None)
    assert pool.written[5:] == [(2, at[3])]
