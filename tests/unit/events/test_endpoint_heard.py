"""What was last heard of an endpoint is written seldom, and of both kinds."""

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


async def test_each_kind_is_written_every_ten_seconds_at_most() -> None:
    pool = Pool()
    heard = Heard(cast("Any", pool))
    taken = Answer(http_status=200, latency_ms=1, head="", error="")
    refused = Answer(http_status=503, latency_ms=1, head="", error="")
    away = Answer(http_status=None, latency_ms=1, head="", error="nobody listens")
    for second, answer in (
        (0, taken),
        (1, refused),
        (2, taken),
        (9.9, away),
        (10, taken),
        (12, away),
    ):
        await heard.note(1, answer, NOW + timedelta(seconds=second))
    await heard.note(2, taken, NOW)

    assert pool.written == [
        (1, NOW),
        (1, NOW + timedelta(seconds=1), "HTTP 503"),
        (1, NOW + timedelta(seconds=10)),
        (1, NOW + timedelta(seconds=12), "nobody listens"),
        (2, NOW),
    ]
