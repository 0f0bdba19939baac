"""Runs the eight faults before the real service's workers, and prints what they were called."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.causes.city import PlayedCity, played, register
from benchmarks.causes.seen import WORDS, read_seen
from benchmarks.causes.timing import hastened, impatient
from benchmarks.simulator.eight_faults import MIN_CAMERAS, eight_faults
from benchmarks.simulator.score import Score, Seen, score
from sharpeyes.devices.simulator.city.fault import Unanswered
from sharpeyes.devices.simulator.city.scenario import Scenario, Step
from sharpeyes.devices.simulator.city.selection import Selection
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.city.truth import read_truth
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.service.database import open_pool
from sharpeyes.service.garbage import collect_seldom
from sharpeyes.service.keys import load_or_create_key
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.metrics_folder import MULTIPROCESS_FOLDER
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.settings import LogSettings, Settings
from sharpeyes.service.worker_process import run_worker

SEED: Final = 1
WORKERS: Final = 2
_RTSP_PORT: Final = 8554
_HTTP_PORT: Final = 8080
_LOOK_S: Final = 1.0
_ALL_WELL_WITHIN_S: Final = 300.0
_STOPS_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is done, and how fast.

    Attributes:
        factor: by which times are divided.
        seldom_s: between logins, looks at clocks, and pictures of a camera.
        lasts_s: of each fault.
        grace_s: after which a fault may still be told.
    """

    factor: float
    seldom_s: float
    lasts_s: float
    grace_s: float


FULL: Final = Plan(factor=10, seldom_s=40, lasts_s=90, grace_s=12)
QUICK: Final = Plan(factor=10, seldom_s=40, lasts_s=12, grace_s=2)
QUICK_CAMERAS: Final = 2_600
_FEW: Final = Scenario(
    "two faults",
    (
        Step(
            name="switch dies",
            at_s=0.1,
            lasts_s=QUICK.lasts_s,
            on=Selection(switches=(3,)),
            fault=Unanswered(),
        ),
        Step(
            name="recorder dies",
            at_s=0.1,
            lasts_s=QUICK.lasts_s,
            on=Selection(recorders=(0,)),
            fault=Unanswered(),
        ),
    ),
)


def run(quick: bool) -> dict[str, object]:  # the one choice of every benchmark
    """Let eight faults happen, print what they were called, and return the figures."""
    plan = QUICK if quick else FULL
    cameras = QUICK_CAMERAS if quick else MIN_CAMERAS
    scenario = _FEW if quick else eight_faults(cameras, SEED, first_s=1, lasts_s=plan.lasts_s)
    city = CitySettings(cameras=cameras, seed=SEED, rtsp_port=_RTSP_PORT, http_port=_HTTP_PORT)
    began_s = time.monotonic()
    found = judged(city, scenario, plan)
    _print(found)
    return {
        "cameras": city.cameras,
        "seed": SEED,
        "times_divided_by": plan.factor,
        "took_s": round(time.monotonic() - began_s),
        "right_ratio": found.right_ratio,
        "worst_ratio": found.worst_ratio,
        "false_causes": found.false_causes,
        "false_incidents": found.false_incidents,
        "faults": {name: fault.right / fault.cameras for name, fault in found.faults.items()},
    }


def judged(city: CitySettings, scenario: Scenario, plan: Plan) -> Score:
    """Let a scenario happen before workers of the service, and score what they say."""
    configure_logging(LogSettings(level="warning", format="console"))
    with tempfile.TemporaryDirectory(prefix="sharpeyes-") as name:
        folder = Path(name)
        metrics = folder / "metrics"
        metrics.mkdir()
        os.environ[MULTIPROCESS_FOLDER] = str(metrics)
        settings = Settings(
            data_dir=folder,
            log=LogSettings(level="warning", format="console"),
            health=hastened(plan.factor, seldom_s=plan.seldom_s),
            devices=impatient(plan.factor),
        )
        key = load_or_create_key(settings.secret_key_file)
        truth = folder / "truth.jsonl"
        with EmbeddedPostgres(folder / "postgres") as url:
            asyncio.run(_prepare(url, key, city))
            with played(city, scenario, truth) as playing, _workers(settings, url):
                asyncio.run(_watch(url, playing, scenario, plan))
            seen = asyncio.run(_read(url))
        return score(read_truth(truth), seen, grace_s=plan.grace_s, words=WORDS)


async def _prepare(url: str, key: bytes, city: CitySettings) -> None:
    await migrate(url)
    async with await open_pool(url, min_size=1, max_size=4) as pool:
        await register(pool, CredentialStore(pool, key), city)


async def _watch(url: str, playing: PlayedCity, scenario: Scenario, plan: Plan) -> None:
    """Wait until all cameras are known to be well, and then for the end of the scenario."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(_ALL_WELL_WITHIN_S):
            while await connection.fetchval(  # noqa: ASYNC110  # workers tell nobody that all is well
                "SELECT EXISTS (SELECT FROM camera LEFT JOIN camera_status s USING (camera_id)"
                " WHERE s.status IS DISTINCT FROM 'ok')"
            ):
                await asyncio.sleep(_LOOK_S)
    finally:
        await connection.close()
    playing.begin()
    await asyncio.sleep(max(step.at_s + (step.lasts_s or 0) for step in scenario.step))
    await asyncio.sleep(plan.grace_s)


async def _read(url: str) -> list[Seen]:
    connection = await asyncpg.connect(url)
    try:
        return await read_seen(connection)
    finally:
        await connection.close()


@contextlib.contextmanager
def _workers(settings: Settings, url: str) -> Iterator[None]:
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=_work, args=(settings, url), daemon=True) for _ in range(WORKERS)
    ]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_STOPS_WITHIN_S)
            process.kill()


def _work(settings: Settings, url: str) -> None:
    configure_logging(settings.log)
    collect_seldom()
    uvloop.run(_until_stopped(settings, url))


async def _until_stopped(settings: Settings, url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_worker(settings, url, stop)


def _print(found: Score) -> None:
    table = Table(title="What faults were called", title_justify="left", box=None)
    for column in ("fault", "cameras", "rightly", "else, if not", "besides", "tickets too many",
                   "incidents", "after (median / p99)"):  # fmt: skip
        table.add_column(column, justify="left" if column == "fault" else "right")
    for name, fault in found.faults.items():
        table.add_row(
            name,
            f"{fault.cameras:,}",
            f"{fault.right / fault.cameras:.2%}",
            _counted(fault.wrong),
            _counted(fault.also),
            f"{fault.blamed:,}",
            f"{fault.incidents} of {fault.expected_incidents}",
            f"{fault.delay_p50_s} / {fault.delay_p99_s} s",
        )
    Console(width=150).print(table)
    Console(width=150).print(
        f"rightly on average {found.right_ratio:.2%}, worst {found.worst_ratio:.2%}; "
        f"{found.false_causes} words on cameras that were well, "
        f"{found.false_incidents} incidents of many without one\n"
    )


def _counted(words: dict[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in sorted(words.items())) or "-"
