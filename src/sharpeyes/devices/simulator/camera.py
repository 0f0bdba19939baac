"""One simulated camera: who and where it is, and how it is doing."""

from dataclasses import dataclass
from typing import Literal

from sharpeyes.devices.simulator.account import Account
from sharpeyes.devices.simulator.fault import ClockOff, Down, Fault, Frozen, WrongPassword
from sharpeyes.devices.simulator.pull_points import PullPoints

MAIN_STREAM_PATH = "/Streaming/Channels/101"
SUB_STREAM_PATH = "/Streaming/Channels/102"
SNAPSHOT_PATH = "/snapshot.jpg"


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """What the registry would hold about it, and what it shows.

    Args:
        device_code: 20 digits.
        name: of its place, Chinese.
        tier: 1 city, 2 district, 3 social.
        division_code: district, 6 digits.
        longitude: degrees, WGS-84.
        latitude: degrees, WGS-84.
        host: its own loopback address.
        poll_mode: how the registry shall let it be asked.
        sample_source: where frames for the detectors shall come from.
        sample_interval_s: seconds between them.
        scene: name of the scene that it looks at.
        offset_s: how far ahead of the fleet's scene time its view is.
    """

    device_code: str
    name: str
    tier: Literal[1, 2, 3]
    division_code: str
    longitude: float
    latitude: float
    host: str
    poll_mode: Literal["direct", "on_request"]
    sample_source: Literal["keyframe", "snapshot", "none"]
    sample_interval_s: float
    scene: str
    offset_s: float


class Device:
    """How one camera is doing; the same state for all its protocols.

    Attributes:
        camera: who it is.
        fault: what is wrong with it, or None.
        frozen_at_s: scene time at which its picture stopped; None while it runs.
        pull_points: by which it tells what happens.

    Args:
        camera: who it is.
        subscription_limit: how many it lets listen at once; 0: it has no event service.
    """

    __slots__ = ("_account", "camera", "fault", "frozen_at_s", "pull_points")

    def __init__(self, camera: SimulatedCamera, subscription_limit: int = 5) -> None:
        self.camera = camera
        self.pull_points = PullPoints(subscription_limit)
        self.fault: Fault | None = None
        self.frozen_at_s: float | None = None
        self._account = Account()

    @property
    def bad_logins(self) -> int:
        """Refused logins since the start."""
        return self._account.bad_logins

    @property
    def lockouts(self) -> int:
        """How often it locked its account since the start."""
        return self._account.lockouts

    @property
    def clock_offset_s(self) -> float:
        """Its clock minus the true time."""
        return self.fault.offset_s if isinstance(self.fault, ClockOff) else 0.0

    def set_fault(self, fault: Fault | None, scene_time_s: float) -> None:
        """Break it, or repair it with None.

        A repair forgets failed logins too; the counts since the start stay.

        Args:
            fault: what is wrong from now on.
            scene_time_s: what it shows now, in case it freezes.
        """
        self.fault = fault
        self.frozen_at_s = scene_time_s if isinstance(fault, Frozen) else None
        if isinstance(fault, Down):
            self.pull_points.forget()
        if fault is None:
            self._account.forgive()

    def is_locked(self, now_s: float) -> bool:
        """Whether its account is locked at a monotonic time."""
        return self._account.is_locked(now_s)

    def admit(self, *, right: bool, now_s: float) -> bool:
        """Decide on a login.

        Args:
            right: whether the credentials are those of the account.
            now_s: monotonic.
        """
        accepted = right and not isinstance(self.fault, WrongPassword)
        return self._account.admit(right=accepted, now_s=now_s)
