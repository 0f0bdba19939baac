"""All divisions in memory, as long as a file is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Self

import asyncpg

from sharpeyes.registry.bounds import Bounds, bounds_of_divisions
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.division import Level
from sharpeyes.registry.errors import shown


class DivisionLookup:
    """Finds divisions by code, and by name below another one.

    Args:
        divisions: Code, path, level and Chinese name of each.
        bounds: The boxes around them, as far as somebody knows them.

    Attributes:
        paths: By code.
        bounds: By code.
    """

    def __init__(
        self,
        divisions: Iterable[tuple[str, str, str, str]],
        bounds: Mapping[str, Bounds | None] = MappingProxyType({}),
    ) -> None:
        self.bounds = bounds
        self.paths: dict[str, str] = {}
        self._districts: dict[str, str] = {}
        self._named: dict[str, list[str]] = {}
        levels: dict[str, str] = {}
        for code, path, level, name in divisions:
            self.paths[code] = path
            levels[code] = level
            self._named.setdefault(name, []).append(code)
        for code, path in self.paths.items():
            above = path.rstrip("/").split("/")
            at_district = [one for one in above if levels.get(one) == Level.DISTRICT]
            self._districts[code] = at_district[0] if at_district else code

    @classmethod
    async def load(cls, database: Connection | asyncpg.Pool) -> Self:
        """Read all divisions."""
        rows = await database.fetch("SELECT division_code, path, level, name_zh FROM division")
        return cls((tuple(row) for row in rows), await bounds_of_divisions(database))

    def district(self, code: str) -> str:
        """Return the district that a division lies in; itself where it lies above all."""
        return self._districts.get(code, code)

    def lies_in(self, code: str, above: str) -> bool:
        """Tell whether a division is another one or lies below it."""
        path = self.paths.get(above)
        return path is not None and self.paths.get(code, "").startswith(path)

    def find_below(self, text: str, above: str) -> str:
        """Return the code of the division that a cell names, by code or by name.

        Args:
            text: What the cell holds.
            above: The division that it lies in, as far as that is known.

        Raises:
            ValueError: There is none, or there are several; the message says so.
        """
        if text in self.paths:
            if above in self.paths and not self.lies_in(text, above):
                raise ValueError(f"does not lie in {above}")
            return text
        named = [c for c in self._named.get(text, ()) if self.lies_in(c, above)]
        if len(named) == 1:
            return named[0]
        if named:
            raise ValueError(
                f"several divisions in {above} are called {shown(text)}: give its code"
            )
        raise ValueError(f"no such division is known in {shown(above)}")
