import asyncio
import os
import signal
import sys

from sharpeyes.service.stopping import stop_requested


async def test_sigterm_asks_to_stop() -> None:
    async with stop_requested(supervised=False) as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(stop.wait(), 10)


async def test_a_supervised_process_ends_with_its_supervisor() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import asyncio\n"
        "from sharpeyes.service.stopping import stop_requested\n"
        "async def main():\n"
        "    async with stop_requested(supervised=True) as stop:\n"
        "        print('ready', flush=True)\n"
        "        await stop.wait()\n"
        "asyncio.run(main())\n",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert await asyncio.wait_for(child.stdout.readline(), 30) == b"ready\n"
    child.stdin.close()
    assert await asyncio.wait_for(child.wait(), 30) == 0
