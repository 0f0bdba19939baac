"""Cameras of which nobody wrote down where they stand, by division."""

from __future__ import annotations

from collections import Counter, defaultdict

from sharpeyes.registry.camera import Tier


class Unplaced:
    """How many cameras without a position there are below each division, by tier.

    Attributes:
        own: Those filed in a division itself, by its path.
    """

    def __init__(self) -> None:
        self.own: dict[str, Counter[Tier]] = defaultdict(Counter)
        self._below: dict[str, Counter[Tier]] = defaultdict(Counter)

    def add(self, path: str, tier: Tier, number: int) -> None:
        """Take in the cameras of one tier that are filed in one division itself."""
        self.own[path][tier] += number
        codes = path.rstrip("/").split("/")
        for depth in range(1, len(codes) + 1):
            self._below["/".join(codes[:depth]) + "/"][tier] += number

    def __getitem__(self, path: str) -> Counter[Tier]:
        return self._below.get(path, Counter())
