"""`sharpeyes events listen | listening | topics` and `camera topics`."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from sharpeyes.ingest.heard_topics import list_topics
from sharpeyes.ingest.topic_counts import OTHER_TOPICS, TopicCounts
from sharpeyes.registry.camera import Camera, PollMode

AddCamera = Callable[..., Awaitable[Camera]]
Sharpeyes = Callable[..., Any]

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.usefixtures("fleet")
async def test_an_engineer_sees_what_a_camera_offers_and_has_it_listened_to(
    sharpeyes: Sharpeyes, add: AddCamera, pool: asyncpg.Pool
) -> None:
    camera, silent = await add(1), await add(2, poll_mode=PollMode.ON_REQUEST)

    async def run(*arguments: str) -> Any:
        return await asyncio.to_thread(sharpeyes, *arguments)

    code = camera.device_code
    refused = await run("camera", "topics", code)
    assert (refused.exit_code, "none are known for it" in refused.err) == (1, True)
    # The command seals with a key that it makes.
    password = await asyncio.to_thread(
        sharpeyes,
        "camera",
        "password",
        code,
        "--username",
        "sim",
        "--password-stdin",
        stdin=b"street-1\n",
    )
    assert password.exit_code == 0, password.err
    offered = (await run("camera", "topics", code, "--json")).json
    assert {"topic": "tns1:VideoSource/MotionAlarm", "becomes": "alarm"} in offered

    assert (await run("events", "listen", code, "on")).exit_code == 0
    (told,) = (await run("events", "listening", "--json")).json
    assert (told["device_code"], told["wanted"], told["state"]) == (code, True, None)
    assert "camera.listen" in (await run("audit", "list")).out
    wrong = await run("events", "listen", silent.device_code, "on")
    assert (wrong.exit_code, "poll mode on_request" in wrong.err) == (1, True)
    assert (await run("events", "listen", code, "perhaps")).exit_code == 2

    counts = TopicCounts(lambda: NOW)
    counts.heard("tns1:Device/Trigger/Relay", code)
    await counts.write(pool)
    assert "Trigger/Relay" in (await run("events", "topics", "--fate", "unknown")).out
    assert (await run("events", "topics", "--fate", "alarm", "--json")).out == ""


async def test_topics_without_end_are_counted_under_one_name(pool: asyncpg.Pool) -> None:
    for worker in range(3):
        counts = TopicCounts(lambda: NOW)
        for number in range(1_000):
            counts.heard(f"tns1:{worker}/{number}", "42010200001320000001")
        await counts.write(pool)
        await counts.write(pool)
    topics = await list_topics(pool)
    assert sum(topic.messages for topic in topics) == 3_000
    assert topics[0].topic == OTHER_TOPICS
    assert len(topics) <= 501
