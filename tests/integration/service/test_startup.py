"""What every process does before its work, with a server that somebody else runs."""

from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from sharpeyes.service.errors import DurabilityError
from sharpeyes.service.settings import Settings
from sharpeyes.service.startup import prepared_database


async def test_a_named_server_is_used_and_our_own_is_not_started(
    empty_database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=SecretStr(empty_database_url))

    async with prepared_database(settings) as url:
        assert url == empty_database_url
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM camera") == 0
        await connection.close()

    assert not settings.data_dir.exists()


async def test_a_server_that_may_forget_is_not_used(
    empty_database_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(empty_database_url))
    name = urlsplit(empty_database_url).path.lstrip("/")
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()

    with pytest.raises(DurabilityError, match="synchronous_commit is off"):
        async with prepared_database(settings):
            pytest.fail("it was used")
