"""When each camera is asked next, and how many may be asked at once.

One schedule for all cameras of a worker, instead of a task with a timer for each: a quarter of a
million timers would cost more than the probes. It neither waits nor reads a clock.
"""

import heapq
import ipaddress
import math
from collections import Counter, deque
from random import Random
from zlib import crc32

from sharpeyes.health.judgement import Verdict
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Status

_LATEST_EXPONENT = 30


def subnet_of(host: str) -> str:
    """Name the network that shares an uplink with a host: the /24 of IPv4, the /64 of IPv6.

    A host name is a network of its own: nothing tells where it leads.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    prefix = 24 if address.version == 4 else 64  # noqa: PLR2004  # IPv4
    return str(ipaddress.ip_network((address, prefix), strict=False))


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


def retry_delay(verdict: Verdict, settings: HealthSettings) -> float | None:
    """Return how soon a check is repeated that has surprised us, or that stays offline.

    Surprises are looked at again soon, a few times. What stays offline is asked ever less often,
    and a lone success does not make it often again.

    Returns:
        Seconds, before jitter; None when the check's regular moment will do.
    """
    failing = bool(verdict.recent and verdict.recent[-1])
    if not failing:
        unsettled = verdict.surprising
        return settings.recheck_s[0] if unsettled else None
    if verdict.failures <= len(settings.recheck_s):
        return settings.recheck_s[verdict.failures - 1]
    if not verdict.surprising and verdict.status is not Status.OFFLINE:
        return None
    doublings = min(verdict.failures - len(settings.recheck_s), _LATEST_EXPONENT)
    return min(settings.recheck_s[-1] * 2.0**doublings, settings.backoff_max_s)


class Schedule:
    """Which cameras are due, in the order of their moments, and which are being asked.

    A camera is asked by one probe at a time; a network and the whole worker by a limited number.
    A camera whose network is full waits for a place there without holding up others.

    Args:
        global_limit: cameras that may be asked at once.
        subnet_limit: the same, within one network.
    """

    def __init__(self, *, global_limit: int, subnet_limit: int) -> None:
        self._global_limit = global_limit
        self._subnet_limit = subnet_limit
        self._due: dict[int, float] = {}
        self._subnet: dict[int, str] = {}
        # Holds outdated entries too: only one that agrees with `_due` counts.
        self._heap: list[tuple[float, int]] = []
        self._busy: dict[int, str] = {}
        self._busy_in: Counter[str] = Counter()
        # Due, but their network was full; and those of them that may try again.
        self._held: dict[str, list[int]] = {}
        self._ready: deque[int] = deque()

    def set(self, camera_id: int, subnet: str, due_s: float) -> None:
        """Ask a camera at a moment, instead of when it was due before."""
        self._subnet[camera_id] = subnet
        self._due[camera_id] = due_s
        heapq.heappush(self._heap, (due_s, camera_id))

    def remove(self, camera_id: int) -> None:
        """Forget a camera; a probe of it that is under way keeps its place until `finish`."""
        self._due.pop(camera_id, None)
        self._subnet.pop(camera_id, None)

    def take(self, now_s: float) -> list[tuple[int, float]]:
        """Start what is due and allowed.

        Returns:
            Each camera with the moment at which it was due, the longest waiting first; `finish`
            must be called for each.
        """
        taken = []
        while len(self._busy) < self._global_limit:
            camera_id = self._next(now_s)
            if camera_id is None:
                break
            subnet = self._subnet[camera_id]
            if self._busy_in[subnet] >= self._subnet_limit:
                self._held.setdefault(subnet, []).append(camera_id)
                continue
            self._busy[camera_id] = subnet
            self._busy_in[subnet] += 1
            taken.append((camera_id, self._due.pop(camera_id)))
        return taken

    def finish(self, camera_id: int) -> None:
        """Give back the place of a probe that has ended; `set` says when it is asked again."""
        subnet = self._busy.pop(camera_id)
        self._busy_in[subnet] -= 1
        if not self._busy_in[subnet]:
            del self._busy_in[subnet]
        self._ready.extend(self._held.pop(subnet, ()))
        if camera_id in self._due:
            heapq.heappush(self._heap, (self._due[camera_id], camera_id))

    def next_s(self) -> float | None:
        """Return when `take` should be called again; None: not before a `finish` or a `set`."""
        if len(self._busy) >= self._global_limit:
            return None
        if self._ready:
            return -math.inf
        return self._heap[0][0] if self._heap else None

    def _next(self, now_s: float) -> int | None:
        while self._ready:
            camera_id = self._ready.popleft()
            # What is not due any more is in the heap for its later moment.
            if self._due.get(camera_id, math.inf) <= now_s and camera_id not in self._busy:
                return camera_id
        while self._heap and self._heap[0][0] <= now_s:
            due_s, camera_id = heapq.heappop(self._heap)
            if self._due.get(camera_id) == due_s and camera_id not in self._busy:
                return camera_id
        return None


def jittered(delay_s: float, settings: HealthSettings, random: Random) -> float:
    """Vary a delay by the set share, so that what failed together is not asked together."""
    return delay_s * (1 + random.uniform(-settings.jitter_ratio, settings.jitter_ratio))
