"""The city as a service finds it: imported with its passwords, playing a scenario elsewhere."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import asyncpg
import uvloop

from sharpeyes.devices.simulator.city.camera_list import write_cameras
from sharpeyes.devices.simulator.city.scenario import Scenario
from sharpeyes.devices.simulator.city.server import City
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.city.truth import Played, TruthLog
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.import_job import ImportJob
from sharpeyes.registry.sheet_opening import open_sheet

_STOPS_WITHIN_S = 10


async def register(
    pool: asyncpg.Pool, credentials: CredentialStore, settings: CitySettings
) -> None:
    """Import a city's cameras, with the passwords of their devices."""
    text = io.StringIO()
    write_cameras(text, settings)
    sheet = open_sheet(io.BytesIO(text.getvalue().encode()), "city.csv")
    job = ImportJob(pool, credentials, sheet, actor="benchmark", now=datetime.now(UTC))
    await job.start()
    async for report in job.run():
        assert not report.refused_rows, report.refused[:3]


class PlayedCity:
    """A city in a process of its own, which plays its scenario once it is told to.

    Args:
        pipe: to the process.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def begin(self) -> None:
        """Let the scenario begin."""
        self._pipe.send("begin")


@contextmanager
def played(settings: CitySettings, scenario: Scenario, truth: Path) -> Iterator[PlayedCity]:
    """Let a city answer, and write down what is really wrong.

    Args:
        settings: of the city.
        scenario: what goes wrong once it may begin.
        truth: the log, complete when the block ends.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(settings, scenario, truth, theirs), daemon=True)
    process.start()
    try:
        ours.recv()
        yield PlayedCity(ours)
    finally:
        ours.close()
        theirs.close()
        process.join(_STOPS_WITHIN_S)
        process.kill()


def _serve(settings: CitySettings, scenario: Scenario, truth: Path, parent: Connection) -> None:
    uvloop.run(_play(settings, scenario, truth, parent))


async def _play(
    settings: CitySettings, scenario: Scenario, truth: Path, parent: Connection
) -> None:
    with truth.open("wb") as file:
        log = TruthLog(file, settings.layout)
        try:
            async with City(settings, scenario, on_change=log.add, waits=True) as city:
                parent.send("answering")
                told: asyncio.Queue[bool] = asyncio.Queue()

                def hear() -> None:
                    try:
                        parent.recv()
                    except EOFError:
                        asyncio.get_running_loop().remove_reader(parent.fileno())
                        told.put_nowait(False)
                    else:
                        told.put_nowait(True)

                asyncio.get_running_loop().add_reader(parent.fileno(), hear)
                while await told.get():
                    city.begin()
                    log.begin(
                        Played(datetime.now(UTC), scenario.name, settings.seed, settings.cameras)
                    )
        finally:
            log.close()
