import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from sharpeyes.events.event import EventType
from sharpeyes.events.store import EventStore
from sharpeyes.health.status import Cause, Check, Status, Transition
from sharpeyes.health.store import Counts, StatusStore
from sharpeyes.registry.camera import Camera, Life, PollMode, Tier
from sharpeyes.registry.errors import StaleLeaseError
from sharpeyes.registry.shards import ShardLease, ShardLeases

AddCamera = Callable[..., Awaitable[Camera]]
Leases = dict[int, ShardLease]
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


def transition(before: Status, after: Status, cause: Cause = Cause.NONE) -> Transition:
    return Transition(
        from_status=before,
        to_status=after,
        check=Check.REACH if cause else None,
        cause=cause,
        evidence="127.9.0.2:554 refuses connections" if cause else "",
        at=AT,
    )


Write = Callable[..., Awaitable[bool]]
RECORDER = {"recorder_code": "42010200001180000001", "recorder_channel": 1}
WENT_OFFLINE = transition(Status.OK, Status.OFFLINE, Cause.NETWORK)


async def rows_of(pool: asyncpg.Pool) -> dict[str, int]:
    tables = ("camera_status", "camera_transition", "event", "incident", "incident_step")
    return {name: await pool.fetchval(f"SELECT count(*) FROM {name}") for name in tables}


@pytest.mark.parametrize(
    "changes",
    [{"life": Life.MAINTENANCE}, {"life": Life.REMOVED}, {"poll_mode": PollMode.ON_REQUEST}],
)
async def test_what_was_asked_as_it_went_out_of_service_is_not_called_offline(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write, changes: dict[str, Any]
) -> None:
    camera = await add_camera(1, **changes)
    assert not await write(camera, WENT_OFFLINE)
    assert set((await rows_of(pool)).values()) == {0}


async def test_a_transition_is_status_history_and_event(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write
) -> None:
    camera = await add_camera(1)
    assert await write(camera, WENT_OFFLINE)

    stored = await StatusStore(pool).get(camera.camera_id)
    assert stored is not None
    assert (stored.status, stored.cause, stored.check) == (
        Status.OFFLINE,
        Cause.NETWORK,
        Check.REACH,
    )
    assert stored.since == AT
    (kept,) = await StatusStore(pool).transitions(camera.camera_id)
    assert kept == msgspec.structs.replace(WENT_OFFLINE, from_status=Status.UNKNOWN)
    (event,) = await EventStore(pool).list()
    assert event.type is EventType.CAMERA_OFFLINE
    assert event.occurred_at == AT
    assert event.data == {
        "from_status": "unknown",
        "to_status": "offline",
        "cause": "network",
        "evidence": "127.9.0.2:554 refuses connections",
    }


CLOCK = transition(Status.UNKNOWN, Status.DEGRADED, Cause.CLOCK)


@pytest.mark.parametrize(
    ("changes", "heard"),
    [
        ([transition(Status.UNKNOWN, Status.OK)], []),
        ([transition(Status.UNKNOWN, Status.OFFLINE, Cause.SILENT)], [EventType.CAMERA_OFFLINE]),
        ([transition(Status.OK, Status.DEGRADED, Cause.SLOW)], [EventType.CAMERA_DEGRADED]),
        ([transition(Status.OK, Status.DEGRADED, Cause.FROZEN)], [EventType.CAMERA_PICTURE_FAULT]),
        ([transition(Status.OK, Status.DEGRADED, Cause.UNSTABLE)], [EventType.CAMERA_UNSTABLE]),
        # Another cause of what is known is none of its business.
        (
            [WENT_OFFLINE, transition(Status.OFFLINE, Status.OFFLINE, Cause.SILENT)],
            [EventType.CAMERA_OFFLINE],
        ),
        (
            [CLOCK, transition(Status.DEGRADED, Status.OK)],
            [EventType.CAMERA_CLOCK_FAULT, EventType.CAMERA_RESTORED],
        ),
        # What it was not told of is not told to be over.
        (
            [
                transition(Status.OK, Status.UNREACHABLE, Cause.NETWORK),
                transition(Status.UNREACHABLE, Status.OK),
            ],
            [],
        ),
        (
            [
                CLOCK,
                transition(Status.DEGRADED, Status.UNREACHABLE, Cause.NETWORK),
                transition(Status.UNREACHABLE, Status.DEGRADED, Cause.CLOCK),
            ],
            [EventType.CAMERA_CLOCK_FAULT],
        ),
    ],
)
async def test_what_the_case_system_hears(
    pool: asyncpg.Pool,
    add_camera: AddCamera,
    write: Write,
    changes: list[Transition],
    heard: list[EventType],
) -> None:
    camera = await add_camera(1)
    for minute, change in enumerate(changes):
        at = AT + timedelta(minutes=minute)
        await write(camera, msgspec.structs.replace(change, at=at))
    assert [event.type for event in await EventStore(pool).list()][::-1] == heard
    assert len(await StatusStore(pool).transitions(camera.camera_id)) == len(changes)


async def test_a_camera_that_was_called_offline_stays_so_while_it_does_not_answer(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write
) -> None:
    camera = await add_camera(1)
    await write(camera, WENT_OFFLINE)
    assert await write(camera, transition(Status.OK, Status.UNREACHABLE, Cause.SILENT))
    stored = await StatusStore(pool).get(camera.camera_id)
    assert stored is not None
    assert (stored.status, stored.cause) == (Status.OFFLINE, Cause.SILENT)
    newest = (await StatusStore(pool).transitions(camera.camera_id))[0]
    assert (newest.from_status, newest.to_status) == (Status.OFFLINE, Status.OFFLINE)


async def test_the_same_transition_twice_is_one(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write
) -> None:
    camera = await add_camera(1)
    assert await write(camera, WENT_OFFLINE)
    assert not await write(camera, WENT_OFFLINE)
    assert set((await rows_of(pool)).values()) == {1}


async def test_a_stale_lease_changes_nothing(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write, leases: Leases
) -> None:
    camera = await add_camera(1)
    lease = leases[camera.shard]
    with pytest.raises(StaleLeaseError):
        await write(camera, WENT_OFFLINE, lease=ShardLease(lease.shard, lease.epoch - 1))
    with pytest.raises(StaleLeaseError):
        await write(camera, WENT_OFFLINE, worker_id="worker-b")
    assert set((await rows_of(pool)).values()) == {0}


@pytest.mark.parametrize(
    "table", ["camera_status", "camera_transition", "event", "incident", "incident_step"]
)
async def test_all_or_nothing_is_stored(
    pool: asyncpg.Pool,
    add_camera: AddCamera,
    write: Write,
    table: str,
) -> None:
    camera = await add_camera(1)
    await pool.execute(
        f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse();
        """
    )
    with pytest.raises(asyncpg.DiskFullError):
        await write(camera, WENT_OFFLINE)
    assert set((await rows_of(pool)).values()) == {0}


async def test_a_takeover_waits_for_the_transaction_or_refuses_it(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write, leases: Leases
) -> None:
    """Whichever comes first: afterwards there is no row of an epoch that was over."""
    cameras = [await add_camera(number) for number in range(8)]
    await pool.execute("UPDATE shard_lease SET expires_at = now()")

    async def attempt(camera: Camera) -> bool:
        try:
            return await write(camera, WENT_OFFLINE)
        except StaleLeaseError:
            return False

    written, _ = await asyncio.gather(
        asyncio.gather(*(attempt(camera) for camera in cameras)),
        ShardLeases(pool, "worker-b", 600).renew(),
    )
    assert (await rows_of(pool))["camera_status"] == sum(written)


async def test_listeners_are_told(pool: asyncpg.Pool, add_camera: AddCamera, write: Write) -> None:
    camera = await add_camera(1)
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with pool.acquire() as connection:
        await connection.add_listener("sharpeyes", lambda *args: heard.put_nowait(str(args[3])))
        await write(camera, WENT_OFFLINE)
        async with asyncio.timeout(10):
            while await heard.get() != f'{{"status": {camera.camera_id}}}':
                pass
        await connection.reset()


async def test_summary_says_what_was_not_measured(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write
) -> None:
    await pool.execute(
        """
        INSERT INTO division (division_code, parent_code, level, name_zh, name_en, local) VALUES
            ('420102001', '420102', 'street', '街', 'Street', false),
            ('ZONE1', '420100', 'district', '区', 'Zone', true)
        """
    )
    well, down, below, social, local = [
        await add_camera(1),
        await add_camera(2, division_code="420102001"),
        await add_camera(3, division_code="420102001", tier=Tier.DISTRICT),
        await add_camera(4, tier=Tier.SOCIAL, poll_mode=PollMode.ON_REQUEST, host=None),
        await add_camera(5, tier=Tier.SOCIAL, division_code="ZONE1", poll_mode=PollMode.NONE),
    ]
    mended = await add_camera(6, tier=Tier.OTHER, life=Life.MAINTENANCE)
    await add_camera(7, tier=Tier.OTHER, poll_mode=PollMode.RECORDER, **RECORDER)
    gone = await add_camera(8, tier=Tier.OTHER, life=Life.REMOVED)
    await write(mended, WENT_OFFLINE)
    await write(gone, WENT_OFFLINE)
    await write(well, transition(Status.UNKNOWN, Status.OK))
    await write(down, transition(Status.UNKNOWN, Status.OFFLINE, Cause.NETWORK))
    await write(below, transition(Status.UNKNOWN, Status.DEGRADED, Cause.CLOCK))
    # Known from when it could be polled: now nothing can be said of it.
    await write(social, WENT_OFFLINE)

    summary = await StatusStore(pool).summary()

    assert summary.total == Counts(
        registered=7,
        measured=4,
        ok=1,
        degraded=1,
        offline=1,
        unknown=1,
        not_measured=3,
        maintenance=1,
    )
    assert summary.by_tier == {
        1: Counts(registered=2, measured=2, ok=1, offline=1),
        2: Counts(registered=1, measured=1, degraded=1),
        3: Counts(registered=2, not_measured=2),
        9: Counts(registered=2, measured=1, unknown=1, not_measured=1, maintenance=1),
    }
    assert summary.by_division == {
        "420102": Counts(
            registered=6,
            measured=4,
            ok=1,
            degraded=1,
            offline=1,
            unknown=1,
            not_measured=2,
            maintenance=1,
        ),
        local.division_code: Counts(registered=1, not_measured=1),
    }


async def test_an_empty_registry_has_an_empty_summary(pool: asyncpg.Pool) -> None:
    summary = await StatusStore(pool).summary()
    assert summary.total == Counts()
    assert summary.by_tier == {}


async def test_nothing_is_known_of_a_new_camera(pool: asyncpg.Pool, add_camera: AddCamera) -> None:
    camera = await add_camera(1)
    assert await StatusStore(pool).get(camera.camera_id) is None
