"""Rows into the database: a batch is copied beside the cameras and merged in a few statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera
from sharpeyes.registry.credentials import Connection, CredentialStore
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.tokens import camera_tokens

_FILE = CameraFile.__struct_fields__
_LIFE = ("life", "life_reason", "life_until")
_MERGED = (*_FILE, *_LIFE)
_DERIVED = ("division_path", "tokens")
"""What triggers would fill in, at many times the cost."""
_STAGED = (*_MERGED, *_DERIVED, "stored_revision", "digest")
# Others may hold one of the rows, or all of the machine.
_BATCH_S = 600.0
_FILED = FiledCamera.__struct_fields__


def _of(table: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


# All are made of our own field names.
_LOOK_UP = """
    SELECT device_code, camera.revision,
        COALESCE(camera.revision = seen.revision AND seen.digest = handed_in.digest, false) AS same
    FROM unnest($1::text[], $2::bytea[]) AS handed_in (device_code, digest)
    JOIN camera USING (device_code) LEFT JOIN camera_seen AS seen USING (device_code)
"""
_STORED = f"SELECT {', '.join(_FILED)} FROM camera WHERE device_code = ANY($1::text[])"  # noqa: S608
_STAGE = f"""
    CREATE TEMP TABLE import_row AS
    SELECT {", ".join((*_MERGED, *_DERIVED))},
        revision AS stored_revision, ''::bytea AS digest
    FROM camera WITH NO DATA
"""  # noqa: S608
# In the order of the codes, as everybody who locks several cameras does.
_LOCK = """
    SELECT count(*) FILTER (WHERE locked.revision <> import_row.stored_revision)
    FROM import_row JOIN (
        SELECT camera.device_code, camera.revision FROM camera
        WHERE camera.device_code = ANY($1::text[]) ORDER BY camera.device_code FOR UPDATE
    ) AS locked USING (device_code)
"""
_INSERT = f"""
    INSERT INTO camera ({", ".join((*_MERGED, *_DERIVED))})
    SELECT {", ".join((*_MERGED, *_DERIVED))} FROM import_row
    WHERE stored_revision = 0 ORDER BY device_code
    ON CONFLICT (device_code) DO NOTHING
"""  # noqa: S608
_HIDDEN = """
    SELECT device_code FROM import_row WHERE NOT EXISTS (
        SELECT FROM camera WHERE camera.device_code = import_row.device_code
    )
"""
_UPDATE = f"""
    UPDATE camera
    SET ({", ".join(_MERGED)}) = ROW ({_of("import_row", _MERGED)}),
        division_path = import_row.division_path, tokens = import_row.tokens,
        revision = camera.revision + 1, updated_at = now()
    FROM import_row
    WHERE import_row.stored_revision > 0 AND camera.device_code = import_row.device_code
        AND ({_of("camera", _MERGED)}) IS DISTINCT FROM ({_of("import_row", _MERGED)})
"""  # noqa: S608
_COUNT_CHANGED = f"""
    SELECT count(*) FROM import_row JOIN camera USING (device_code)
    WHERE ({_of("camera", _MERGED)}) IS DISTINCT FROM ({_of("import_row", _MERGED)})
"""  # noqa: S608
_REMEMBER = """
    INSERT INTO camera_seen (device_code, digest, revision)
    SELECT device_code, digest, 1 FROM import_row WHERE stored_revision = 0 AND digest <> ''
    UNION ALL
    SELECT device_code, digest, camera.revision FROM import_row JOIN camera USING (device_code)
    WHERE stored_revision > 0 AND digest <> ''
    ON CONFLICT (device_code) DO UPDATE
    SET digest = excluded.digest, revision = excluded.revision
"""


class RacedError(Exception):
    """Somebody changed a camera of the batch between looking it up and writing it: look again."""


class HiddenError(Exception):
    """Cameras of the batch are on file where whoever imports it cannot see them.

    Attributes:
        codes: Their device codes.
    """

    def __init__(self, codes: frozenset[str]) -> None:
        super().__init__(f"{len(codes)} cameras are beyond reach")
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a batch."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row to merge.

    Attributes:
        file: All fields.
        state: Its life.
        division_path: Of its division.
        stored_revision: The revision that was looked up; 0 for a new camera.
        digest: Of the row's texts; empty for none.
        credentials: What to store for it, if anything.
    """

    file: CameraFile
    state: LifeState
    division_path: str
    stored_revision: int
    digest: bytes
    credentials: Credentials | None = None


async def look_up(
    connection: Connection | asyncpg.Pool, digests: dict[str, bytes]
) -> dict[str, tuple[int, bool]]:
    """Return the revision of each camera that is on file, and whether its row is as it was.

    Args:
        connection: The database.
        digests: Of the rows' texts, by device code.
    """
    rows = await connection.fetch(_LOOK_UP, list(digests), list(digests.values()))
    return {row["device_code"]: (row["revision"], row["same"]) for row in rows}


async def hold(connection: Connection, codes: Sequence[str]) -> None:
    """Keep these cameras as they are, up to the end of the transaction, for all but ourselves."""
    await connection.execute(
        "SELECT FROM camera WHERE device_code = ANY($1::text[]) ORDER BY device_code FOR UPDATE",
        codes,
    )


async def stored_files(
    connection: Connection | asyncpg.Pool, codes: Sequence[str]
) -> dict[str, FiledCamera]:
    """Return what is on file under these codes."""
    rows = await connection.fetch(_STORED, codes) if codes else []
    return {row["device_code"]: msgspec.convert(dict(row), FiledCamera) for row in rows}


@asynccontextmanager
async def staged(connection: Connection, rows: Sequence[Accepted]) -> AsyncIterator[None]:
    """Copy rows to where the statements below find them, as long as the block lasts."""
    await connection.execute(_STAGE)
    records = await asyncio.to_thread(_records, rows)
    await connection.copy_records_to_table(
        "import_row", records=records, columns=_STAGED, timeout=_BATCH_S
    )
    yield
    await connection.execute("DROP TABLE import_row")


def _records(rows: Sequence[Accepted]) -> list[tuple[object, ...]]:
    """Return the rows' columns in the order of the staging table."""
    tokens = camera_tokens(
        [row.file for row in rows],
        [row.state.life for row in rows],
        [row.division_path for row in rows],
    )
    return [
        (
            *msgspec.structs.astuple(row.file),
            *msgspec.structs.astuple(row.state),
            row.division_path,
            found,
            row.stored_revision,
            row.digest,
        )
        for row, found in zip(rows, tokens, strict=True)
    ]


async def compare(connection: Connection, rows: Sequence[Accepted]) -> Merged:
    """Say what `merge` would do with the staged rows; passwords are not compared."""
    changed = await connection.fetchval(_COUNT_CHANGED)
    added = sum(row.stored_revision == 0 for row in rows)
    return Merged(added, changed, len(rows) - added - changed)


async def merge(
    connection: Connection, rows: Sequence[Accepted], credentials: CredentialStore
) -> Merged:
    """Write the staged rows: what is new and what differs.

    Raises:
        RacedError: Nothing may be kept of the transaction.
        HiddenError: The same.
    """
    known = [row.file.device_code for row in rows if row.stored_revision]
    new = len(rows) - len(known)
    if known and await connection.fetchval(_LOCK, known, timeout=_BATCH_S):
        raise RacedError
    if new and await _insert(connection) < new:
        hidden = await connection.fetch(_HIDDEN)
        raise HiddenError(frozenset(row["device_code"] for row in hidden)) if hidden else RacedError
    changed = _count(await connection.execute(_UPDATE, timeout=_BATCH_S)) if known else 0
    changed += await _put_credentials(connection, rows, credentials)
    await connection.execute(_REMEMBER, timeout=_BATCH_S)
    return Merged(new, changed, len(known) - changed)


async def _insert(connection: Connection) -> int:
    # The triggers that count join thousands of groups with tables of which there are no statistics
    # yet when a registry is filled: row by row that takes a minute a batch.
    await connection.execute("SET LOCAL enable_nestloop = off")
    inserted = await connection.execute(_INSERT, timeout=_BATCH_S)
    await connection.execute("SET LOCAL enable_nestloop = on")
    return _count(inserted)


async def _put_credentials(
    connection: Connection,
    rows: Sequence[Accepted],
    credentials: CredentialStore,
) -> int:
    """Store passwords that differ; return how many cameras changed in nothing else."""
    secrets = {row.file.device_code: row.credentials for row in rows if row.credentials}
    if not secrets:
        return 0
    found = await connection.fetch(
        "SELECT camera_id, device_code, revision FROM camera WHERE device_code = ANY($1::text[])",
        list(secrets),
    )
    by_id = {row["camera_id"]: secrets[row["device_code"]] for row in found}
    differing = await credentials.differing(connection, by_id)
    if not differing:
        return 0
    before = {row.file.device_code: row.stored_revision for row in rows}
    only_secrets = sorted(
        row["camera_id"]
        for row in found
        if row["camera_id"] in differing and row["revision"] == before[row["device_code"]]
    )
    # A camera's row is locked before its credentials, as in every other place.
    await connection.execute(
        "UPDATE camera SET revision = revision + 1, updated_at = now()"
        " WHERE camera_id = ANY($1::bigint[])",
        only_secrets,
    )
    await credentials.put_many(connection, differing)
    return len(only_secrets)


def _count(command_tag: str) -> int:
    return int(command_tag.rpartition(" ")[2])
