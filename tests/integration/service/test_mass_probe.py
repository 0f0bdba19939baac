"""Asking many cameras, on devices that really answer and really lock accounts."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv4Address
from random import Random

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.simulator.camera import MAIN_STREAM_PATH, SNAPSHOT_PATH, SUB_STREAM_PATH
from sharpeyes.devices.simulator.fault import Down, WrongPassword
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.onvif import FIRMWARE_VERSION, MANUFACTURER, MODEL
from sharpeyes.devices.simulator.scene import Scene
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.street import make_cameras
from sharpeyes.registry.camera import CameraFile, Life, PollMode, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.history import CameraHistory, sign
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.sealing import Sealer
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.asking import Manners
from sharpeyes.service.mass_probe import (
    NOT_ASKED,
    PASSWORD_REFUSED,
    WELL,
    Filling,
    MassProbe,
    ProbeOutcome,
)
from sharpeyes.service.settings import Settings

KEY = bytes(range(32))
FILL = Filling(replace=False, store=True, actor="li")

Register = Callable[..., Awaitable[list[str]]]
Probe = Callable[..., Awaitable[dict[str, ProbeOutcome]]]


@pytest_asyncio.fixture
async def fleet(own_address: IPv4Address, free_port: Callable[[], int]) -> AsyncIterator[Fleet]:
    settings = FleetSettings(
        cameras=5,
        first_address=own_address,
        rtsp_port=free_port(),
        http_port=free_port(),
    )
    scene = Scene(name="short", seed=3, loop_s=6, vehicles=())
    cameras = [dataclasses.replace(c, scene="short") for c in make_cameras(settings)]
    async with Fleet(settings, cameras=cameras, scenes=[scene]) as fleet:
        yield fleet


@pytest.fixture
def store(pool: asyncpg.Pool) -> CameraStore:
    return CameraStore(pool, CredentialStore(pool, Sealer(KEY)))


@pytest.fixture
def register(fleet: Fleet, store: CameraStore) -> Register:
    """Register the fleet by address alone, as discovery proposes it, with its credentials."""

    async def register(password: str | None = None, **changes: object) -> list[str]:
        settings = fleet.settings
        login = Credentials(settings.username, password or settings.password.get_secret_value())
        async with store.edit("test") as edit:
            for camera in fleet.cameras:
                fields: dict[str, object] = {
                    "device_code": camera.device_code,
                    "name": camera.name,
                    "tier": Tier(camera.tier),
                    "division_code": camera.division_code,
                    "host": camera.host,
                    "rtsp_port": settings.rtsp_port,
                    "http_port": settings.http_port,
                }
                await edit.add(CameraFile(**fields | changes), login)  # type: ignore[arg-type]
        return [camera.device_code for camera in fleet.cameras]

    return register


@pytest_asyncio.fixture
async def probe(pool: asyncpg.Pool) -> AsyncIterator[Probe]:
    async with open_device_session() as session:
        yield lambda **options: _run(pool, session, **options)


async def _run(
    pool: asyncpg.Pool,
    session: aiohttp.ClientSession,
    *,
    filling: Filling | None = None,
    division: str | None = None,
    tier: Tier | None = None,
) -> dict[str, ProbeOutcome]:
    mass = MassProbe(
        pool, Sealer(KEY), session, Settings(), at_once=4, filling=filling, random=Random(1)
    )
    outcomes = {o.device_code: o async for o in mass.run(division, tier)}
    assert len(outcomes) == await mass.count(division, tier)
    return outcomes


async def test_files_are_filled_from_what_devices_say(
    pool: asyncpg.Pool, store: CameraStore, register: Register, probe: Probe
) -> None:
    codes = await register()
    shown = await probe(filling=dataclasses.replace(FILL, store=False))
    first = await store.get(codes[0])
    assert first is not None
    assert first.model is None
    assert {change.field for change in shown[codes[0]].changes} == {
        "maker_name",
        "model",
        "firmware",
        "codec",
        "main_stream_path",
        "sub_stream_path",
        "snapshot_path",
    }
    outcomes = await probe(filling=FILL)
    assert {(o.cause, o.filled) for o in outcomes.values()} == {(WELL, True)}
    first = await store.get(codes[0])
    assert first is not None
    assert (first.maker_name, first.model, first.firmware) == (
        MANUFACTURER,
        MODEL,
        FIRMWARE_VERSION,
    )
    assert (first.main_stream_path, first.sub_stream_path) == (MAIN_STREAM_PATH, SUB_STREAM_PATH)
    assert (first.snapshot_path, first.codec) == (SNAPSHOT_PATH, 2)
    [change, *_] = await CameraHistory(pool).of_camera(first.camera_id)
    assert (change.actor, change.action) == ("li", "edit")
    again = await probe(filling=FILL)
    assert {(len(o.changes), o.filled) for o in again.values()} == {(0, False)}


async def test_cameras_that_go_meanwhile_stop_nobody(
    pool: asyncpg.Pool, register: Register
) -> None:
    codes = await register()
    outcomes: list[ProbeOutcome] = []
    async with open_device_session() as session:
        mass = MassProbe(
            pool, Sealer(KEY), session, Settings(), at_once=1, filling=FILL, random=Random(1)
        )
        async for outcome in mass.run(None, None):
            if not outcomes:
                # As the undo of an import does.
                async with pool.acquire() as connection, connection.transaction():
                    await sign(connection, "li")
                    await connection.execute(
                        "DELETE FROM camera WHERE device_code <> $1", outcome.device_code
                    )
            outcomes.append(outcome)
    assert {outcome.device_code for outcome in outcomes} == set(codes)
    assert not outcomes[-1].filled


async def test_paths_on_file_stay_unless_they_are_to_be_replaced(
    store: CameraStore, register: Register, probe: Probe
) -> None:
    codes = await register(main_stream_path="/mine", sub_stream_path="/mine/sub")
    await probe(filling=FILL)
    kept = await store.get(codes[0])
    assert kept is not None
    assert (kept.main_stream_path, kept.sub_stream_path) == ("/mine", "/mine/sub")
    assert kept.model == MODEL
    await probe(filling=dataclasses.replace(FILL, replace=True))
    replaced = await store.get(codes[0])
    assert replaced is not None
    assert replaced.main_stream_path == MAIN_STREAM_PATH


async def test_each_cause_is_told_and_nobody_unwilling_is_asked(
    fleet: Fleet, store: CameraStore, register: Register, probe: Probe
) -> None:
    down, wrong, unwilling, mended, well = await register(main_stream_path=MAIN_STREAM_PATH)
    await fleet.set_fault(down, Down())
    await fleet.set_fault(wrong, WrongPassword())
    async with store.edit("test") as edit:
        camera = await store.get(unwilling)
        assert camera is not None
        file = CameraFile(
            **{f: getattr(camera, f) for f in CameraFile.__struct_fields__}
            | {"poll_mode": PollMode.ON_REQUEST}
        )
        await edit.replace(file)
        await edit.move(mended, LifeState(Life.REMOVED, "gone"))
    outcomes = await probe()
    assert {code: o.cause for code, o in outcomes.items()} == {
        down: "network",
        wrong: "auth",
        unwilling: NOT_ASKED,
        well: WELL,
    }
    assert "on request" in outcomes[unwilling].evidence
    assert fleet.device(wrong).bad_logins == 1
    assert list(await probe(division="420103")) == [wrong]
    with pytest.raises(UnknownDivisionError):
        await probe(division="420199")


async def test_one_address_is_not_locked_by_its_many_channels(
    fleet: Fleet, store: CameraStore, probe: Probe
) -> None:
    camera, settings = fleet.cameras[0], fleet.settings
    async with store.edit("test") as edit:
        for number in range(1, 9):
            await edit.add(
                CameraFile(
                    device_code=f"42010200001320{number:06}",
                    name=f"channel {number}",
                    tier=Tier.SOCIAL,
                    division_code="420102",
                    host=camera.host,
                    rtsp_port=settings.rtsp_port,
                    http_port=settings.http_port,
                    main_stream_path=MAIN_STREAM_PATH,
                ),
                Credentials(settings.username, "wr0ng"),
            )
    causes = sorted(o.cause for o in (await probe()).values())
    assert causes == ["auth"] * 2 + [PASSWORD_REFUSED] * 6
    assert fleet.device(camera.device_code).bad_logins == 2
    assert fleet.device(camera.device_code).lockouts == 0


async def test_a_password_that_was_refused_is_not_sent_again(
    pool: asyncpg.Pool, fleet: Fleet, register: Register, probe: Probe
) -> None:
    [first, *_] = await register(main_stream_path=MAIN_STREAM_PATH)
    await pool.execute(
        "INSERT INTO camera_status (camera_id, status, cause, evidence, since, epoch)"
        " SELECT camera_id, 'degraded', 'auth', 'refused', now() + interval '1 s', 1"
        " FROM camera WHERE device_code = $1",
        first,
    )
    assert (await probe())[first].cause == PASSWORD_REFUSED
    assert fleet.device(first).bad_logins == 0


async def test_manners_hold_for_hosts_and_networks() -> None:
    manners = Manners(subnet_limit=2)
    async with manners.asking("10.0.0.1"), manners.asking("10.0.0.2"):
        assert not await _gets_in(manners, "10.0.0.3")
        async with manners.asking("10.0.1.1"):
            assert not await _gets_in(manners, "10.0.1.1")
        assert await _gets_in(manners, "cam.example")
        assert await _gets_in(manners, "2001:db8::1")
    assert await _gets_in(manners, "10.0.0.3")
    assert not manners._busy


async def _gets_in(manners: Manners, host: str) -> bool:
    async def enter() -> None:
        async with manners.asking(host):
            pass

    try:
        await asyncio.wait_for(enter(), 0.05)
    except TimeoutError:
        return False
    return True
