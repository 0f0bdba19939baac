import asyncio
import sys
from pathlib import Path

from sharpeyes.service.metrics_folder import MULTIPROCESS_FOLDER
from sharpeyes.service.settings import Settings
from sharpeyes.service.supervisor import Child, child_environment, children, keep_running

CHILD = Child("child", ())


def program(text: str) -> list[str]:
    return [sys.executable, "-c", text]


async def lines_in(file: Path, count: int) -> list[str]:
    async with asyncio.timeout(30):
        while True:
            lines = file.read_text().splitlines() if file.exists() else []
            if len(lines) >= count:
                return lines
            await asyncio.sleep(0.01)


async def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    stop = asyncio.Event()
    task = asyncio.create_task(
        keep_running(
            CHILD,
            program(f"open({str(starts)!r}, 'a').write('started\\n'); raise SystemExit(3)"),
            {},
            stop,
            grace_s=5,
        )
    )
    assert len(await lines_in(starts, 2)) >= 2
    stop.set()
    await asyncio.wait_for(task, 30)


async def test_stop_lets_a_child_finish(tmp_path: Path) -> None:
    told = tmp_path / "told"
    stop = asyncio.Event()
    task = asyncio.create_task(
        keep_running(
            CHILD,
            program(
                "import signal, sys\n"
                f"told = open({str(told)!r}, 'a', buffering=1)\n"
                "def end(*_):\n"
                "    told.write('finished\\n')\n"
                "    sys.exit()\n"
                "signal.signal(signal.SIGTERM, end)\n"
                "told.write('ready\\n')\n"
                "signal.pause()\n"
            ),
            {},
            stop,
            grace_s=30,
        )
    )
    await lines_in(told, 1)
    stop.set()
    await asyncio.wait_for(task, 30)
    assert told.read_text().splitlines() == ["ready", "finished"]


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "told"
    stop = asyncio.Event()
    task = asyncio.create_task(
        keep_running(
            CHILD,
            program(
                "import signal\n"
                "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                f"open({str(told)!r}, 'w').write('ready\\n')\n"
                "while True: signal.pause()\n"
            ),
            {},
            stop,
            grace_s=0.2,
        )
    )
    await lines_in(told, 1)
    stop.set()
    await asyncio.wait_for(task, 30)


async def test_cancelling_leaves_no_child(tmp_path: Path) -> None:
    told = tmp_path / "told"
    task = asyncio.create_task(
        keep_running(
            CHILD,
            program(
                "import os, signal\n"
                f"open({str(told)!r}, 'w').write(f'{{os.getpid()}}\\n')\n"
                "signal.pause()\n"
            ),
            {},
            asyncio.Event(),
            grace_s=5,
        )
    )
    (pid,) = await lines_in(told, 1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not Path(f"/proc/{pid}").exists()


def test_one_api_one_relay_and_as_many_workers_as_set() -> None:
    names = [child.name for child in children(Settings(workers=3))]
    assert names == ["api", "relay", "worker-1", "worker-2", "worker-3"]


def test_the_database_address_goes_through_the_environment() -> None:
    environment = child_environment(
        {"PATH": "/bin"},
        database_url="postgresql://u:secret@127.0.0.1/x",
        metrics_folder=Path("/m"),
    )
    assert environment["SHARPEYES_DATABASE_URL"] == "postgresql://u:secret@127.0.0.1/x"
    assert environment[MULTIPROCESS_FOLDER] == "/m"
    assert all("secret" not in word for child in children(Settings()) for word in child.words)
