"""`make demo` as its visitor sees it, told once, and interrupted."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

SHARPEYES = Path(sys.executable).with_name("sharpeyes")


@asynccontextmanager
async def demo(folder: Path, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        SHARPEYES,
        *("demo", "--folder", str(folder / ".demo"), *words),
        cwd=folder,
        # A visitor's own settings must not lead the demonstration into a real database.
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SHARPEYES_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def lines_until(process: Any, wanted: str) -> list[str]:
    lines = []
    async with asyncio.timeout(240):
        async for line in process.stdout:
            lines.append(line.decode())
            if wanted in lines[-1]:
                return lines
    raise AssertionError(f"no {wanted!r} in {lines}")


@pytest.mark.timeout(400)
async def test_the_story_is_told_and_nothing_is_left(
    tmp_path: Path, free_port: Any, no_process_left: None
) -> None:
    port = free_port()
    async with demo(tmp_path, "--port", str(port), "--once") as process:
        told = "".join(await lines_until(process, "The demonstration has ended."))
        assert await process.wait() == 0, told
    assert f"http://127.0.0.1:{port}/" in told
    assert "24 of 24 measured cameras are online; 6 are asked only on request" in told
    assert "is offline, cause network: 127.20.0." in told
    assert "A vehicle stands in zone 'kerb'" in told
    assert "verified its signature" in told
    assert "Traceback" not in told


@pytest.mark.timeout(300)
async def test_it_is_alone_ends_with_ctrl_c_and_can_be_run_again_and_killed(
    tmp_path: Path, free_port: Any, processes_in: Any
) -> None:
    async with demo(tmp_path, "--port", str(free_port())) as first:
        await lines_until(first, "Dashboard:")
        async with demo(tmp_path) as second:
            out, _ = await asyncio.wait_for(second.communicate(), 60)
            assert second.returncode == 1
            assert "another demonstration runs in" in out.decode()
        await lines_until(first, "camera import")
        # As the terminal does: to all of the foreground's process group.
        os.killpg(first.pid, signal.SIGINT)
        rest = "".join(await lines_until(first, "The demonstration has ended."))
        assert await first.wait() == 0
        assert "Traceback" not in rest
    assert processes_in(tmp_path) == {}
    # In the folder that the first one left.
    async with demo(tmp_path, "--port", str(free_port())) as again:
        await lines_until(again, "camera import")
        again.kill()
        await again.wait()
    async with asyncio.timeout(90):
        while processes_in(tmp_path):  # noqa: ASYNC110  # other processes set no event
            await asyncio.sleep(0.2)
