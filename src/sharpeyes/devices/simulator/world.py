"""What all servers of a fleet share."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.simulator.authentication import Request, Verdict, challenge, judge
from sharpeyes.devices.simulator.camera import Device
from sharpeyes.devices.simulator.encoding import Clip, Stream
from sharpeyes.devices.simulator.scene import Scene
from sharpeyes.devices.simulator.settings import FleetSettings


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class World:
    """The cameras by address, their scenes, the clock, and the account that they have in common.

    Args:
        settings: of the fleet.
        devices: by address.
        scenes: by name.
        clips: by scene and stream.
        monotonic: seconds that only grow.
        utc_now: the true time, aware.
    """

    settings: FleetSettings
    devices: Mapping[str, Device]
    scenes: Mapping[str, Scene]
    clips: Mapping[str, Mapping[Stream, Clip]]
    monotonic: Callable[[], float] = time.monotonic
    utc_now: Callable[[], datetime] = _utc_now
    _started_s: float = field(init=False)
    _secret: bytes = field(init=False, repr=False, default_factory=lambda: secrets.token_bytes(16))

    def __post_init__(self) -> None:
        """Let the scenes begin now."""
        self._started_s = self.monotonic()

    @property
    def credentials(self) -> Credentials:
        """Of every camera's account."""
        return Credentials(self.settings.username, self.settings.password.get_secret_value())

    def device_of(self, transport: asyncio.BaseTransport) -> Device:
        """The device at whose address a connection arrived."""
        return self.devices[transport.get_extra_info("sockname")[0]]

    def clip(self, device: Device, stream: Stream) -> Clip:
        """What a stream of a device shows."""
        return self.clips[device.camera.scene][stream]

    def scene_time_s(self, device: Device) -> float:
        """Where a device's view is in its scene; it stands still while frozen."""
        if device.frozen_at_s is not None:
            return device.frozen_at_s
        passed_s = (self.monotonic() - self._started_s) * self.settings.speed_ratio
        camera = device.camera
        return (passed_s + self.settings.scene_start_s + camera.offset_s) % self.scenes[
            camera.scene
        ].loop_s

    def device_time(self, device: Device) -> datetime:
        """What a device's clock says, aware UTC."""
        return self.utc_now() + timedelta(seconds=device.clock_offset_s)

    def refuse(self, device: Device, request: Request, *, qop: bool) -> str | None:
        """Check a request's credentials, counting failures.

        Args:
            device: who is asked.
            request: what was sent.
            qop: whether the challenge names a quality of protection, as HTTP's does.

        Returns:
            None if it may go on; otherwise the challenge to answer with.
        """
        scheme = self.settings.auth
        # A device's nonce is the same for the whole run: there is no state to keep for it.
        code = device.camera.device_code.encode()
        nonce = hmac.new(self._secret, code, hashlib.sha256).hexdigest()[:32]
        verdict = judge(request, scheme, self.credentials, nonce)
        if verdict in (Verdict.RIGHT, Verdict.WRONG) and device.admit(
            right=verdict is Verdict.RIGHT, now_s=self.monotonic()
        ):
            return None
        return challenge(scheme, nonce, qop=qop, stale=verdict is Verdict.STALE)
