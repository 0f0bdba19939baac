"""The key places in the database."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import asyncpg
import msgspec

from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.errors import (
    PlaceChangedError,
    PlaceExistsError,
    PlaceInvalidError,
    UnknownDivisionError,
    UnknownPlaceError,
)
from sharpeyes.registry.fields import refuse_division_code
from sharpeyes.registry.place import Place, PlaceFile, tidy_place, validate_place

FILE_COLUMNS = PlaceFile.__struct_fields__
_BOX = ("west", "south", "east", "north")
COLUMNS = ", ".join(Place.__struct_fields__)
"""What a `Place` is read from."""

_SET = ", ".join(FILE_COLUMNS + _BOX)
_VALUES = ", ".join(f"${number}" for number in range(1, len(FILE_COLUMNS + _BOX) + 1))
# All made of our own field names.
_INSERT = f"INSERT INTO place ({_SET}) VALUES ({_VALUES}) RETURNING {COLUMNS}"  # noqa: S608
_UPDATE = f"""
    UPDATE place SET ({_SET}) = ROW({_VALUES}), revision = revision + 1, updated_at = now()
    WHERE place_code = $1 RETURNING {COLUMNS}
"""  # noqa: S608
_GET = f"SELECT {COLUMNS} FROM place WHERE place_code = $1"  # noqa: S608
_ANY_CASE = "SELECT place_code FROM place WHERE lower(place_code) = lower($1)"
_LIST = f"""
    SELECT {COLUMNS} FROM place
    WHERE ($1::text IS NULL OR division_path ^@ $1) AND ($2::smallint IS NULL OR kind = $2)
      AND ($3::text IS NULL OR place_code > $3)
    ORDER BY place_code LIMIT $4
"""  # noqa: S608

Record: TypeAlias = Callable[[Connection], Awaitable[None]]
"""Writes down who does it, in the transaction in which it is done."""


class PlaceStore:
    """Reads and writes places.

    Args:
        pool: The database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def add(self, file: PlaceFile, *, record: Record | None = None) -> Place:
        """Add a place.

        Args:
            file: All of its fields.
            record: Writes down who does it, in the same transaction.

        Raises:
            PlaceInvalidError: Fields cannot be accepted; all of them are in the error.
            PlaceExistsError: The code is taken, or differs in case only from one that is.
            UnknownDivisionError: There is no such division.
        """
        file = checked_place(file)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                place = place_of(await connection.fetchrow(_INSERT, *row_of(file)))
                await _recorded(connection, record)
                return place
        except asyncpg.UniqueViolationError as error:
            on_file = await self._pool.fetchval(_ANY_CASE, file.place_code)
            raise PlaceExistsError(file.place_code, on_file) from error
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownDivisionError(file.division_code) from error

    async def update(
        self, file: PlaceFile, *, revision: int | None = None, record: Record | None = None
    ) -> Place:
        """Replace what is on file about the place of the same code.

        Args:
            file: All of its fields.
            revision: The one that the caller read, to refuse where somebody was quicker.
            record: As for `add`.

        Raises:
            PlaceInvalidError: Fields cannot be accepted; all of them are in the error.
            UnknownPlaceError: There is no such place.
            PlaceChangedError: It is no longer at `revision`.
            UnknownDivisionError: There is no such division.
        """
        file = checked_place(file)
        async with self._pool.acquire() as connection, connection.transaction():
            stored = await self._locked(connection, file.place_code, revision)
            await _recorded(connection, record)
            if stored.file == file:
                return stored
            try:
                return place_of(await connection.fetchrow(_UPDATE, *row_of(file)))
            except asyncpg.ForeignKeyViolationError as error:
                raise UnknownDivisionError(file.division_code) from error

    async def put_many(self, files: Sequence[PlaceFile]) -> tuple[int, int]:
        """Add or replace checked places of different codes, all or none.

        Returns:
            How many were added, and how many of the others changed.

        Raises:
            asyncpg.ForeignKeyViolationError: There is no such division.
        """
        codes = [file.place_code for file in files]
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                f"SELECT {COLUMNS} FROM place WHERE place_code = ANY($1::text[])"  # noqa: S608
                " ORDER BY place_code FOR UPDATE",
                codes,
            )
            stored = {row["place_code"]: place_of(row).file for row in rows}
            added = [file for file in files if file.place_code not in stored]
            changed = [file for file in files if stored.get(file.place_code, file) != file]
            await connection.executemany(_INSERT, [row_of(file) for file in added])
            await connection.executemany(_UPDATE, [row_of(file) for file in changed])
        return len(added), len(changed)

    async def remove(
        self, place_code: str, *, revision: int | None = None, record: Record | None = None
    ) -> None:
        """Forget a place.

        Raises:
            UnknownPlaceError: There is no such place.
            PlaceChangedError: It is no longer at `revision`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await self._locked(connection, place_code, revision)
            await connection.execute("DELETE FROM place WHERE place_code = $1", place_code)
            await _recorded(connection, record)

    async def get(self, place_code: str) -> Place | None:
        """Return the place with this code, or None."""
        if "\0" in place_code:
            return None
        row = await self._pool.fetchrow(_GET, place_code)
        return None if row is None else place_of(row)

    async def list(
        self,
        *,
        division_code: str | None = None,
        kind: int | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> builtins.list[Place]:
        """Return a page of places in the order of their codes.

        Args:
            division_code: Only in this division and those below it.
            kind: Only of this kind.
            after: The last code of the page before.
            limit: Places at most.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        path = await division_path(self._pool, division_code)
        rows = await self._pool.fetch(_LIST, path, kind, after, limit)
        return [place_of(row) for row in rows]

    async def _locked(self, connection: Connection, place_code: str, revision: int | None) -> Place:
        row = await connection.fetchrow(f"{_GET} FOR UPDATE", place_code)
        if row is None:
            raise UnknownPlaceError(place_code)
        if revision is not None and row["revision"] != revision:
            raise PlaceChangedError(place_code, revision, row["revision"])
        return place_of(row)


async def _recorded(connection: Connection, record: Record | None) -> None:
    if record is not None:
        await record(connection)


async def division_path(pool: asyncpg.Pool, division_code: str | None) -> str | None:
    """Return the path with which all below a division begins; None for no division.

    Raises:
        UnknownDivisionError: There is no such division.
    """
    if division_code is None:
        return None
    path: str | None = None
    if not refuse_division_code(division_code):
        path = await pool.fetchval(
            "SELECT path FROM division WHERE division_code = $1", division_code
        )
    if path is None:
        raise UnknownDivisionError(division_code)
    return path


def checked_place(file: PlaceFile) -> PlaceFile:
    """Return a place tidied.

    Raises:
        PlaceInvalidError: Fields cannot be accepted; all of them are in the error.
    """
    file = tidy_place(file)
    if problems := validate_place(file):
        raise PlaceInvalidError(file.place_code, problems)
    return file


def row_of(file: PlaceFile) -> tuple[object, ...]:
    """Return the values of a place's columns, its box last."""
    return (*msgspec.structs.astuple(file), *file.box)


def place_of(row: asyncpg.Record | None) -> Place:
    """Read a row of the columns of a `Place`."""
    assert row is not None
    return msgspec.convert({field: row[field] for field in Place.__struct_fields__}, Place)
