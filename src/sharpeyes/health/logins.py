"""Which devices may be sent which password: they lock an account after a few bad ones.

Hikvision locks an account for 30 minutes after five bad logins, Dahua blocks the source address.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sharpeyes.devices.credentials import Credentials

LOCKING_REFUSALS = 5
"""Bad logins at which devices lock an account."""

_REMEMBERED_S = 2_100.0
"""For how long devices may remember them: most lock for 30 min."""

_AT_ONE_ADDRESS = LOCKING_REFUSALS - 2
"""Bad logins at one address in that time, whosever they are; one is kept for an open stream whose
password changes, and one for somebody else."""


@dataclass(slots=True)
class _Login:
    refusals: int = 0
    last_refusal_s: float = 0.0
    under_way: int = 0
    second_chances: int = 0


@dataclass(slots=True)
class _Device:
    logins: dict[Credentials, _Login] = field(default_factory=dict)
    refused_at_s: deque[float] = field(default_factory=lambda: deque(maxlen=LOCKING_REFUSALS))

    def attempts(self, now_s: float) -> int:
        """Count bad logins that the device remembers, and those that may yet become such."""
        return len(self._recent_s(now_s)) + sum(login.under_way for login in self.logins.values())

    def full_for_s(self, now_s: float) -> float:
        """Return for how long bad logins alone leave room for none; 0 where there is some."""
        recent_s = self._recent_s(now_s)
        if len(recent_s) < _AT_ONE_ADDRESS:
            return 0.0
        return recent_s[-_AT_ONE_ADDRESS] + _REMEMBERED_S - now_s

    def _recent_s(self, now_s: float) -> list[float]:
        return [at_s for at_s in self.refused_at_s if now_s - at_s < _REMEMBERED_S]


@dataclass(frozen=True, slots=True)
class StreamPermit:
    """What one open stream may go on sending; a `LoginPermit`."""

    logins: "LoginGuard"
    host: str
    credentials: Credentials
    monotonic_s: Callable[[], float]

    def may_send(self) -> bool:
        """Whether the device has not refused it meanwhile, to whomever."""
        return not self.logins.blocked_for_s(self.host, self.credentials, self.monotonic_s())

    def refused(self) -> None:
        """Note that the device refuses what it took before: the password was changed."""
        self.logins.block(self.host, self.credentials, self.monotonic_s())


class LoginGuard:
    """Counts refusals by device address and by what was refused.

    The channels of a recorder share their luck where they share credentials; one that is
    registered with a wrong password is not forgiven for the others' sake, nor does it keep them
    out, unless several such have brought the device near the number that makes it lock.
    After `refusals_to_block` refusals no such password is sent until the block has passed; then
    one refusal is enough to block again. An edit of the record (`try_again`) grants one try more,
    as long as the device does not come near the number that makes it lock. Logins that are under
    way count like refusals, or many channels of one recorder could fail at once. Only devices
    that refuse, or are being asked, cost memory. It reads no clock: moments are seconds of a
    steady one.

    Args:
        refusals_to_block: refusals after which no more passwords are sent; below
            `LOCKING_REFUSALS`.
        block_s: for how long.
    """

    def __init__(self, *, refusals_to_block: int, block_s: float) -> None:
        self._refusals_to_block = refusals_to_block
        self._block_s = block_s
        self._devices: dict[str, _Device] = {}

    def blocked_for_s(self, host: str, credentials: Credentials, now_s: float) -> float:
        """Return for how many seconds yet a device is not sent what it refused; 0 if it may be.

        That is so after `refusals_to_block` refusals; and after one, where those of others leave no
        room for a second: else nobody would be told for as long. Of what it never refused, 0.
        """
        device = self._devices.get(host)
        login = device.logins.get(credentials) if device else None
        if device is None or login is None or not login.refusals:
            return 0.0
        if login.refusals < self._refusals_to_block:
            return device.full_for_s(now_s)
        return max(0.0, login.last_refusal_s + self._block_s - now_s)

    def begin(self, host: str, credentials: Credentials, now_s: float) -> bool:
        """Ask to send a device a password; if granted, `end` must be called.

        Returns:
            False while it is blocked, or while so many logins are under way that their refusal
            would bring the device near its limit.
        """
        if self.blocked_for_s(host, credentials, now_s):
            return False
        login = self._login(host, credentials)
        # After a block has passed one login at a time may try again.
        refusals = min(login.refusals, self._refusals_to_block - 1)
        if refusals + login.under_way >= self._refusals_to_block:
            return False
        if self._devices[host].attempts(now_s) >= _AT_ONE_ADDRESS:
            self._forget(host, credentials, now_s)
            return False
        if now_s >= login.last_refusal_s + self._block_s:
            login.second_chances = 0
        login.under_way += 1
        return True

    def end(
        self, host: str, credentials: Credentials, now_s: float, *, accepted: bool | None
    ) -> None:
        """Note how a login ended.

        Args:
            host: the device's address.
            credentials: what it was sent.
            now_s: the present.
            accepted: None if it ended before the device had an opinion of the password.
        """
        login = self._devices[host].logins[credentials]
        login.under_way -= 1
        if accepted:
            login.refusals = 0
        elif accepted is False:
            login.refusals += 1
            login.last_refusal_s = now_s
            self._devices[host].refused_at_s.append(now_s)
        self._forget(host, credentials, now_s)

    def block(self, host: str, credentials: Credentials, now_s: float) -> None:
        """Block what a device, by the stored status, was refusing before a restart."""
        login = self._login(host, credentials)
        login.refusals, login.last_refusal_s = self._refusals_to_block, now_s
        self._devices[host].refused_at_s.append(now_s)

    def permit(
        self, host: str, credentials: Credentials, monotonic_s: Callable[[], float]
    ) -> StreamPermit:
        """Return what an open stream asks before it sends its password again."""
        return StreamPermit(self, host, credentials, monotonic_s)

    def try_again(self, host: str) -> None:
        """Grant one try more, for an engineer has edited the record, perhaps for this."""
        # One below the last is kept for a stream that is open while the password changes: its
        # next sign of life is refused too.
        most = LOCKING_REFUSALS - 2 - self._refusals_to_block
        device = self._devices.get(host)
        for login in device.logins.values() if device else ():
            if login.refusals >= self._refusals_to_block and login.second_chances < most:
                login.refusals = self._refusals_to_block - 1
                login.second_chances += 1

    def _login(self, host: str, credentials: Credentials) -> _Login:
        device = self._devices.setdefault(host, _Device())
        return device.logins.setdefault(credentials, _Login())

    def _forget(self, host: str, credentials: Credentials, now_s: float) -> None:
        """Keep nothing of who is not suspected, nor of a device that remembers nothing."""
        device = self._devices[host]
        login = device.logins[credentials]
        if not login.refusals and not login.under_way:
            del device.logins[credentials]
        if not device.logins and not device.attempts(now_s):
            del self._devices[host]
