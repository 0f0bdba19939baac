"""Who is asked next, and how many may be asked at once.

One schedule for all cameras of a worker, instead of a task with a timer for each: a quarter of a
million timers would cost more than the probes. It neither waits nor reads a clock.
"""

import heapq
import ipaddress
import math
from collections import Counter, deque
from dataclasses import dataclass
from functools import lru_cache
from sys import intern
from zlib import crc32

_NETWORKS_REMEMBERED = 4_096


@lru_cache(_NETWORKS_REMEMBERED)
def subnet_of(host: str) -> str:
    """Name the network that shares an uplink with a host: the /24 of IPv4, the /64 of IPv6.

    A host name is a network of its own: nothing tells where it leads.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    prefix = 24 if address.version == 4 else 64  # noqa: PLR2004  # IPv4
    return intern(str(ipaddress.ip_network((address, prefix), strict=False)))


def phase_of(device_code: str) -> float:
    """Return a camera's own place in every interval, 0-1, the same after each restart."""
    return crc32(device_code.encode()) / 2**32


def next_on_phase(now_s: float, interval_s: float, phase: float, jitter: float) -> float:
    """Return the next regular moment, so that cameras stay spread over the interval.

    Args:
        now_s: the present.
        interval_s: time between regular moments.
        phase: the camera's place in the interval, 0-1.
        jitter: share of the interval by which the moment is moved, -0.5 to 0.5.

    Returns:
        A moment at least half an interval away, or an early one would be asked twice.
    """
    offset = phase + jitter
    return (math.ceil(now_s / interval_s + 0.5 - offset) + offset) * interval_s


@dataclass(slots=True, eq=False)
class Turn:
    """A camera's place in the schedule.

    Attributes:
        camera_id: whose it is.
        subnet: the network that it is in; see `subnet_of`.
        device: the address that is asked, which the channels of a recorder share.
        due_s: when it is asked; infinite while nobody wants to.
        is_under_way: whether it is being asked.
        is_urgent: whether it goes before others that are due: it has just surprised us. Else, where
            many do not answer and each takes seconds to say so, all would be asked once before the
            first is asked again, and nobody would be sure of anything for long.
    """

    camera_id: int
    subnet: str
    device: str
    due_s: float = math.inf
    is_under_way: bool = False
    is_urgent: bool = False


class Schedule:
    """Which cameras are due, in the order of their moments, and which are being asked.

    A camera is asked by one probe at a time; a device, a network and the whole worker by a limited
    number. A camera whose device or network is full waits for a place there without holding up
    others.

    Args:
        global_limit: cameras that may be asked at once.
        subnet_limit: the same, within one network.
        device_limit: the same, at one address.
    """

    def __init__(self, *, global_limit: int, subnet_limit: int, device_limit: int) -> None:
        self._global_limit = global_limit
        self._subnet_limit = subnet_limit
        self._device_limit = device_limit
        # Holds outdated entries too: only one that agrees with its turn counts.
        self._heap: list[tuple[float, int, Turn]] = []
        self._urgent: list[tuple[float, int, Turn]] = []
        self._under_way = 0
        self._busy_in: Counter[str] = Counter()
        self._busy_at: Counter[str] = Counter()
        # Due, but their network or device was full; and those of them that may try again.
        self._held: dict[str, deque[Turn]] = {}
        self._ready: deque[Turn] = deque()

    @property
    def under_way(self) -> int:
        """How many cameras are being asked."""
        return self._under_way

    def set(self, turn: Turn, due_s: float) -> None:
        """Ask a camera at a moment, instead of when it was due before."""
        turn.due_s = due_s
        if not turn.is_under_way:
            self._push(turn)

    def remove(self, turn: Turn) -> None:
        """Forget a camera; a probe of it that is under way keeps its place until `finish`."""
        turn.due_s = math.inf

    def take(self, now_s: float) -> list[tuple[Turn, float]]:
        """Start what is due and allowed.

        Returns:
            Each camera with the moment at which it was due, the longest waiting first; `finish`
            must be called for each.
        """
        taken = []
        while self._under_way < self._global_limit:
            turn = self._next(now_s)
            if turn is None:
                break
            full = self._full(turn)
            if full is not None:
                self._hold(turn, full)
                continue
            turn.is_under_way = True
            self._under_way += 1
            self._busy_in[turn.subnet] += 1
            self._busy_at[turn.device] += 1
            taken.append((turn, turn.due_s))
            turn.due_s = math.inf
        return taken

    def finish(self, turn: Turn) -> None:
        """Give back the place of a probe that has ended; `set` says when it is asked again."""
        turn.is_under_way = False
        self._under_way -= 1
        _give_back(self._busy_in, turn.subnet)
        _give_back(self._busy_at, turn.device)
        if self._held:
            self._release(turn.subnet)
            self._release(turn.device)
        if turn.due_s < math.inf:
            self._push(turn)

    def next_s(self) -> float | None:
        """Return when `take` should be called again; None: not before a `finish` or a `set`."""
        if self._under_way >= self._global_limit:
            return None
        if self._ready:
            return -math.inf
        firsts = [heap[0][0] for heap in (self._urgent, self._heap) if heap]
        return min(firsts, default=None)

    def _push(self, turn: Turn) -> None:
        heap = self._urgent if turn.is_urgent else self._heap
        heapq.heappush(heap, (turn.due_s, turn.camera_id, turn))

    def _hold(self, turn: Turn, full: str) -> None:
        held = self._held.setdefault(full, deque())
        if turn.is_urgent:
            held.appendleft(turn)
        else:
            held.append(turn)
        if full != turn.subnet:
            # It may have been let go for a place in its network, which is another's now.
            self._release(turn.subnet)

    def _release(self, name: str) -> None:
        """Let the first that waits for a network or device try again: one place, one camera."""
        held = self._held.get(name)
        if held is not None:
            self._ready.append(held.popleft())
            if not held:
                del self._held[name]

    def _full(self, turn: Turn) -> str | None:
        """Name what has no place for one camera more; None: there is one."""
        if self._busy_at.get(turn.device, 0) >= self._device_limit:
            return turn.device
        # A name is a network of its own, and its device's limit is the narrower one.
        if self._busy_in.get(turn.subnet, 0) >= self._subnet_limit:
            return turn.subnet
        return None

    def _next(self, now_s: float) -> Turn | None:
        while self._ready:
            turn = self._ready.popleft()
            # What is not due any more is in the heap for its later moment.
            if turn.due_s <= now_s and not turn.is_under_way:
                return turn
            self._release(turn.subnet)
            self._release(turn.device)
        for heap in (self._urgent, self._heap):
            while heap and heap[0][0] <= now_s:
                due_s, _, turn = heapq.heappop(heap)
                if turn.due_s == due_s and not turn.is_under_way:
                    return turn
        return None


def _give_back(busy: Counter[str], name: str) -> None:
    left = busy[name] - 1
    if left:
        busy[name] = left
    else:
        del busy[name]
