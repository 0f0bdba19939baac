import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg

from sharpeyes.registry.camera import Camera

AddCamera = Callable[..., Awaitable[Camera]]
AT = datetime(2026, 11, 21, 4, tzinfo=UTC)


async def test_references_are_shown_and_renewed(
    pool: asyncpg.Pool, add_camera: AddCamera, sharpeyes: Callable[..., Any]
) -> None:
    camera = await add_camera(1)
    code = camera.device_code

    async def reference(*options: str) -> Any:
        return await asyncio.to_thread(sharpeyes, "camera", "reference", *options)

    assert "No picture of this camera is kept yet" in (await reference(code)).out
    await pool.executemany(
        "INSERT INTO camera_picture VALUES ($1, $2, $3, '', 'figures', $4, $5)",
        [(camera.camera_id, "day", AT, 6, True), (camera.camera_id, "night", AT, 2, False)],
    )
    shown = (await reference(code)).out
    assert "not yet" in shown
    listed = [json.loads(line) for line in (await reference(code, "--json")).out.splitlines()]
    assert [(kept["kind"], kept["samples"]) for kept in listed] == [("day", 6), ("night", 2)]

    renewed = await reference(code, "--renew")
    assert renewed.exit_code == 0
    assert "make new ones" in renewed.err
    assert await pool.fetchval("SELECT count(*) FROM camera_picture") == 0
    entry = await pool.fetchrow("SELECT object, detail FROM audit ORDER BY audit_id DESC LIMIT 1")
    assert entry is not None
    assert (entry["object"], entry["detail"]) == (code, {"forgotten": 2})
    unknown = await reference("42010200001320000999", "--renew")
    assert unknown.exit_code == 1
    assert "42010200001320000999" in unknown.err
