"""Credentials in the database: sealed, and opened by the right key for the right camera."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.errors import CameraInvalidError, CredentialKeyError
from sharpeyes.registry.store import CameraStore

Maker = Callable[..., CameraFile]
SECRET = Credentials("operator-7", "Kx9-öffnen-密码")


async def test_credentials_come_back(
    store: Any, credentials: CredentialStore, camera_file: Maker
) -> None:
    camera = await store.add(camera_file(1), SECRET)
    without = await store.add(camera_file(2))
    assert await credentials.get(camera.camera_id) == SECRET
    assert await credentials.get(without.camera_id) is None


async def test_nothing_in_the_database_can_be_read(
    pool: asyncpg.Pool, store: Any, camera_file: Maker
) -> None:
    await store.add(camera_file(1), SECRET)
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    dump = b""
    for (table,) in tables:
        for (row,) in await pool.fetch(f'SELECT t::text FROM "{table}" AS t'):
            dump += row.encode()
    [(ciphertext,)] = await pool.fetch("SELECT ciphertext FROM camera_credential")
    assert ciphertext.hex().encode() in dump
    for part in (SECRET.username, SECRET.password, "Kx9"):
        assert part.encode() not in dump
        assert part.encode() not in ciphertext
        assert part.encode().hex().encode() not in dump


async def test_a_wrong_key_says_so(pool: asyncpg.Pool, store: Any, camera_file: Maker) -> None:
    camera = await store.add(camera_file(1), SECRET)
    wrong = CredentialStore(pool, bytes(32))
    with pytest.raises(CredentialKeyError, match=f"camera {camera.camera_id} cannot be opened"):
        await wrong.get(camera.camera_id)


async def test_a_row_copied_to_another_camera_does_not_open(
    pool: asyncpg.Pool, store: Any, credentials: CredentialStore, camera_file: Maker
) -> None:
    await store.add(camera_file(1), SECRET)
    other = await store.add(camera_file(2))
    async with store.edit("test") as edit:
        await edit.connection.execute(
            "INSERT INTO camera_credential (camera_id, ciphertext, nonce, key_id)"
            " SELECT $1, ciphertext, nonce, key_id FROM camera_credential",
            other.camera_id,
        )
    with pytest.raises(CredentialKeyError):
        await credentials.get(other.camera_id)


async def test_new_credentials_replace_the_old_and_raise_the_revision(
    store: Any, credentials: CredentialStore, camera_file: Maker
) -> None:
    camera = await store.add(camera_file(1), SECRET)
    changed = await store.replace(camera_file(1), Credentials("operator-7", "new"))
    assert changed.revision == 2
    assert await credentials.get(camera.camera_id) == Credentials("operator-7", "new")
    await store.replace(camera_file(1, name="New"))
    assert await credentials.get(camera.camera_id) == Credentials("operator-7", "new")


async def test_bad_credentials_leave_nothing(store: Any, camera_file: Maker) -> None:
    with pytest.raises(CameraInvalidError) as caught:
        await store.add(camera_file(1), Credentials("a:b", "hidden\x00"))
    assert [problem.field for problem in caught.value.problems] == ["username", "password"]
    assert "hidden" not in str(caught.value)
    assert await store.all() == []


async def test_a_store_without_a_key_does_not_drop_credentials(
    pool: asyncpg.Pool, camera_file: Maker
) -> None:
    with pytest.raises(ValueError, match="no CredentialStore"):
        async with CameraStore(pool).edit("test") as edit:
            await edit.add(camera_file(1), SECRET)
    assert await pool.fetchval("SELECT count(*) FROM camera") == 0
