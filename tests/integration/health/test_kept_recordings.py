"""Which recordings devices keep: asked of simulated ones, stored, counted for the sheet."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random

import asyncpg
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.recordings_kept import RecordingsKept
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.settings import PUBLIC_PASSWORD, PUBLIC_USERNAME
from sharpeyes.health.context import HealthContext
from sharpeyes.health.kept_recordings import (
    KeptRecordings,
    Outcome,
    read_recordings,
    recording_figure,
)
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.probes import Probes
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.trend_store import Trends
from sharpeyes.registry.camera import Camera, PollMode
from sharpeyes.service.metrics import HealthCounts

AddCamera = Callable[..., Awaitable[Camera]]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORDER = "42010200001180000001"


def kept(least_days: float | None, most_days: float) -> RecordingsKept:
    since = NOW - timedelta(days=most_days)
    return RecordingsKept(2, since, NOW, least_days, most_days)


async def test_a_device_is_asked_once_with_the_password_and_its_answer_stored(
    pool: asyncpg.Pool, add: AddCamera, fleet: Fleet
) -> None:
    cameras = [await add(number) for number in (1, 2)]
    passwords = {cameras[0].camera_id: PUBLIC_PASSWORD, cameras[1].camera_id: "not this"}

    async def credentials(camera_id: int) -> Credentials | None:
        return Credentials(PUBLIC_USERNAME, passwords[camera_id])

    trends = Trends(lambda: NOW)
    async with open_device_session() as http:
        probes = Probes(
            HealthContext(
                pool=pool,
                http=http,
                worker_id="w",
                settings=HealthSettings(),
                devices=DeviceSettings(),
                credentials=credentials,
                logins=LoginGuard(refusals_to_block=2, block_s=3600),
                metrics=HealthCounts(),
                now=lambda: datetime.now(UTC),
                monotonic_s=lambda: 1000.0,
                random=Random(1),
                trends=trends,
            )
        )
        for camera in (*cameras, cameras[1], cameras[1]):
            assert await probes.ask_recordings(camera)
    await trends.write(pool)
    told = await read_recordings(pool, cameras[0].camera_id)
    assert told is not None
    assert (told.outcome, told.recordings, told.least_days) == (Outcome.TOLD, 1, 40.0)
    refused = await read_recordings(pool, cameras[1].camera_id)
    assert refused is not None
    assert (refused.outcome, refused.least_days) == (Outcome.REFUSED, None)
    # Twice, as everywhere; the third question went without.
    assert fleet.device(fleet.cameras[1].device_code).bad_logins == 2


async def test_what_a_device_told_outlives_a_failure_but_not_a_week(
    pool: asyncpg.Pool, add_camera: AddCamera
) -> None:
    camera, clock = await add_camera(1), [NOW]
    recordings = KeptRecordings(lambda: clock[0])
    assert await read_recordings(pool, camera.camera_id) is None
    recordings.told(camera.camera_id, Fault(FaultKind.SILENT, "x"))
    # One that is deleted meanwhile holds up nobody.
    recordings.told(camera.camera_id + 1, kept(31, 31))
    for answer in (None, kept(31, 40), Fault(FaultKind.SILENT, "x")):
        await recordings.write(pool)
        clock[0] += timedelta(days=1)
        recordings.told(camera.camera_id, answer)
    await recordings.write(pool)
    told = await read_recordings(pool, camera.camera_id)
    assert told is not None
    assert (told.outcome, told.most_days, told.asked_at) == (
        Outcome.TOLD,
        40,
        NOW + timedelta(days=2),
    )
    for days, counted in ((8, 1), (10, 0)):
        figure = await recording_figure(pool, None, days=30, as_of=NOW + timedelta(days=days))
        assert figure.judged == counted
    assert figure.not_judged == {"recordings_told_long_ago": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (kept(30, 30), "enough"),
        (kept(12, 29.9), "short"),
        (kept(12, 45), "recordings_not_told_apart"),
        (kept(None, 45), "recordings_not_told_apart"),
        (kept(None, 20), "short"),
        (RecordingsKept(0, None, None, 0.0, 0.0), "short"),
        (None, "recordings_not_offered"),
        (Fault(FaultKind.AUTH, "x"), "recordings_refused"),
        (Fault(FaultKind.PROTOCOL, "x"), "recordings_failed"),
    ],
)
async def test_the_sheet_counts_only_what_can_be_said(
    pool: asyncpg.Pool,
    add_camera: AddCamera,
    answer: RecordingsKept | Fault | None,
    reason: str,
) -> None:
    recordings = KeptRecordings(lambda: NOW)
    beside = {"recorder_code": RECORDER, "recorder_channel": 1}
    through = await add_camera(1, poll_mode=PollMode.RECORDER, **beside)
    direct = await add_camera(2, **beside)
    await add_camera(3)
    for camera in (through, direct):
        recordings.told(camera.camera_id, answer)
    await recordings.write(pool)
    figure = await recording_figure(pool, "420100/420102/", days=30, as_of=NOW)
    # What a camera's own card lacks its recorder may have.
    told = isinstance(answer, RecordingsKept)
    asked_itself = "recorder_elsewhere" if told and reason != "enough" else reason
    expected = {"recorders_not_asked": 1}
    for how in (reason, asked_itself):
        expected[how] = expected.get(how, 0) + 1
    fulfilled = expected.pop("enough", 0)
    assert figure.fulfilled == fulfilled
    assert figure.judged == fulfilled + expected.pop("short", 0)
    assert figure.not_judged == expected
