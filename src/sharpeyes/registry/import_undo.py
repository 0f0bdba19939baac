"""Undoing an import: whatever is still as the import left it becomes what it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg

from sharpeyes.registry.camera import CameraFile
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.errors import ImportStateError
from sharpeyes.registry.history import announce_many, sign
from sharpeyes.registry.import_runs import ImportRuns

_BATCH = 2000
_TURN_S = 3600.0
_COLUMNS = ", ".join((*CameraFile.__struct_fields__, "life", "life_reason", "life_until"))
_PAGE = """
    SELECT camera_id, revision, before, after, before IS NULL AS added
    FROM camera_change
    WHERE import_id = $1 AND camera_id > $2
        AND (action = 'add' OR (before IS NOT NULL AND after IS NOT NULL))
    ORDER BY camera_id, change_id LIMIT $3
"""
# Field by field: an edit of something else since does not stand in the way.
_RESTORE = f"""
    UPDATE camera
    SET ({_COLUMNS}) = (
            SELECT {_COLUMNS} FROM jsonb_populate_record(camera, changed.before)
        ), revision = camera.revision + 1, updated_at = now()
    FROM unnest($1::bigint[], $2::jsonb[], $3::jsonb[]) AS changed (camera_id, before, after)
    WHERE camera.camera_id = changed.camera_id AND NOT EXISTS (
        SELECT FROM jsonb_each(changed.after) AS field
        WHERE to_jsonb(camera) -> field.key IS DISTINCT FROM field.value
    )
    RETURNING camera.camera_id
"""  # noqa: S608  # made of our own field names
_DELETE = """
    DELETE FROM camera
    WHERE camera_id = ANY($1::bigint[]) AND revision = 1 RETURNING camera_id
"""
_CODES = "SELECT camera_id, device_code FROM camera WHERE camera_id = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What became of an import's changes. Reports of batches add up.

    Attributes:
        restored: Cameras that are again what they were.
        deleted: Cameras that the import had added.
        conflicts: Device codes of cameras that were changed since, or have events; they stay.
    """

    restored: int = 0
    deleted: int = 0
    conflicts: tuple[str, ...] = ()

    def __add__(self, later: UndoReport) -> UndoReport:
        return UndoReport(
            self.restored + later.restored,
            self.deleted + later.deleted,
            self.conflicts + later.conflicts,
        )


async def undo_import(pool: asyncpg.Pool, import_id: int, actor: str) -> UndoReport:
    """Undo an import batch by batch; who stops here can begin anew.

    Passwords that it stored stay: nobody knows the ones before.

    Args:
        pool: The database.
        import_id: Which import.
        actor: Who undoes it.

    Raises:
        UnknownImportError: There is no such import.
        ImportStateError: It is still running, changed nothing, or was undone before.
    """
    runs = ImportRuns(pool)
    run = await runs.get(import_id)
    if run.state == "running":
        raise ImportStateError(f"import {import_id} is still running")
    if run.state == "undone":
        raise ImportStateError(f"import {import_id} was undone before")
    if run.dry_run:
        raise ImportStateError(f"import {import_id} was a dry run: it changed nothing")
    total = UndoReport()
    last_camera = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('sharpeyes.import'))", timeout=_TURN_S
            )
            await sign(connection, actor, action="undo")
            rows = await connection.fetch(_PAGE, import_id, last_camera, _BATCH)
            if not rows:
                break
            last_camera = rows[-1]["camera_id"]
            total += await _undo(connection, rows)
            await announce_many(connection)
    await pool.execute("UPDATE import_run SET state = 'undone' WHERE import_id = $1", import_id)
    return total


async def _undo(connection: Connection, rows: list[asyncpg.Record]) -> UndoReport:
    deleted = await _each_or_all(connection, [row for row in rows if row["added"]], _delete)
    restored = await _each_or_all(connection, [row for row in rows if not row["added"]], _restore)
    left = {row["camera_id"] for row in rows} - deleted - restored
    codes = await connection.fetch(_CODES, sorted(left))
    return UndoReport(
        len(restored), len(deleted), tuple(sorted(row["device_code"] for row in codes))
    )


async def _delete(connection: Connection, rows: list[asyncpg.Record]) -> set[int]:
    deleted = await connection.fetch(_DELETE, [row["camera_id"] for row in rows])
    return {row["camera_id"] for row in deleted}


async def _restore(connection: Connection, rows: list[asyncpg.Record]) -> set[int]:
    columns = [[row[name] for row in rows] for name in ("camera_id", "before", "after")]
    restored = await connection.fetch(_RESTORE, *columns)
    return {row["camera_id"] for row in restored}


async def _each_or_all(
    connection: Connection,
    rows: list[asyncpg.Record],
    undo: Callable[[Connection, list[asyncpg.Record]], Awaitable[set[int]]],
) -> set[int]:
    """Undo what can be undone: one by one where the database does not take all at once.

    A camera with events cannot be deleted, and one whose fields would contradict what was changed
    since cannot be restored.
    """
    if not rows:
        return set()
    try:
        async with connection.transaction():
            return await undo(connection, rows)
    except asyncpg.IntegrityConstraintViolationError:
        if len(rows) == 1:
            return set()
    middle = len(rows) // 2
    first = await _each_or_all(connection, rows[:middle], undo)
    return first | await _each_or_all(connection, rows[middle:], undo)
