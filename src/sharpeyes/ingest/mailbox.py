"""The one subscription that a camera keeps for us: made once, kept, made anew when it is gone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from sharpeyes.devices.credentials import Credentials, LoginPermit
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_events import Pulled, Subscription
from sharpeyes.ingest.camera_topics import is_wanted
from sharpeyes.ingest.listening_context import ListeningContext
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.errors import RegistryError
from sharpeyes.registry.outage import DATABASE_AWAY

# Between two questions there must be time for a renewal to fail and be tried again.
_RENEW_AT: Final = 0.5
_LONGER_S: Final = 1.0


class Device(Protocol):
    """The part of `EventClient` that is used."""

    @property
    def has_proved_password(self) -> bool:
        """Whether the device asked for the password and took it."""
        ...

    async def subscribe(self, lasting_s: float) -> Subscription | Fault:
        """Have a pull point made."""
        ...

    async def pull(
        self, subscription: Subscription, wait_s: float, wants: Callable[[str], bool]
    ) -> Pulled | Fault:
        """Take what has happened, or wait until something does."""
        ...

    async def renew(self, subscription: Subscription, lasting_s: float) -> float | Fault:
        """Have a pull point kept for longer."""
        ...

    async def unsubscribe(self, subscription: Subscription) -> Fault | None:
        """End a pull point."""
        ...


class Turns(Protocol):
    """Bounds how many cameras are asked at once."""

    def turn(self) -> AbstractAsyncContextManager[float]:
        """Wait for a turn; gives for how long the camera may wait in it."""
        ...


class Mailbox:
    """Asks one camera for what has happened, and keeps the subscription for it.

    It survives lost connections: another is made only once the camera has forgotten it, or says so.

    Args:
        context: what listening was given.
        turns: shared by all cameras of a worker.
        open_device: makes what asks a camera with these credentials.
        camera: one that can be listened to.
    """

    def __init__(
        self,
        context: ListeningContext,
        turns: Turns,
        open_device: Callable[[Camera, Credentials | None], Device],
        camera: Camera,
    ) -> None:
        assert camera.host is not None
        self._context = context
        self._turns = turns
        self._open_device = open_device
        self._camera = camera
        self._host = camera.host
        self._device: Device | None = None
        self._subscription: Subscription | None = None
        self._credentials: Credentials | None = None
        self._permit: LoginPermit | None = None
        self._may_renew = True
        self._ends_s = self._renew_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the camera keeps a subscription for us, by all we know."""
        return self._subscription is not None and self._context.monotonic_s() < self._ends_s

    async def open(self) -> Fault | None:
        """Subscribe; return why that was not possible.

        What was subscribed before is ended first: some cameras keep it long after its end.
        """
        fault = await self.end()
        if fault is not None and fault.kind not in {FaultKind.PROTOCOL, FaultKind.AUTH}:
            return fault
        self.forget()
        context, lasting_s = self._context, self._context.settings.lasting_s
        try:
            credentials = await context.credentials(self._camera.camera_id)
        except (*DATABASE_AWAY, RegistryError) as error:
            return Fault(FaultKind.LOCAL, f"credentials cannot be read: {error}")
        device, permit = self._open_device(self._camera, credentials), None
        async with self._turns.turn():
            if credentials is None:
                made = await device.subscribe(lasting_s)
            elif not context.logins.begin(self._host, credentials, context.monotonic_s()):
                return self._no_password()
            else:
                accepted: bool | None = None
                try:
                    made = await device.subscribe(lasting_s)
                    accepted = _accepted(device, made)
                finally:
                    now_s = context.monotonic_s()
                    context.logins.end(self._host, credentials, now_s, accepted=accepted)
                permit = context.logins.permit(self._host, credentials, context.monotonic_s)
        if isinstance(made, Fault):
            return made
        self._device, self._subscription = device, made
        self._credentials, self._permit, self._may_renew = credentials, permit, True
        self._keep(made.lasts_s)
        return None

    async def take(self) -> Pulled | Fault:
        """Take what has happened, or wait until something does; renew the subscription in time."""
        async with self._turns.turn() as wait_s:
            device, subscription = self._device, self._subscription
            assert device is not None
            assert subscription is not None
            if self._permit is not None and not self._permit.may_send():
                return self._no_password()
            fault = await self._renew(device, subscription, wait_s)
            if fault is not None:
                return fault
            pulled = await device.pull(subscription, wait_s, is_wanted)
        if isinstance(pulled, Fault):
            self._note_refusal(pulled)
        elif pulled.lasts_s is not None:
            self._note_left(min(pulled.lasts_s, self._context.settings.lasting_s))
        return pulled

    async def _renew(
        self, device: Device, subscription: Subscription, wait_s: float
    ) -> Fault | None:
        """Have the subscription kept for longer, in time."""
        now_s = self._context.monotonic_s()
        if now_s >= self._ends_s:
            return Fault(FaultKind.PROTOCOL, f"{self._host} let our subscription end")
        is_due = now_s >= self._renew_s or now_s + wait_s >= self._ends_s
        if not is_due or not self._may_renew:
            return None
        answer = await device.renew(subscription, self._context.settings.lasting_s)
        if not isinstance(answer, Fault):
            self._keep(answer)
            return None
        if answer.kind is FaultKind.PROTOCOL:
            # Many cannot be renewed. It is asked to its end, and then made anew.
            self._may_renew = False
            return None
        self._note_refusal(answer)
        return answer

    def _keep(self, lasts_s: float) -> None:
        """Note for how long the camera keeps it from now on."""
        now_s = self._context.monotonic_s()
        self._ends_s = now_s + lasts_s
        self._renew_s = now_s + _RENEW_AT * lasts_s

    def _note_left(self, left_s: float) -> None:
        """Note what a camera says of the time that is left.

        Being asked makes it longer at many makers, which then need not be told to; of the others it
        is renewed when that was due anyway.
        """
        ends_s = self._context.monotonic_s() + left_s
        if ends_s > self._ends_s + _LONGER_S:
            self._keep(left_s)
        self._ends_s = ends_s

    def _note_refusal(self, fault: Fault) -> None:
        """Count a password that is no longer taken as a bad login: whoever shares it must know."""
        if fault.kind is not FaultKind.AUTH or self._credentials is None:
            return
        logins, now_s = self._context.logins, self._context.monotonic_s()
        if logins.begin(self._host, self._credentials, now_s):
            logins.end(self._host, self._credentials, now_s, accepted=False)

    def _no_password(self) -> Fault:
        return Fault(FaultKind.AUTH, f"{self._host} is sent no password for now")

    async def end(self) -> Fault | None:
        """Give the camera its room back; return why that was not possible."""
        device, subscription = self._device, self._subscription
        if device is None or subscription is None:
            return None
        if self._permit is not None and not self._permit.may_send():
            return self._no_password()
        async with self._turns.turn():
            fault = await device.unsubscribe(subscription)
        if fault is None or fault.kind is FaultKind.PROTOCOL:
            # Ended, or not known there any more.
            self.forget()
        return fault

    def forget(self) -> None:
        """Leave the subscription to its end."""
        self._device = self._subscription = None


def _accepted(device: Device, made: Subscription | Fault) -> bool | None:
    """Return what a camera holds of the password; a camera that did not ask holds nothing."""
    if isinstance(made, Fault):
        return False if made.kind is FaultKind.AUTH else None
    return True if device.has_proved_password else None
