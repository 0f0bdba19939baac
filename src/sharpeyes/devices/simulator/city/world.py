"""What all connections to a simulated city share."""

import hashlib
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.simulator.account import Account
from sharpeyes.devices.simulator.authentication import (
    AuthScheme,
    Request,
    Verdict,
    challenge,
    judge,
)
from sharpeyes.devices.simulator.city.condition import Conditions
from sharpeyes.devices.simulator.city.fault import (
    Black,
    CityFault,
    ClockOff,
    Frozen,
    LocalTime,
    Moved,
    WrongPassword,
    is_of_device,
)
from sharpeyes.devices.simulator.city.gallery import VIEWS, Gallery, Look
from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.city.tally import Doors, Tally
from sharpeyes.devices.simulator.encoding import Clip, Stream
from sharpeyes.devices.simulator.session_description import describe_clip

_CHINA = timedelta(hours=8)
_DAY_S = 86_400
_NUMBER_BYTES = 8
_NO_HOST = "0.0.0.0"  # noqa: S104  # the same text for every device
_WORD = 0xFFFF_FFFF
# What chance decides about a device or camera.
_LOGIN, _CLOCK, _ZONE, _MOMENT, _VIEW = _SUBJECTS = range(5)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Connection(Protocol):
    """What the world must be able to do with a connection."""

    def cut(self) -> None:
        """End it at once."""


@dataclass(slots=True)
class World:
    """The city: what is usual is worked out when asked for, what is not is kept.

    Attributes:
        settings: of the city.
        gallery: what its cameras show.
        max_open: most connections at once; more are broken off.
        monotonic: seconds that only grow.
        utc_now: the true time, aware.
        layout: who is where.
        devices: what is wrong with whole devices.
        cameras: what is wrong with single cameras.
        tally: what was asked.
        doors: counts the connections that are open.
        connections: these.
    """

    settings: CitySettings
    gallery: Gallery
    max_open: int
    monotonic: Callable[[], float] = time.monotonic
    utc_now: Callable[[], datetime] = _utc_now
    layout: Layout = field(init=False)
    devices: Conditions = field(init=False, default_factory=Conditions)
    cameras: Conditions = field(init=False, default_factory=Conditions)
    tally: Tally = field(init=False, default_factory=Tally)
    doors: Doors = field(init=False)
    connections: set[Connection] = field(init=False, default_factory=set)
    _credentials: Credentials = field(init=False)
    _accounts: dict[int, Account] = field(init=False, default_factory=dict)
    _descriptions: dict[tuple[tuple[int, Look], Stream], str] = field(
        init=False, default_factory=dict
    )
    _begun: dict[int, datetime] = field(init=False, default_factory=dict)
    _salts: tuple[int, ...] = field(init=False)
    _secret: bytes = field(init=False, repr=False, default_factory=lambda: secrets.token_bytes(16))

    def __post_init__(self) -> None:
        """Work out what stays the same."""
        self.layout = self.settings.layout
        self.doors = Doors(self.layout.switch_of)
        self._credentials = self.settings.credentials
        self._salts = tuple(
            zlib.crc32(f"{self.settings.seed}/{subject}".encode()) | 1 for subject in _SUBJECTS
        )

    def begin(self, trouble: int, fault: CityFault, members: tuple[int, ...]) -> None:
        """Let something be wrong from now on."""
        self._begun.setdefault(trouble, self.utc_now())
        self._conditions(fault).begin(trouble, fault, members)

    def end(self, trouble: int, fault: CityFault, members: tuple[int, ...]) -> None:
        """Let it be right again; with the password, failed logins are forgotten."""
        self._conditions(fault).end(trouble, members)
        if isinstance(fault, WrongPassword):
            for device in members:
                self._accounts.pop(device, None)

    def cut(self) -> None:
        """End every connection."""
        for connection in list(self.connections):
            connection.cut()

    def wants_login(self, device: int) -> bool:
        """Whether a device asks for credentials."""
        ratio = self.settings.login_ratio
        return ratio > 0 and (ratio >= 1 or self._chance(device, _LOGIN) < ratio)

    def refuse(self, device: int, request: Request, *, qop: bool) -> str | None:
        """Check a request's credentials, counting failures.

        Args:
            device: who is asked.
            request: what was sent.
            qop: whether the challenge names a quality of protection, as HTTP's does.

        Returns:
            None if it may go on; otherwise the challenge to answer with.
        """
        if not self.wants_login(device):
            return None
        # A device's nonce is the same for the whole run: there is no state to keep for it.
        number = device.to_bytes(_NUMBER_BYTES)
        nonce = hashlib.blake2b(number, key=self._secret, digest_size=16).hexdigest()
        verdict = Verdict.NONE
        if request.authorization is not None:
            verdict = judge(request, AuthScheme.DIGEST, self._credentials, nonce)
        if verdict in (Verdict.RIGHT, Verdict.WRONG) and self._admit(
            device, right=verdict is Verdict.RIGHT
        ):
            return None
        return challenge(AuthScheme.DIGEST, nonce, qop=qop, stale=verdict is Verdict.STALE)

    def device_time(self, device: int) -> datetime:
        """What a device calls UTC, aware."""
        now = self.utc_now()
        offset_s = (2 * self._chance(device, _CLOCK) - 1) * self.settings.clock_spread_s
        told = now + timedelta(seconds=offset_s)
        match self.devices.latest(device, "clock"):
            case (trouble, ClockOff() as fault):
                passed = now - self._begun[trouble]
                drifted_s = fault.drift_s_per_day * passed.total_seconds() / _DAY_S
                told += timedelta(seconds=fault.offset_s + drifted_s)
        return told + _CHINA if self.calls_local_time_utc(device) else told

    def calls_local_time_utc(self, device: int) -> bool:
        """Whether a device's maker has mistaken local time for UTC."""
        match self.devices.latest(device, "clock"):
            case (_, LocalTime()):
                return True
        ratio = self.settings.zone_lie_ratio
        return ratio > 0 and self._chance(device, _ZONE) < ratio

    def clip(self, camera: int, stream: Stream) -> Clip:
        """What a stream of a camera shows; every frame is a keyframe, one a second."""
        return self.gallery[self._seen(camera)].clips[stream]

    def description(self, camera: int, stream: Stream) -> str:
        """What a camera says of a stream."""
        seen = self._seen(camera)
        text = self._descriptions.get((seen, stream))
        if text is None:
            text = describe_clip(self.gallery[seen].clips[stream], _NO_HOST)
            self._descriptions[seen, stream] = text
        return text

    def jpeg(self, camera: int) -> bytes:
        """What a camera shows now."""
        jpegs = self.gallery[self._seen(camera)].jpegs
        return jpegs[self.moment(camera) % len(jpegs)]

    def moment(self, camera: int) -> int:
        """Which second of its reel a camera shows; a frozen one shows the same for ever."""
        start = int(self._chance(camera, _MOMENT) * 1_000)
        if isinstance(self.cameras.fault(camera, "picture"), Frozen):
            return start
        return start + int(self.monotonic())

    def _seen(self, camera: int) -> tuple[int, Look]:
        """Which view, and how it looks."""
        look = Look.STREET
        match self.cameras.fault(camera, "picture"):
            case Black():
                look = Look.BLACK
            case Moved():
                look = Look.MOVED
        return int(self._chance(camera, _VIEW) * VIEWS), look

    def _admit(self, device: int, *, right: bool) -> bool:
        right = right and not isinstance(self.devices.fault(device, "login"), WrongPassword)
        account = self._accounts.get(device)
        if account is None:
            if right:
                return True
            account = self._accounts[device] = Account()
        before = account.lockouts, account.bad_logins
        admitted = account.admit(right=right, now_s=self.monotonic())
        self.tally.lockouts += account.lockouts - before[0]
        self.tally.bad_logins += account.bad_logins - before[1]
        return admitted

    def _conditions(self, fault: CityFault) -> Conditions:
        return self.devices if is_of_device(fault) else self.cameras

    def _chance(self, number: int, about: int) -> float:
        """A number of 0-1 that is always the same for one device or camera, seed and subject."""
        # Neighbours get numbers that are far apart, and subjects different ones: no more is asked.
        mixed = zlib.crc32(number.to_bytes(_NUMBER_BYTES)) * self._salts[about]
        return (mixed & _WORD) / (_WORD + 1)
