"""The pool, the migrations, and the refusal of forgetful servers."""

import asyncio
import datetime as dt
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest

from sharpeyes.service.database import check_durability, open_pool
from sharpeyes.service.errors import DatabaseError, DurabilityError, MigrationError
from sharpeyes.service.migrate import MIGRATIONS, migrate, unfitness


class _Zone(msgspec.Struct, frozen=True):
    name: str
    polygon: list[tuple[float, float]]


async def test_json_takes_records_and_returns_plain_values(pool: asyncpg.Pool) -> None:
    zone = _Zone("车道", [(0.0, 0.5)])

    kept = await pool.fetchrow("SELECT $1::jsonb AS b, $1::json AS t, NULL::jsonb AS n", zone)

    plain = {"name": "车道", "polygon": [[0.0, 0.5]]}
    assert kept is not None
    assert dict(kept) == {"b": plain, "t": plain, "n": None}


async def test_connections_speak_utc_and_say_who_they_are(pool: asyncpg.Pool) -> None:
    assert await pool.fetchval("SHOW timezone") == "UTC"
    assert await pool.fetchval("SHOW application_name") == "sharpeyes"
    moment = await pool.fetchval("SELECT '2026-11-21 20:00+08'::timestamptz")
    assert moment == dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


async def test_a_statement_that_never_ends_is_given_up(database_url: str) -> None:
    async with await open_pool(
        database_url, min_size=1, max_size=1, command_timeout_s=0.1
    ) as hasty:
        with pytest.raises(TimeoutError):
            await hasty.execute("SELECT pg_sleep(60)")
        assert await hasty.fetchval("SELECT 1") == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"netloc": "someone:hunter2secret@127.0.0.1:1"}, "Connect call failed"),
        ({"path": "/nosuchdatabase"}, 'database "nosuchdatabase" does not exist'),
        ({"password": "hunter2secret"}, "password authentication failed"),
    ],
)
async def test_an_unusable_server_is_named_without_its_password(
    database_url: str, change: dict[str, str], reason: str
) -> None:
    parts = urlsplit(database_url)
    password = change.pop("password", None)
    if password is not None:
        change["netloc"] = f"{parts.username}:{password}@{parts.hostname}:{parts.port}"

    with pytest.raises(DatabaseError, match=reason) as refused:
        await open_pool(parts._replace(**change).geturl(), min_size=1, max_size=1)

    assert "hunter2secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_two_programs_migrate_at_once(empty_database_url: str, tmp_path: Path) -> None:
    # An index that is built concurrently waits for every open snapshot, also of a waiting starter.
    steps = _steps(
        tmp_path,
        {
            "0001-first": "CREATE TABLE a (n int); SELECT pg_sleep(0.5);",
            "0002-second": "CREATE INDEX CONCURRENTLY a_n ON a (n);",
        },
    )
    program = (
        "import asyncio, pathlib, sys; from sharpeyes.service.migrate import migrate;"
        "print(*asyncio.run(migrate(sys.argv[1], migrations=pathlib.Path(sys.argv[2]))))"
    )
    starters = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, empty_database_url, str(steps)),
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    said = [(await starter.communicate())[0].decode() for starter in starters]

    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert sum("0001-first 0002-second" in line for line in said) == 1
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indrelid = 'a'::regclass"
    )
    await connection.close()


async def test_a_second_migration_does_nothing(database_url: str) -> None:
    assert await migrate(database_url) == ()


async def test_steps_that_are_applied_are_not_read_again(
    empty_database_url: str, tmp_path: Path
) -> None:
    steps = _steps(tmp_path, {"0001-first": "CREATE TABLE a ();"})
    await migrate(empty_database_url, migrations=steps)
    (steps / "0001-first.sql").write_text("no step at all")

    assert await migrate(empty_database_url, migrations=steps) == ()


async def test_every_step_can_be_applied_to_an_empty_database(empty_database_url: str) -> None:
    steps = {path.stem for path in MIGRATIONS.glob("*.sql")}

    assert steps
    assert set(await migrate(empty_database_url)) == steps


async def test_a_failed_step_leaves_nothing_behind(empty_database_url: str, tmp_path: Path) -> None:
    steps = _steps(
        tmp_path, {"0001-good": "CREATE TABLE a ();", "0002-bad": "CREATE TABLE b (); SELEC 1;"}
    )

    with pytest.raises(MigrationError, match=r"0002-bad.*syntax error"):
        await migrate(empty_database_url, migrations=steps)

    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("SELECT to_regclass('a') IS NOT NULL")
    assert await connection.fetchval("SELECT to_regclass('b') IS NULL")
    await connection.close()


async def test_an_older_program_refuses_a_newer_database(
    empty_database_url: str, tmp_path: Path
) -> None:
    steps = _steps(tmp_path, {"0001-old": "CREATE TABLE a ();", "0002-new": "CREATE TABLE b ();"})
    await migrate(empty_database_url, migrations=steps)
    (steps / "0002-new.sql").unlink()

    with pytest.raises(MigrationError, match=r"newer than this program.*0002-new"):
        await migrate(empty_database_url, migrations=steps)


async def test_a_database_that_cannot_hold_chinese_is_refused(empty_database_url: str) -> None:
    name = f"{urlsplit(empty_database_url).path.lstrip('/')}_ascii"
    admin = await asyncpg.connect(empty_database_url)
    await admin.execute(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' "
        f"LOCALE_PROVIDER libc"
    )
    try:
        with pytest.raises(MigrationError, match="encoded in SQL_ASCII"):
            await migrate(urlsplit(empty_database_url)._replace(path=f"/{name}").geturl())
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


def test_an_old_server_is_refused() -> None:
    assert unfitness(15, "UTF8") == "PostgreSQL 15 is too old: 16 or newer is needed"
    assert unfitness(16, "UTF8") is None


async def test_waiting_for_another_migration_ends(empty_database_url: str, tmp_path: Path) -> None:
    steps = _steps(tmp_path, {"0001-slow": "SELECT pg_sleep(60);"})
    slow = asyncio.create_task(migrate(empty_database_url, migrations=steps))
    watch = await asyncpg.connect(empty_database_url)
    async with asyncio.timeout(10):
        while not await watch.fetchval(  # noqa: ASYNC110  # another process's state: polled
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        ):
            await asyncio.sleep(0.02)

    with pytest.raises(MigrationError, match=r"another process.*0\.3 s"):
        await migrate(empty_database_url, deadline_s=0.3)

    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    await watch.close()


async def test_a_durable_server_is_accepted(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await check_durability(connection)
        # Flushed on this machine: what standbys must do is the operator's choice.
        for level in ("local", "remote_write", "remote_apply"):
            await connection.execute(f"SET synchronous_commit = {level}")
            await check_durability(connection)


async def test_a_database_that_acknowledges_too_early_is_refused(database_url: str) -> None:
    database = urlsplit(database_url).path.lstrip("/")
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
    await connection.close()

    connection = await asyncpg.connect(database_url)
    with pytest.raises(DurabilityError, match=r"synchronous_commit is off.*database"):
        await check_durability(connection)
    await connection.close()


def _steps(folder: Path, statements: dict[str, str]) -> Path:
    before = ""
    for name, sql in statements.items():
        alone = "-- transaction: false\n" if "CONCURRENTLY" in sql else ""
        (folder / f"{name}.sql").write_text(
            f"-- A step\n-- depends: {before}\n{alone}\n"
            f"-- migrate: apply\n{sql}\n\n-- migrate: rollback\n",
            "utf-8",
        )
        before = name
    return folder
