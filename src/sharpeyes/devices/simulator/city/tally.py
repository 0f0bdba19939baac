"""What was asked of a simulated city: the figures against which a poller's promises are held."""

from collections import Counter
from collections.abc import Callable

import msgspec


class Tally(msgspec.Struct):
    """Counts since the start.

    Attributes:
        connections: that stood; attempts which nobody answers are not seen.
        requests: by what was asked, such as "DESCRIBE" or "GetSystemDateAndTime".
        bad_logins: refused logins; being asked for one is none.
        lockouts: accounts locked by five of them in a row.
        turned_away: connections that were broken off for want of sockets here.
        peak_open: most connections at once; with several processes, the sum of their peaks.
        peak_open_of_switch: most at once to the devices of one switch.
        peak_open_of_device: most at once to one device.
        peak_connects_per_s: most new ones within a second of the clock; with several processes,
            the sum of theirs.
        cpu_s: CPU time of the simulator's processes.
    """

    connections: int = 0
    requests: dict[str, int] = {}
    bad_logins: int = 0
    lockouts: int = 0
    turned_away: int = 0
    peak_open: int = 0
    peak_open_of_switch: int = 0
    peak_open_of_device: int = 0
    peak_connects_per_s: int = 0
    cpu_s: float = 0.0


def together(one: Tally, other: Tally) -> Tally:
    """The tally of two processes; each switch is in one of them."""
    return Tally(
        connections=one.connections + other.connections,
        requests=dict(Counter(one.requests) + Counter(other.requests)),
        bad_logins=one.bad_logins + other.bad_logins,
        lockouts=one.lockouts + other.lockouts,
        turned_away=one.turned_away + other.turned_away,
        peak_open=one.peak_open + other.peak_open,
        peak_open_of_switch=max(one.peak_open_of_switch, other.peak_open_of_switch),
        peak_open_of_device=max(one.peak_open_of_device, other.peak_open_of_device),
        peak_connects_per_s=one.peak_connects_per_s + other.peak_connects_per_s,
        cpu_s=one.cpu_s + other.cpu_s,
    )


class Doors:
    """Counts the connections that are open, and their peaks.

    Args:
        switch_of: the switch of a device.
    """

    __slots__ = ("_is_open", "_of_device", "_of_switch", "_second", "_switch_of", "_this_second")

    def __init__(self, switch_of: Callable[[int], int]) -> None:
        self._switch_of = switch_of
        self._of_device: dict[int, int] = {}
        self._of_switch: dict[int, int] = {}
        self._second = -1
        self._this_second = 0
        self._is_open = 0

    def opened(self, device: int, now_s: float, tally: Tally) -> None:
        """Count a new connection."""
        self._is_open += 1
        tally.peak_open = max(tally.peak_open, self._is_open)
        of_device = self._of_device[device] = self._of_device.get(device, 0) + 1
        tally.peak_open_of_device = max(tally.peak_open_of_device, of_device)
        switch = self._switch_of(device)
        of_switch = self._of_switch[switch] = self._of_switch.get(switch, 0) + 1
        tally.peak_open_of_switch = max(tally.peak_open_of_switch, of_switch)
        if int(now_s) != self._second:
            self._second, self._this_second = int(now_s), 0
        self._this_second += 1
        tally.peak_connects_per_s = max(tally.peak_connects_per_s, self._this_second)

    def closed(self, device: int) -> None:
        """Count a connection's end."""
        self._is_open -= 1
        _take_one(self._of_device, device)
        _take_one(self._of_switch, self._switch_of(device))


def _take_one(counts: dict[int, int], key: int) -> None:
    """Keep nothing of what is at zero."""
    if counts[key] == 1:
        del counts[key]
    else:
        counts[key] -= 1
