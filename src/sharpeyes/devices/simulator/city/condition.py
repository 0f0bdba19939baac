"""How those cameras and devices are that are not as all the others."""

from collections.abc import Iterable, Iterator

from sharpeyes.devices.simulator.city.fault import CityFault, Concern


class Conditions:
    """What is wrong with whom; nothing is kept for those with whom nothing is.

    Whoever is struck by the same troubles shares one entry.
    """

    __slots__ = ("_faults", "_keys", "_merged", "_of")

    def __init__(self) -> None:
        self._of: dict[int, tuple[int, ...]] = {}
        self._faults: dict[int, CityFault] = {}
        self._merged: dict[tuple[int, ...], dict[Concern, tuple[int, CityFault]]] = {}
        self._keys: dict[tuple[int, ...], tuple[int, ...]] = {}

    def __len__(self) -> int:
        """With how many something is wrong."""
        return len(self._of)

    def begin(self, trouble: int, fault: CityFault, members: Iterable[int]) -> None:
        """Let something be wrong with some, from now on."""
        self._faults[trouble] = fault
        for member in members:
            before = self._of.get(member, ())
            if trouble not in before:
                self._of[member] = self._shared((*before, trouble))

    def end(self, trouble: int, members: Iterable[int]) -> None:
        """Let something no longer be wrong with some."""
        for member in members:
            left = tuple(other for other in self._of.get(member, ()) if other != trouble)
            if left:
                self._of[member] = self._shared(left)
            else:
                self._of.pop(member, None)

    def fault(self, member: int, concern: Concern) -> CityFault | None:
        """What is wrong with somebody in one respect: the latest trouble's fault."""
        found = self.latest(member, concern)
        return None if found is None else found[1]

    def latest(self, member: int, concern: Concern) -> tuple[int, CityFault] | None:
        """The same, and of which trouble it is."""
        troubles = self._of.get(member)
        return None if troubles is None else self._merged[troubles].get(concern)

    def members_with(self, kind: type[CityFault]) -> Iterator[int]:
        """All whose latest fault in its respect is of a kind."""
        struck = {
            troubles
            for troubles, merged in self._merged.items()
            if isinstance(merged.get(kind.concern, (0, None))[1], kind)
        }
        return (member for member, troubles in self._of.items() if troubles in struck)

    def _shared(self, troubles: tuple[int, ...]) -> tuple[int, ...]:
        merged = self._merged.get(troubles)
        if merged is None:
            merged = self._merged[troubles] = {
                self._faults[trouble].concern: (trouble, self._faults[trouble])
                for trouble in troubles
            }
            self._keys[troubles] = troubles
        return self._keys[troubles]
