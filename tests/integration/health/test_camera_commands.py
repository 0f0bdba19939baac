"""`sharpeyes health camera` and `explain`: what an operator reads of one camera."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from sharpeyes.health.status import Cause, Check, Status, Transition
from sharpeyes.registry.camera import Camera, PollMode

AddCamera = Callable[..., Awaitable[Camera]]
Sharpeyes = Callable[..., Any]
SEEN = "10.0.0.7:554 does not react to connection attempts (3 tries in 20 s)"


def change(to: Status, cause: Cause, check: Check | None, minutes_ago: int) -> Transition:
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return Transition(
        from_status=Status.UNKNOWN,
        to_status=to,
        check=check,
        cause=cause,
        evidence=SEEN if cause else "",
        at=at,
        began_at=at - timedelta(seconds=20) if cause else None,
    )


async def test_what_is_wrong_why_and_what_to_do_is_said_in_both_languages(
    add_camera: AddCamera, write: Callable[..., Awaitable[bool]], sharpeyes: Sharpeyes
) -> None:
    camera = await add_camera(1, maintenance_unit="运维一队")
    await write(camera, change(Status.OK, Cause.NONE, None, 90))
    await write(camera, change(Status.OFFLINE, Cause.NETWORK, Check.REACH, 30))

    told = (await run(sharpeyes, "camera", camera.device_code)).out
    for words in (
        *("Offline since", "(30 min ago)", "Not reachable", SEEN, "failing since"),
        *("check power, cable and switch port", "运维一队", "asked by"),
        f"sharpeyes camera probe {camera.device_code}",
    ):
        assert words in told, words

    told = (await run(sharpeyes, "camera", camera.device_code, "--lang", "zh")).out
    for words in (
        "离线",
        "网络不通",
        "10.0.0.7:554 对连接请求没有反应（20 秒内 3 次）",
        "下一步",
        "单路",
    ):
        assert words in told, words
    assert "does not react" not in told

    told = (await run(sharpeyes, "explain", camera.device_code)).out
    for words in ("somebody has to go there", "the check Reach had a fault 3 times in a row"):
        assert words in told, words
    told = (await run(sharpeyes, "explain", camera.device_code, "--lang", "zh")).out
    assert "检查项“能否连通”连续 3 次结果异常" in told

    (found,) = (await run(sharpeyes, "camera", camera.device_code, "--json")).json
    assert found["status"] == "offline"
    assert found["stored"]["cause"] == "network"
    assert [one["to_status"] for one in found["transitions"]] == ["offline", "ok"]
    assert found["incidents"][0]["assigned_unit"] == "运维一队"
    assert found["intervals_s"]["clock"] == 3600


async def test_of_a_camera_that_failed_with_others_the_incident_is_named(
    add_camera: AddCamera,
    write: Callable[..., Awaitable[bool]],
    sharpeyes: Sharpeyes,
    pool: asyncpg.Pool,
) -> None:
    camera = await add_camera(1)
    await write(camera, change(Status.UNREACHABLE, Cause.NETWORK, Check.REACH, 3))
    now = datetime.now(UTC)
    incident_id = await pool.fetchval(
        "INSERT INTO incident (kind, group_key, title, cause, evidence, decided_by, began_at,"
        " opened_at, cameras, division_path, deadline_at) VALUES ('network', 'metro-7',"
        " 'metro-7', 'network', '', '', $1, $1, 40, '', $1) RETURNING incident_id",
        now,
    )
    await pool.execute(
        "INSERT INTO incident_camera (incident_id, camera_id, joined_at) VALUES ($1, $2, $3)",
        incident_id,
        camera.camera_id,
        now,
    )
    told = (await run(sharpeyes, "explain", camera.device_code)).out
    assert f"it failed with 39 others: incident {incident_id} (Access network metro-7)" in told
    assert "nobody is sent or told" in told


async def test_of_a_camera_that_is_well_or_not_asked_no_work_is_made(
    add_camera: AddCamera, write: Callable[..., Awaitable[bool]], sharpeyes: Sharpeyes
) -> None:
    well, unasked = await add_camera(1), await add_camera(2, poll_mode=PollMode.NONE)
    new = await add_camera(3)
    await write(well, change(Status.OK, Cause.NONE, None, 5))
    told = (await run(sharpeyes, "explain", well.device_code)).out
    assert "All is well" in told
    assert "what to do next" not in (await run(sharpeyes, "camera", well.device_code)).out
    assert "not measured" in (await run(sharpeyes, "explain", unasked.device_code)).out
    told = (await run(sharpeyes, "camera", new.device_code)).out
    assert "not judged yet" in told
    assert "Its status has never changed." in told


@pytest.mark.parametrize("command", ["camera", "explain"])
def test_wrong_arguments_are_named(command: str, sharpeyes: Sharpeyes) -> None:
    for arguments, words, code in (
        (["4201"], "4201", 1),
        (["42010600001320000007"], "42010600001320000007", 1),
        (["42010600001320000007", "--lang", "fr"], "fr", 2),
        ([], "CODE", 2),
    ):
        done = sharpeyes("health", command, *arguments)
        assert done.exit_code == code, arguments
        assert words in done.err
        assert not done.out


async def run(sharpeyes: Sharpeyes, *arguments: str) -> Any:
    done = await asyncio.to_thread(sharpeyes, "health", *arguments)
    assert done.exit_code == 0, done.err
    return done
