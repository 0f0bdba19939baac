"""The tree of jurisdictions in the database: city, district, street, community, grid, local."""

from __future__ import annotations

import builtins

import asyncpg
import msgspec

from sharpeyes.registry.division import Division, division_problems, misplacement, too_low
from sharpeyes.registry.errors import (
    DivisionExistsError,
    DivisionInUseError,
    DivisionInvalidError,
    FieldProblem,
    UnknownDivisionError,
)
from sharpeyes.registry.fields import refuse_division_code

# A district may hold a quarter of a million cameras, each of which is written anew.
_MOVE_TIMEOUT_S = 600.0


DIVISION_COLUMNS = Division.__struct_fields__
_PLACES = ", ".join(f"${number}" for number in range(1, len(DIVISION_COLUMNS) + 1))


class DivisionStore:
    """The divisions in the database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def get(self, division_code: str) -> Division | None:
        """Return one division, or None."""
        if refuse_division_code(division_code):
            return None
        row = await self._pool.fetchrow(
            "SELECT * FROM division WHERE division_code = $1", division_code
        )
        return msgspec.convert(dict(row), Division) if row else None

    async def subtree(self, division_code: str) -> builtins.list[str]:
        """Return the codes of a division and of all below it.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        codes: builtins.list[str] = []
        if not refuse_division_code(division_code):
            rows = await self._pool.fetch(
                "SELECT below.division_code FROM division AS top"
                " JOIN division AS below ON starts_with(below.path, top.path)"
                " WHERE top.division_code = $1 ORDER BY below.division_code",
                division_code,
            )
            codes = [row["division_code"] for row in rows]
        if not codes:
            raise UnknownDivisionError(division_code)
        return codes

    async def add(self, division: Division) -> Division:
        """Add a division below an existing one.

        Raises:
            DivisionInvalidError: Something about it is wrong; all problems are in the error.
            DivisionExistsError: The code is taken.
            UnknownDivisionError: There is no such parent.
        """
        problems = division_problems(division)
        if problems:
            raise DivisionInvalidError(division.division_code, problems)
        parent = await self.get(division.parent_code or "")
        if parent is None:
            raise UnknownDivisionError(division.parent_code or "")
        misplaced = misplacement(division, parent)
        if misplaced is not None:
            raise DivisionInvalidError(division.division_code, [misplaced])
        try:
            await self._pool.execute(
                f"INSERT INTO division ({', '.join(DIVISION_COLUMNS)}) VALUES ({_PLACES})",  # noqa: S608  # our own field names
                *msgspec.structs.astuple(division),
            )
        except asyncpg.UniqueViolationError as error:
            raise DivisionExistsError(division.division_code) from error
        return division

    async def move(self, division_code: str, parent_code: str) -> None:
        """Put a division and all below it, cameras included, under another one.

        Raises:
            UnknownDivisionError: There is no such division, or no such parent.
            DivisionInvalidError: The parent is the division itself or lies below it, or is not of a
                higher level; or the division is a city.
        """
        division = await self._require(division_code)
        parent = await self._require(parent_code)
        if division.parent_code is None:
            reason = "lies below nothing: a city cannot be moved"
            raise DivisionInvalidError(
                division_code, [FieldProblem("parent_code", parent_code, reason)]
            )
        if division.level.depth <= parent.level.depth:
            raise DivisionInvalidError(division_code, [too_low(division, parent)])
        try:
            await self._pool.execute(
                "UPDATE division SET parent_code = $2 WHERE division_code = $1",
                division_code,
                parent_code,
                timeout=_MOVE_TIMEOUT_S,
            )
        except asyncpg.CheckViolationError as error:
            raise DivisionInvalidError(
                division_code, [FieldProblem("parent_code", parent_code, "lies below it")]
            ) from error

    async def rename(
        self, division_code: str, *, name_zh: str | None = None, name_en: str | None = None
    ) -> Division:
        """Give a division another name; None leaves a name as it is.

        Raises:
            UnknownDivisionError: There is no such division.
            DivisionInvalidError: A name cannot be accepted.
        """
        old = await self._require(division_code)
        new = msgspec.structs.replace(
            old,
            name_zh=old.name_zh if name_zh is None else name_zh.strip(),
            name_en=old.name_en if name_en is None else name_en.strip(),
        )
        problems = [p for p in division_problems(new) if p.field in {"name_zh", "name_en"}]
        if problems:
            raise DivisionInvalidError(division_code, problems)
        await self._pool.execute(
            "UPDATE division SET name_zh = $2, name_en = $3 WHERE division_code = $1",
            division_code,
            new.name_zh,
            new.name_en,
        )
        return new

    async def remove(self, division_code: str) -> None:
        """Remove a division under which nothing is filed.

        Raises:
            UnknownDivisionError: There is no such division.
            DivisionInUseError: There are divisions, cameras or other records in it.
        """
        await self._require(division_code)
        [held] = await self._pool.fetch(
            "SELECT (SELECT count(*) FROM division WHERE parent_code = $1) AS divisions,"
            " (SELECT COALESCE(sum(cameras), 0) FROM camera_count WHERE division_code = $1)"
            " AS cameras",
            division_code,
        )
        if held["divisions"]:
            raise DivisionInUseError(division_code, f"{held['divisions']:,} divisions below it")
        if held["cameras"]:
            raise DivisionInUseError(division_code, f"{held['cameras']:,} cameras")
        try:
            await self._pool.execute("DELETE FROM division WHERE division_code = $1", division_code)
        except asyncpg.ForeignKeyViolationError as error:
            table = getattr(error, "table_name", None) or "records"
            raise DivisionInUseError(division_code, f"rows of {table}") from error

    async def _require(self, division_code: str) -> Division:
        division = await self.get(division_code)
        if division is None:
            raise UnknownDivisionError(division_code)
        return division

    async def version(self) -> tuple[int, int]:
        """Return what is another one whenever any division was changed, added or deleted.

        A row's `xmin` is the transaction that wrote it, which is later than all before: while there
        are as many rows as before, their sum only grows.
        """
        [row] = await self._pool.fetch(
            "SELECT count(*), COALESCE(sum(xmin::text::bigint), 0)::bigint FROM division"
        )
        return (row[0], row[1])

    async def list(self) -> builtins.list[Division]:
        """Return all divisions, parents before their children."""
        rows = await self._pool.fetch("SELECT * FROM division ORDER BY division_code")
        divisions = [msgspec.convert(dict(row), Division) for row in rows]
        return sorted(divisions, key=lambda division: division.level.depth)
