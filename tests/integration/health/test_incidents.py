"""Incidents of single cameras: what transitions make of them, and what people do."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.events.deadline_light import Light
from sharpeyes.events.event import EventType
from sharpeyes.events.store import EventStore
from sharpeyes.health import incident_store
from sharpeyes.health.common_incidents import join_common
from sharpeyes.health.errors import (
    IncidentChangedError,
    IncidentClosedError,
    UnknownIncidentError,
)
from sharpeyes.health.incident import Incident, IncidentKind, IncidentState
from sharpeyes.health.incident_store import IncidentFilter, IncidentStore
from sharpeyes.health.status import Cause, Check, Status, Transition
from sharpeyes.health.store import StatusStore
from sharpeyes.registry.camera import Camera

AddCamera = Callable[..., Awaitable[Camera]]
Write = Callable[..., Awaitable[bool]]
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
ANY = IncidentFilter(state="any")


class Story:
    """What happens to one camera, minute by minute."""

    def __init__(self, pool: asyncpg.Pool, camera: Camera, write: Write) -> None:
        self.camera = camera
        self.store = IncidentStore(pool)
        self.minute = 0
        self._write = write

    async def turns(
        self, status: Status, cause: Cause = Cause.NONE, check: Check | None = None
    ) -> bool:
        self.minute += 1
        at = AT + timedelta(minutes=self.minute)
        change = Transition(
            from_status=Status.UNKNOWN,
            to_status=status,
            check=check or (Check.REACH if cause else None),
            cause=cause,
            evidence=f"{cause} at {self.minute}" if cause else "",
            at=at,
            began_at=at - timedelta(seconds=20) if cause else None,
        )
        return await self._write(self.camera, change)

    async def proves(self) -> bool:
        self.minute += 1
        change = Transition(
            from_status=Status.OK,
            to_status=Status.OK,
            check=None,
            cause=Cause.NONE,
            evidence="3 good results",
            at=AT + timedelta(minutes=self.minute),
        )
        return await self._write(self.camera, change)

    async def incident(self) -> Incident:
        (incident,) = await self.store.page(ANY)
        return incident

    async def steps(self) -> list[str]:
        return [step.step for step in await self.store.steps((await self.incident()).incident_id)]


@pytest_asyncio.fixture
async def story(pool: asyncpg.Pool, add_camera: AddCamera, write: Write) -> Story:
    camera = await add_camera(1, maintenance_unit="运维一队")
    return Story(pool, camera, write)


async def test_a_fault_is_one_incident_until_it_has_proved_to_be_over(story: Story) -> None:
    await story.turns(Status.OFFLINE, Cause.NETWORK)
    opened = await story.incident()
    assert (opened.kind, opened.title, opened.cause) == (
        IncidentKind.CAMERA,
        story.camera.name,
        Cause.NETWORK,
    )
    assert opened.evidence == "network at 1"
    assert opened.began_at == AT + timedelta(seconds=40)
    assert opened.deadline_at == opened.opened_at + timedelta(days=1)
    assert (opened.assigned_unit, opened.division_code) == ("运维一队", "420102")

    await story.turns(Status.OFFLINE, Cause.SILENT)
    await story.turns(Status.OK)
    assert (await story.incident()).state is IncidentState.RECOVERING
    await story.turns(Status.DEGRADED, Cause.CLOCK, Check.CLOCK)
    await story.turns(Status.OK)
    assert await story.proves()
    closed = await story.incident()
    assert (closed.state, closed.closed_by, closed.close_reason) == (
        IncidentState.CLOSED,
        "",
        "3 good results",
    )
    assert closed.cause is Cause.CLOCK
    assert await story.steps() == [
        "opened", "cause", "recovering", "relapsed", "recovering", "closed",
    ]  # fmt: skip
    assert not await story.proves()


async def test_a_worker_that_takes_over_knows_what_is_to_be_proved(
    story: Story, pool: asyncpg.Pool
) -> None:
    await story.turns(Status.DEGRADED, Cause.FROZEN, Check.FREEZE)
    await story.turns(Status.OK)
    stored = await StatusStore(pool).get(story.camera.camera_id)
    assert stored is not None
    assert stored.to_state().proving is Check.FREEZE


async def test_a_fault_that_comes_back_soon_opens_its_old_incident(story: Story) -> None:
    await story.turns(Status.OFFLINE, Cause.NETWORK)
    await story.turns(Status.OK)
    await story.proves()
    first = await story.incident()
    story.minute += 59
    await story.turns(Status.OFFLINE, Cause.SILENT)
    again = await story.incident()
    assert (again.incident_id, again.times_opened) == (first.incident_id, 2)
    assert (again.state, again.closed_at) == (IncidentState.OPEN, None)
    assert again.deadline_at == again.opened_at + timedelta(days=1)
    assert (await story.steps())[-1] == "reopened"
    assert [camera.left_at for camera in await story.store.cameras(again.incident_id)] == [None]

    await story.turns(Status.OK)
    await story.proves()
    story.minute += 61
    await story.turns(Status.OFFLINE, Cause.NETWORK)
    assert len(await story.store.page(ANY)) == 2


async def test_what_does_not_answer_is_nobodys_work_yet(story: Story, pool: asyncpg.Pool) -> None:
    await story.turns(Status.UNREACHABLE, Cause.NETWORK)
    await story.turns(Status.OK)
    assert await story.store.page(ANY) == []
    assert await EventStore(pool).list() == []


async def test_a_camera_that_flaps_with_many_others_is_not_told_of(
    story: Story, pool: asyncpg.Pool
) -> None:
    incident_id = await pool.fetchval(
        "INSERT INTO incident (kind, group_key, title, cause, evidence, began_at, opened_at,"
        " division_path, deadline_at) VALUES ('network', 'metro-7', 'metro-7', 'network', 'x',"
        " $1, $1, '', $1) RETURNING incident_id",
        AT,
    )
    await pool.execute(
        "INSERT INTO incident_camera VALUES ($1, $2, $3)", incident_id, story.camera.camera_id, AT
    )
    await story.turns(Status.DEGRADED, Cause.UNSTABLE)
    await story.turns(Status.OK)
    assert len(await story.store.page(ANY)) == 1
    assert await EventStore(pool).list() == []
    await pool.execute("UPDATE incident SET state = 'closed', closed_at = $1", AT)
    story.minute += 90
    await story.turns(Status.DEGRADED, Cause.UNSTABLE)
    assert len(await story.store.page(ANY)) == 2
    assert [e.type for e in await EventStore(pool).list()] == [EventType.CAMERA_UNSTABLE]


async def test_people_assign_note_and_close(story: Story, pool: asyncpg.Pool) -> None:
    await story.turns(Status.OFFLINE, Cause.NETWORK)
    incident_id = (await story.incident()).incident_id
    now = AT + timedelta(hours=1)
    async with pool.acquire() as connection, connection.transaction():
        await incident_store.assign(
            connection, incident_id, unit="", role="engineer", actor="wang", now=now
        )
        await incident_store.note(connection, incident_id, "cable cut", actor="wang", now=now)
    noted = await story.incident()
    assert (noted.assigned_unit, noted.assigned_role) == ("", "engineer")
    assert (noted.worked_at, noted.revision) == (now, 3)
    async with pool.acquire() as connection:
        with pytest.raises(IncidentChangedError, match="is at revision 3: read it again"):
            await incident_store.close(
                connection, incident_id, "x", actor="li", now=now, revision=2
            )
        await incident_store.close(
            connection, incident_id, "wall is gone", actor="li", now=now, revision=3
        )
        with pytest.raises(IncidentClosedError):
            await incident_store.note(connection, incident_id, "x", actor="li", now=now)
        with pytest.raises(UnknownIncidentError):
            await incident_store.note(connection, incident_id + 1, "x", actor="li", now=now)
    closed = await story.incident()
    assert (closed.closed_by, closed.close_reason) == ("li", "wall is gone")
    history = await story.store.steps(incident_id)
    assert [(s.actor, s.step, s.words) for s in history[1:]] == [
        ("wang", "assigned", "engineer"),
        ("wang", "note", "cable cut"),
        ("li", "closed", "wall is gone"),
    ]
    # It is still offline, and comes back: of which the case system hears.
    await story.turns(Status.OK)
    assert (await EventStore(pool).list())[0].type is EventType.CAMERA_RESTORED


async def test_lists_are_filtered_and_paged(
    pool: asyncpg.Pool, add_camera: AddCamera, write: Write
) -> None:
    stories = [Story(pool, await add_camera(number), write) for number in range(1, 6)]
    for story in stories:
        await story.turns(Status.OFFLINE, Cause.NETWORK)
    await stories[0].turns(Status.OK)
    store = IncidentStore(pool)
    first = await store.page(ANY, limit=2)
    rest = await store.page(ANY, before=first[-1].incident_id)
    ids = [incident.incident_id for incident in (*first, *rest)]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    code = stories[2].camera.device_code
    for wanted, count in (
        (IncidentFilter(), 5),
        (IncidentFilter(state="open"), 4),
        (IncidentFilter(state="recovering"), 1),
        (IncidentFilter(state="closed"), 0),
        (IncidentFilter(kind=IncidentKind.DISTRICT), 0),
        (IncidentFilter(cause=Cause.NETWORK, light=Light.NONE), 5),
        (IncidentFilter(unit="运维一队"), 0),
        (IncidentFilter(unassigned=True), 5),
        (IncidentFilter(division_code="420100"), 5),
        (IncidentFilter(division_code="420103"), 0),
        (IncidentFilter(device_code=code), 1),
    ):
        assert len(await store.page(wanted)) == count, wanted


async def move(pool: asyncpg.Pool, code: str, name: str, *camera_ids: int) -> None:
    """File cameras in another division, under another name."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('sharpeyes.actor', 'test', true)")
        await connection.execute(
            "UPDATE camera SET division_code = $1, name = $2 WHERE camera_id = ANY ($3)",
            code,
            name,
            camera_ids,
        )


async def test_an_incident_goes_with_its_camera_until_it_is_closed(
    story: Story, pool: asyncpg.Pool
) -> None:
    async def moved_to(code: str, name: str) -> tuple[str | None, str, str]:
        await move(pool, code, name, story.camera.camera_id)
        incident = await story.incident()
        path: str = await pool.fetchval("SELECT division_path FROM incident")
        return incident.division_code, path, incident.title

    await story.turns(Status.OFFLINE, Cause.NETWORK)
    assert await moved_to("420103", "江汉路") == ("420103", "420100/420103/", "江汉路")
    await story.turns(Status.OK)
    await story.proves()
    assert (await moved_to("420106", "中山路"))[0] == "420103"
    await story.turns(Status.OFFLINE, Cause.NETWORK)
    assert (await story.incident()).division_code == "420106"


async def test_an_incident_of_many_is_where_all_of_its_cameras_are(
    add_camera: AddCamera, pool: asyncpg.Pool
) -> None:
    cameras = [await add_camera(number) for number in (1, 2)]
    incident_id = await pool.fetchval(
        "INSERT INTO incident (kind, group_key, title, cause, evidence, decided_by, began_at,"
        " opened_at, division_code, division_path, deadline_at) VALUES ('network', 'm', 'm',"
        " 'network', '', '', $1, $1, '420102', '420100/420102/', $1) RETURNING incident_id",
        AT,
    )
    async with pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO camera_status (camera_id, status, cause, since, epoch)"
            " SELECT camera_id, 'unreachable', 'network', $1, 0 FROM camera",
            AT,
        )
        ids = [camera.camera_id for camera in cameras]
        await join_common(connection, incident_id, ids, AT)
    where = "SELECT division_code FROM incident"
    assert await pool.fetchval(where) == "420102"
    await move(pool, "420103", "x", ids[0])
    assert await pool.fetchval(where) == "420100"
    await move(pool, "420103", "x", *ids)
    assert await pool.fetchval(where) == "420103"
