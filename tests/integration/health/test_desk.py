"""The desk on a real database: one outage is one incident, whoever holds the desk or dies."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from socket import create_server

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.events.deadline_light import Light
from sharpeyes.events.event import EventType
from sharpeyes.events.store import EventStore
from sharpeyes.health.desk import DeskContext, IncidentDesk
from sharpeyes.health.errors import StaleDeskError
from sharpeyes.health.incident import Incident, IncidentKind, IncidentState
from sharpeyes.health.incident_settings import CommonCauseSettings
from sharpeyes.health.incident_store import IncidentFilter, IncidentStore
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Cause, Status
from sharpeyes.registry.shards import ShardLease

BEGIN = datetime(2026, 11, 21, 8, tzinfo=UTC)
BEHIND, OTHERS = 3_000, 300

# As the importer would, but at once: 3,000 cameras behind one switch, in 12 networks.
REGISTER = """
INSERT INTO camera (device_code, name, tier, division_code, host, main_stream_path, network_name,
                    rtsp_port, poll_mode)
SELECT '42010200001320' || lpad(n::text, 6, '0'), '解放大道 ' || n, 1,
       CASE WHEN n <= $1 THEN '420102' ELSE '420103' END,
       '127.' || 100 + n / 62500 || '.' || n / 250 % 250 || '.' || n % 250 + 1, '/main',
       CASE WHEN n <= $1 THEN 'metro-7' ELSE 'metro-8' END, 9,
       'direct'
FROM generate_series(1, $2) AS n
"""
FAIL = """
INSERT INTO camera_status (camera_id, status, cause, evidence, decided_by, since, began_at, epoch)
SELECT camera_id, 'unreachable', 'network', host || ':554 cannot be reached', 'reach',
       $2::timestamptz + interval '20 s', $2::timestamptz, 1
FROM camera WHERE right(device_code, 6)::integer = ANY ($1::integer[])
ON CONFLICT (camera_id) DO UPDATE SET status = excluded.status, cause = excluded.cause,
    evidence = excluded.evidence, decided_by = excluded.decided_by, since = excluded.since,
    began_at = excluded.began_at
"""
RETURN = """
UPDATE camera_status SET status = 'ok', cause = '', evidence = '', decided_by = '', since = $2
WHERE camera_id IN (
    SELECT camera_id FROM camera WHERE right(device_code, 6)::integer = ANY ($1::integer[]))
"""


class Town:
    """The cameras, and a clock that goes when it is told to."""

    def __init__(self, pool: asyncpg.Pool, canary: str) -> None:
        self.pool = pool
        self.now = BEGIN
        self.hurried: list[int] = []
        self.settings = HealthSettings(common_cause=CommonCauseSettings(canaries=(canary,)))
        self.store = IncidentStore(pool)

    def desk(self, worker_id: str = "worker-a") -> IncidentDesk:
        def ask_soon(camera_ids: Collection[int]) -> None:
            self.hurried += camera_ids

        return IncidentDesk(
            DeskContext(
                pool=self.pool,
                worker_id=worker_id,
                settings=self.settings,
                ask_soon=ask_soon,
                now=lambda: self.now,
                monotonic_s=self.seconds,
                random=Random(3),
            )
        )

    def seconds(self) -> float:
        return self.now.timestamp()

    async def fail(self, *numbers: int) -> None:
        await self.pool.execute(FAIL, list(numbers), self.now)

    async def come_back(self, *numbers: int) -> None:
        await self.pool.execute(RETURN, list(numbers), self.now)

    async def come_back_all(self) -> None:
        """Let all be known to be well."""
        await self.pool.execute(
            "INSERT INTO camera_status (camera_id, status, since, epoch)"
            " SELECT camera_id, 'ok', $1, 1 FROM camera",
            self.now,
        )

    async def passes(self, desk: IncidentDesk, seconds: float) -> None:
        """Let time pass; look at the end of it."""
        self.now += timedelta(seconds=seconds)
        await desk.run_once()

    async def incidents(self, state: IncidentState | None = None) -> list[Incident]:
        found = await self.store.page(IncidentFilter(state="any"), limit=10_000)
        return [i for i in found if state is None or i.state is state][::-1]

    async def counts(self, column: str = "status") -> dict[str, int]:
        rows = await self.pool.fetch(
            f"SELECT {column}, count(*) AS n FROM camera_status GROUP BY 1"
        )
        return {row[column]: row["n"] for row in rows}

    async def heard(self) -> list[EventType]:
        events = await EventStore(self.pool).list(limit=1_000)
        return [event.type for event in events][::-1]


@contextmanager
def canary() -> Iterator[str]:
    with create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest_asyncio.fixture
async def town(pool: asyncpg.Pool, leases: dict[int, ShardLease]) -> AsyncIterator[Town]:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('sharpeyes.actor', 'test', true)")
        await connection.execute(REGISTER, 60, 60 + 40)
    with canary() as place:
        yield Town(pool, place)


async def test_3000_cameras_behind_one_switch_are_one_incident_and_5_afterwards(
    pool: asyncpg.Pool, leases: dict[int, ShardLease]
) -> None:
    """T10, at full size on a virtual clock."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('sharpeyes.actor', 'test', true)")
        await connection.execute(REGISTER, BEHIND, BEHIND + OTHERS)
    with canary() as place:
        town = Town(pool, place)
        desk = town.desk()
        desk.set_cameras([])
        # Asked once a minute: a third of them each 20 s.
        for minute in range(3):
            await town.fail(*range(1 + minute, BEHIND + 1, 3))
            await town.passes(desk, 20)
        assert (town.now - BEGIN).total_seconds() <= 90
        (incident,) = await town.incidents()
        assert (incident.kind, incident.group_key) == (IncidentKind.NETWORK, "metro-7")
        assert (incident.cameras, incident.division_code) == (BEHIND, "420102")
        assert "3000 of 3000 cameras of network metro-7 stopped answering" in incident.evidence
        assert "0 of 5 of them that were tried take a connection" in incident.evidence
        assert await town.counts() == {"unreachable": BEHIND}
        assert await town.heard() == [EventType.INCIDENT_OPENED]

        stays_down = range(1, 6)
        await town.passes(desk, 600)
        await town.come_back(*range(6, BEHIND + 1))
        await town.passes(desk, 2)
        assert (await town.incidents())[0].state is IncidentState.RECOVERING
        assert (await town.counts())["unreachable"] == 5
        await town.passes(desk, 2)
        await town.passes(desk, 90)
        common, *singles = await town.incidents()
        assert common.state is IncidentState.CLOSED
        assert common.close_reason == (
            "2995 of 3000 cameras are back; 5 stayed down and have incidents of their own"
        )
        assert len(singles) == len(stays_down)
        assert {i.kind for i in singles} == {IncidentKind.CAMERA}
        assert await town.counts() == {"ok": BEHIND - 5, "offline": 5}
        assert sorted(await town.heard()) == sorted(
            [
                EventType.INCIDENT_OPENED,
                *[EventType.CAMERA_OFFLINE] * 5,
                EventType.INCIDENT_CLOSED,
            ]
        )


async def test_a_camera_alone_is_told_of_once_it_has_been_waited_for(town: Town) -> None:
    desk = town.desk()
    await town.fail(7)
    await town.passes(desk, 59)
    assert await town.counts() == {"unreachable": 1}
    await town.passes(desk, 1)
    (incident,) = await town.incidents()
    assert (incident.kind, incident.cause) == (IncidentKind.CAMERA, Cause.NETWORK)
    assert incident.began_at == BEGIN
    assert await town.counts() == {"offline": 1}
    assert await town.heard() == [EventType.CAMERA_OFFLINE]
    await town.passes(desk, 60)
    assert await town.heard() == [EventType.CAMERA_OFFLINE]


async def test_a_few_slow_failures_of_a_network_whose_others_are_gone_are_one_incident(
    town: Town, pool: asyncpg.Pool
) -> None:
    """Each is given up after seconds, so most have not been asked yet when the first are sure."""
    desk = town.desk()
    await town.come_back_all()
    await town.fail(*range(1, 11))
    await town.passes(desk, 89)
    (incident,) = await town.incidents()
    # Of the 40 others in it nobody answers either.
    assert (incident.kind, incident.group_key) == (IncidentKind.SUBNET, "127.100.0.0/24")
    assert incident.cameras == 10
    assert "100% of some others do not answer any more either" in incident.evidence
    # Whoever fails later joins.
    await town.fail(*range(11, 61))
    await town.passes(desk, 30)
    assert (await town.incidents())[0].cameras == 60
    assert "offline" not in await town.counts()


async def test_a_few_failures_of_a_network_whose_others_answer_are_told_singly(
    town: Town, pool: asyncpg.Pool
) -> None:
    with create_server(("", 0)) as server:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT set_config('sharpeyes.actor', 'test', true)")
            await connection.execute("UPDATE camera SET rtsp_port = $1", server.getsockname()[1])
        desk = town.desk()
        await town.come_back_all()
        await town.fail(*range(1, 11))
        await town.passes(desk, 89)
        await town.passes(desk, 10)
    assert [i.kind for i in await town.incidents()] == [IncidentKind.CAMERA] * 10


async def test_workers_ask_their_own_cameras_when_a_group_is_back(town: Town) -> None:
    desk, other = town.desk(), town.desk("worker-b")
    rows = await town.pool.fetch(
        "SELECT camera_id FROM camera WHERE right(device_code, 6)::integer = ANY ('{50, 51, 7}')"
        " ORDER BY right(device_code, 6) DESC"
    )
    own = [row["camera_id"] for row in rows]
    other._own = frozenset(own)
    await town.fail(*range(1, 61))
    await town.passes(desk, 61)
    await town.come_back(*range(1, 40))
    await town.passes(desk, 2)
    await other.run_once()
    await other.run_once()
    assert sorted(town.hurried) == sorted(own[:2])


async def test_a_group_that_is_not_back_after_all_stays_one_incident(town: Town) -> None:
    desk = town.desk()
    await town.fail(*range(1, 61))
    await town.passes(desk, 61)
    await town.come_back(*range(1, 21))
    await town.passes(desk, 2)
    await town.fail(*range(1, 21))
    await town.passes(desk, 95)
    (incident,) = await town.incidents()
    assert incident.state is IncidentState.OPEN
    steps = [step.step for step in await town.store.steps(incident.incident_id)]
    assert steps == ["opened", "recovering", "relapsed"]
    await town.passes(desk, 2)
    assert len(await town.incidents()) == 1
    assert await town.counts() == {"unreachable": 60}


async def test_a_link_that_flaps_opens_its_incident_again(town: Town) -> None:
    desk = town.desk()
    for _ in range(3):
        await town.fail(*range(1, 61))
        await town.passes(desk, 61)
        await town.come_back(*range(1, 61))
        await town.passes(desk, 2)
        await town.passes(desk, 2)
    (incident,) = await town.incidents()
    assert (incident.state, incident.times_opened) == (IncidentState.CLOSED, 3)
    assert await town.heard() == [EventType.INCIDENT_OPENED, EventType.INCIDENT_CLOSED] * 3


async def test_who_takes_the_desk_over_goes_on_and_the_old_one_changes_nothing(town: Town) -> None:
    first, second = town.desk(), town.desk("worker-b")
    await town.fail(*range(1, 61))
    await town.passes(first, 1)
    await second.run_once()
    assert await town.pool.fetchval("SELECT worker_id FROM incident_desk") == "worker-a"
    # It was killed, or hangs; its lease ran out, and then it wakes up in the middle of its work.
    await town.pool.execute("UPDATE incident_desk SET expires_at = now() - interval '1 s'")
    await town.passes(second, 60)
    assert len(await town.incidents()) == 1
    epoch = await town.pool.fetchval("SELECT epoch FROM incident_desk")
    with pytest.raises(StaleDeskError):
        async with first._writing(epoch - 1):
            pytest.fail("it may not write")
    await town.passes(first, 1)
    assert len(await town.incidents()) == 1


async def test_two_that_take_the_desk_at_once_are_one(town: Town) -> None:
    desks = [town.desk(f"worker-{n}") for n in range(6)]
    await town.fail(*range(1, 61))
    town.now += timedelta(seconds=61)
    await asyncio.gather(*(desk.run_once() for desk in desks))
    assert len(await town.incidents()) == 1
    assert await town.pool.fetchval("SELECT epoch FROM incident_desk") == 1


async def test_cameras_in_maintenance_are_neither_counted_nor_told_of(town: Town) -> None:
    desk = town.desk()
    await town.fail(*range(1, 61))
    async with town.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('sharpeyes.actor', 'test', true)")
        await connection.execute(
            "UPDATE camera SET life = 'maintenance' WHERE right(device_code, 6)::integer <= 55"
        )
    await town.passes(desk, 61)
    incidents = await town.incidents()
    assert [i.kind for i in incidents] == [IncidentKind.CAMERA] * 5
    assert (await town.counts())["unreachable"] == 55


async def test_lights_and_reminders_are_raised_once_each(town: Town) -> None:
    desk = town.desk()
    await town.fail(7)
    await town.passes(desk, 60)
    (incident,) = await town.incidents()
    hours = timedelta(hours=1).total_seconds()
    for passed, light, steps in (
        (11.9, Light.NONE, []),
        (0.2, Light.BLUE, ["light"]),
        (6, Light.BLUE, []),
        (1.2, Light.YELLOW, ["light"]),
        (5, Light.RED, ["light", "reminder"]),
        (23, Light.RED, []),
        (2, Light.RED, ["reminder"]),
    ):
        before = len(await town.store.steps(incident.incident_id))
        await town.passes(desk, passed * hours)
        await town.passes(desk, 11)
        (incident,) = await town.incidents()
        told = (await town.store.steps(incident.incident_id))[before:]
        assert (incident.light, [step.step for step in told]) == (light, steps), passed


async def test_all_or_nothing_is_stored(town: Town) -> None:
    """Whatever write fails, the next look finds it as it was, and does it."""
    desk = town.desk()
    await town.fail(*range(1, 61), 77)
    tables = ("incident", "incident_camera", "incident_step", "event", "camera_transition")
    for table in tables:
        await town.pool.execute(
            f"""
            CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse();
            """
        )
        with pytest.raises(asyncpg.DiskFullError):
            await town.passes(desk, 100)
        await town.pool.execute(f"DROP TRIGGER refuse ON {table}")
        if table != "camera_transition":
            assert await town.incidents() == []
    await town.passes(desk, 1)
    assert sorted(i.kind for i in await town.incidents()) == ["camera", "network"]
    assert len(await town.heard()) == 2
    assert (await town.counts())[Status.UNREACHABLE] == 60
