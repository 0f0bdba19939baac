"""Scope and audit, as the database role that serves (T15)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.registry.camera import Camera
from sharpeyes.service.audit import Head, audit, read_head, verify
from sharpeyes.service.serving_pool import (
    WHOLE_CITY,
    ServingPool,
    keeping_plans,
    open_serving_pool,
    reaching,
)

JIANGAN = "420100/420102/"
NOW = datetime(2026, 11, 21, 20, 31, tzinfo=UTC)

AddCamera = Callable[..., Awaitable[Camera]]


@pytest_asyncio.fixture
async def serving(database_url: str) -> AsyncIterator[ServingPool]:
    pool = await open_serving_pool(database_url, min_size=1, max_size=4)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def two_districts(pool: asyncpg.Pool, add_camera: AddCamera) -> tuple[Camera, Camera]:
    """A camera with all that hangs on one, in Jiang'an and in Jianghan."""
    cameras = (
        await add_camera(1),
        await add_camera(2, device_code="42010300001320000002", division_code="420103"),
    )
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('sharpeyes.actor', 'test', true)")
        for camera in cameras:
            for sql in (
                (
                    "INSERT INTO camera_status (camera_id, status, since, epoch)"
                    " VALUES ($1, 'ok', now(), 0)"
                ),
                (
                    "INSERT INTO camera_transition (camera_id, from_status, to_status, at)"
                    " VALUES ($1, 'unknown', 'ok', now())"
                ),
                "INSERT INTO camera_latency VALUES ($1, '{1}', '{1}', '{1}', '{1}')",
                ("INSERT INTO camera_clock VALUES ($1, now(), 0, 0, true, '', NULL, '{1}', '{1}')"),
                "INSERT INTO camera_recording VALUES ($1, now(), 'failed')",
                "INSERT INTO camera_listening VALUES ($1, true)",
                "INSERT INTO camera_picture VALUES ($1, 'last', now(), '')",
                "INSERT INTO zone (camera_id, name, kind, polygon) VALUES ($1, 'z', 'watch', '[]')",
                (
                    "INSERT INTO camera_credential (camera_id, ciphertext, nonce, key_id)"
                    " VALUES ($1, 'x', '123456789012', 'k')"
                ),
                (
                    "INSERT INTO evidence"
                    " (evidence_id, camera_id, taken_at, jpeg, sha256, width_px, height_px)"
                    " VALUES ('p' || $1::bigint, $1, now(), 'x', repeat('0', 64), 1, 1)"
                ),
                (
                    "INSERT INTO event (event_id, type, camera_id, device_code, sequence, severity,"
                    " occurred_at, dedup_key, data) SELECT 'e' || camera_id, 't', camera_id,"
                    " device_code, 1, 'info', now(), 'd' || camera_id, '{}' FROM camera"
                    " WHERE camera_id = $1"
                ),
                "INSERT INTO event_sequence (camera_id, last_sequence) VALUES ($1, 1)",
                (
                    "INSERT INTO legal_hold (camera_id, event_id, reason, placed_by, expires_at)"
                    " VALUES ($1, 'e', 'a case', 'test', now())"
                ),
                (
                    "INSERT INTO event_key (dedup_key, event_id, camera_id)"
                    " SELECT dedup_key, event_id, camera_id FROM event WHERE camera_id = $1"
                ),
                (
                    "INSERT INTO event_case (event_id, camera_id, type, dispatched_at)"
                    " SELECT event_id, camera_id, type, now() FROM event WHERE camera_id = $1"
                ),
                (
                    "INSERT INTO event_case_step (event_id, at, step)"
                    " SELECT event_id, now(), 'acknowledged' FROM event_case WHERE camera_id = $1"
                ),
                (
                    "INSERT INTO incident (kind, group_key, title, cause, evidence, began_at,"
                    " opened_at, division_code, division_path, deadline_at)"
                    " SELECT 'camera', camera_id::text, name, 'network', 'x', now(), now(),"
                    " division_code, division_path, now() FROM camera WHERE camera_id = $1"
                ),
                (
                    "INSERT INTO incident_camera (incident_id, camera_id, joined_at)"
                    " SELECT incident_id, $1, now() FROM incident"
                    " WHERE group_key = $1::bigint::text"
                ),
                (
                    "INSERT INTO incident_step (incident_id, at, step)"
                    " SELECT incident_id, now(), 'opened' FROM incident"
                    " WHERE group_key = $1::bigint::text"
                ),
            ):
                await connection.execute(sql, camera.camera_id)
        await connection.execute(
            "INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id)"
            " VALUES ('case', 'https://case/', 'x', '123456789012', 'k')"
        )
        await connection.execute(
            "INSERT INTO delivery (event_id, endpoint_id, camera_id, sequence)"
            " SELECT event_id, endpoint_id, camera_id, sequence FROM event, endpoint"
        )
        await connection.execute(
            "INSERT INTO delivery_lane (endpoint_id, camera_id)"
            " SELECT endpoint_id, camera_id FROM delivery"
        )
        await connection.execute(
            "INSERT INTO delivery_attempt (delivery_id, attempt, started_at, latency_ms)"
            " SELECT delivery_id, 1, now(), 1 FROM delivery"
        )
    return cameras


OF_A_CAMERA = (
    "camera",
    "camera_status",
    "camera_transition",
    "camera_latency",
    "camera_clock",
    "camera_recording",
    "camera_listening",
    "camera_picture",
    "camera_change",
    "camera_credential",
    "zone",
    "event",
    "event_key",
    "event_case",
    "event_case_step",
    "event_sequence",
    "legal_hold",
    "evidence",
    "delivery",
    "delivery_lane",
    "delivery_attempt",
    "incident_camera",
    "incident",
    "incident_step",
)
CLOSED = {"detector_state", "credential_candidate"}
"""Of a camera as well, and no business of the API's."""


@pytest.mark.parametrize("table", OF_A_CAMERA)
async def test_each_sees_what_is_within_its_reach(
    serving: ServingPool, pool: asyncpg.Pool, two_districts: tuple[Camera, Camera], table: str
) -> None:
    count = f"SELECT count(*) FROM {table}"
    everything = await pool.fetchval(count)
    assert everything >= 2
    assert await serving.fetchval(count) == 0
    with reaching(JIANGAN):
        assert await serving.fetchval(count) == everything // 2
    with reaching(WHOLE_CITY):
        assert await serving.fetchval(count) == everything
    # Nor does anything of a transaction stay with its connection.
    assert await serving.fetchval(count) == 0


async def test_every_table_of_cameras_is_guarded(pool: asyncpg.Pool) -> None:
    tables = await pool.fetch(
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,
               has_any_column_privilege('sharpeyes_serving', c.oid,
                   'SELECT, INSERT, UPDATE, REFERENCES') AS opened,
               has_table_privilege('sharpeyes_serving', c.oid, 'DELETE, TRUNCATE') AS deletes,
               c.relowner = 'sharpeyes_serving'::regrole AS owned
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        """
    )
    assert not [t["relname"] for t in tables if t["owned"]]
    unguarded = {t["relname"] for t in tables if (t["opened"] or t["deletes"]) and not t["forced"]}
    assert unguarded == set()
    with_camera = {
        row["relname"]
        for row in await pool.fetch(
            "SELECT DISTINCT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE a.attname = 'camera_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relnamespace = 'public'::regnamespace"
        )
    }
    assert with_camera <= set(OF_A_CAMERA) | CLOSED
    opened = {t["relname"] for t in tables if t["opened"]}
    assert not opened & CLOSED


async def test_the_roles_cannot_bypass(pool: asyncpg.Pool, serving: ServingPool) -> None:
    roles = await pool.fetch(
        "SELECT rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole AS strong FROM pg_roles"
        " WHERE rolname IN ('sharpeyes_serving', 'sharpeyes_whole')"
    )
    assert [role["strong"] for role in roles] == [False, False]
    assert not await pool.fetchval(
        "SELECT pg_has_role('sharpeyes_serving', 'sharpeyes_whole', 'USAGE')"
    )
    async with serving.acquire() as connection:
        for reset in ("RESET ROLE", "RESET ALL", "RESET SESSION AUTHORIZATION"):
            await connection.execute(reset)
            assert await connection.fetchval("SELECT current_user") == "sharpeyes_serving"


async def test_another_district_cannot_be_written(
    serving: ServingPool, two_districts: tuple[Camera, Camera]
) -> None:
    ours, theirs = two_districts
    signed = "SELECT set_config('sharpeyes.actor', 'test', true)"
    with reaching(JIANGAN):
        async with serving.acquire() as connection:
            await connection.execute(signed)
            rename = "UPDATE camera SET name = 'x' WHERE camera_id = $1"
            assert await connection.execute(rename, ours.camera_id) == "UPDATE 1"
            assert await connection.execute(rename, theirs.camera_id) == "UPDATE 0"
            remove = "DELETE FROM camera WHERE camera_id = $1"
            assert await connection.execute(remove, theirs.camera_id) == "DELETE 0"
        for sql, argument in (
            ("UPDATE camera SET division_code = '420103' WHERE camera_id = $1", ours.camera_id),
            (
                (
                    "INSERT INTO camera (device_code, name, tier, division_code, poll_mode)"
                    " SELECT '42010300001320000009', 'x', 1, '420103', 'none' WHERE $1 > 0"
                ),
                1,
            ),
            (
                "INSERT INTO zone (camera_id, name, kind, polygon) VALUES ($1, 'y', 'watch', '[]')",
                theirs.camera_id,
            ),
            (
                (
                    "INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id)"
                    " SELECT 'mine', 'u', 'x', '123456789012', 'k' WHERE $1 > 0"
                ),
                1,
            ),
        ):
            async with serving.acquire() as connection:
                await connection.execute(signed)
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                    await connection.execute(sql, argument)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET entry = '{}'",
        "UPDATE audit SET sequence = 1",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit (entry, sequence) VALUES ('{}', 1)",
        "UPDATE audit_head SET sequence = 0",
        "ALTER TABLE audit DISABLE TRIGGER audit_chain",
        "ALTER TABLE camera DISABLE ROW LEVEL SECURITY",
        "DROP POLICY scope ON camera",
        "DELETE FROM camera_credential",
        "SELECT add_to_counts('{}')",
        "SELECT count_statuses('{}', '{}', '{}')",
        (
            "INSERT INTO token (token_id, name, sha256, scopes, expires_at)"
            " VALUES ('t', 't', sha256('t'), '{audit:read}', now())"
        ),
    ],
)
async def test_who_serves_cannot_change_what_was_written_down(
    serving: ServingPool, sql: str
) -> None:
    with reaching(WHOLE_CITY):
        async with serving.acquire() as connection:
            await audit(connection, "somebody", "test", "thing")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await serving.execute(sql)


async def test_a_long_transaction_that_writes_an_entry_keeps_nobody_waiting(
    serving: ServingPool, pool: asyncpg.Pool
) -> None:
    async with serving.acquire() as slow:
        await audit(slow, "slow", "test", "thing")
        async with serving.acquire() as quick:
            await audit(quick, "quick", "test", "thing")
        written = await pool.fetch("SELECT actor FROM audit ORDER BY sequence")
        assert [row["actor"] for row in written] == ["quick"]
    written = await pool.fetch("SELECT actor FROM audit ORDER BY sequence")
    assert [row["actor"] for row in written] == ["quick", "slow"]
    assert await faults(pool, ()) == ()


async def faults(pool: asyncpg.Pool, heads: list[Head] | tuple[()]) -> tuple[str, ...]:
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        verdict = await verify(connection, heads, NOW)
    head = await read_head(pool, NOW)
    assert verdict.head == head
    assert verdict.entries == (head.sequence if head else 0)
    return verdict.faults


ENTRIES = 10_000


@pytest_asyncio.fixture
async def long_audit(serving: ServingPool, pool: asyncpg.Pool) -> Head:
    """An audit of 10,000 entries, written as the API writes them, and its head as exported."""
    entries = [
        (
            json.dumps(
                {
                    "action": "picture.view",
                    "actor": "li",
                    "detail": {"n": n},
                    "object": f"e{n}",
                    "outcome": "done",
                },
                separators=(",", ":"),
            ),
        )
        for n in range(ENTRIES)
    ]
    for start in range(0, ENTRIES, 250):
        async with serving.acquire() as connection:
            await connection.executemany(
                "INSERT INTO audit (entry) VALUES ($1)", entries[start : start + 250]
            )
    head = await read_head(pool, NOW)
    assert head is not None
    assert head.sequence == ENTRIES
    return head


async def test_edits_deletions_reordering_and_cuts_are_noticed(
    pool: asyncpg.Pool, long_audit: Head
) -> None:
    assert await faults(pool, [long_audit]) == ()
    tampering = {
        "edit": "UPDATE audit SET entry = replace(entry, 'li', 'wu') WHERE sequence = 4711",
        "delete": "DELETE FROM audit WHERE sequence = 4711",
        "reorder": """
            UPDATE audit SET sequence = -sequence WHERE sequence IN (4711, 4712);
            UPDATE audit SET sequence = CASE sequence WHEN -4711 THEN 4712 ELSE 4711 END
            WHERE sequence < 0
        """,
        "cut": "DELETE FROM audit WHERE sequence > 9000",
        # Whoever knows of it mends the head in the database too; not the one that was exported.
        "cut, head mended": """
            DELETE FROM audit WHERE sequence > 9000;
            UPDATE audit_head SET (sequence, hash) = (SELECT sequence, hash FROM audit
                                                      WHERE sequence = 9000)
        """,
        "late": "UPDATE audit SET at = at + interval '1 second' WHERE sequence = 4711",
        "hash taken away": "UPDATE audit SET hash = NULL WHERE sequence = 10000",
        "entry that is none": """
            ALTER TABLE audit ALTER actor DROP NOT NULL, ALTER action DROP NOT NULL,
                ALTER object DROP NOT NULL, ALTER outcome DROP NOT NULL, ALTER detail DROP NOT NULL;
            UPDATE audit SET entry = '[]' WHERE sequence = 4711
        """,
        "outside": "INSERT INTO audit (entry) SELECT entry FROM audit WHERE sequence = 1",
    }
    for name, sql in tampering.items():
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            if name == "outside":
                await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_chain")
            await connection.execute(sql)
            found = await verify(connection, [long_audit], NOW)
            await transaction.rollback()
        assert found.fault_count, name
    assert await faults(pool, [long_audit]) == ()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM camera WHERE tokens @> '{1,2}'",
        (
            "SELECT * FROM camera c LEFT JOIN camera_status USING (camera_id)"
            " WHERE device_code = '42010200001320000001'"
        ),
        "SELECT * FROM camera ORDER BY division_path, device_code LIMIT 100",
    ],
)
async def test_the_whole_city_is_searched_as_if_there_were_no_policies(
    serving: ServingPool, pool: asyncpg.Pool, query: str
) -> None:
    """An index whose operator is not leakproof is no use beneath a policy that is computed."""
    plans = []
    with reaching(WHOLE_CITY):
        for connections in (pool, serving):
            async with connections.acquire() as connection, connection.transaction():
                # There are no rows, of which an index would be no use either.
                await connection.execute("SET LOCAL enable_seqscan = off")
                rows = await connection.fetch(f"EXPLAIN (COSTS OFF) {query}")
                plans.append([row[0] for row in rows])
    assert plans[0] == plans[1]
    assert any("Index Scan" in line for line in plans[0])


async def test_a_districts_list_is_a_range_of_an_index(serving: ServingPool) -> None:
    with reaching(JIANGAN):
        async with serving.acquire() as connection:
            await connection.execute("SET LOCAL enable_seqscan = off")
            rows = await connection.fetch(
                "EXPLAIN (COSTS OFF) SELECT * FROM camera"
                " ORDER BY division_path, device_code LIMIT 100"
            )
    plan = " ".join(row[0] for row in rows)
    assert "Index Scan using camera_order" in plan
    assert "Index Cond: ((division_path >= " in plan
    assert "Sort" not in plan


async def test_plans_are_kept_where_it_is_said_and_no_longer(serving: ServingPool) -> None:
    asked = "SELECT current_setting('plan_cache_mode'), current_user"
    with reaching(WHOLE_CITY):
        with keeping_plans():
            assert tuple(await serving.fetchrow(asked)) == ("force_generic_plan", "sharpeyes_whole")
        assert tuple(await serving.fetchrow(asked)) == ("force_custom_plan", "sharpeyes_whole")
    # One statement for nobody has no transaction around it, and nothing of the one before.
    assert tuple(await serving.fetchrow(asked)) == ("force_custom_plan", "sharpeyes_serving")
