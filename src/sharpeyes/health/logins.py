"""Which devices may be sent a password: they lock an account, or our address, after a few bad ones.

Hikvision locks an account for 30 minutes after five bad logins, Dahua blocks the source address.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class _Device:
    refusals: int = 0
    last_refusal_s: float = 0.0
    under_way: int = 0


class LoginGuard:
    """Counts refused passwords by device address: the channels of a recorder share their luck.

    After `refusals_to_block` refusals no password is sent until the record changes (`forget`) or
    the block has passed; then one refusal is enough to block again. Logins that are under way
    count like refusals, or many channels of one recorder could fail at once. Only devices that
    refuse, or are being asked, cost memory. It reads no clock: moments are seconds of a steady
    one.

    Args:
        refusals_to_block: refusals after which no more passwords are sent.
        block_s: for how long.
    """

    def __init__(self, *, refusals_to_block: int, block_s: float) -> None:
        self._refusals_to_block = refusals_to_block
        self._block_s = block_s
        self._devices: dict[str, _Device] = {}

    def blocked_for_s(self, host: str, now_s: float) -> float:
        """Return for how many seconds yet a device is sent no password; 0 if it is not blocked."""
        device = self._devices.get(host)
        if device is None or device.refusals < self._refusals_to_block:
            return 0.0
        return max(0.0, device.last_refusal_s + self._block_s - now_s)

    def begin(self, host: str, now_s: float) -> bool:
        """Ask to send a device a password; if granted, `end` must be called.

        Returns:
            False while the device is blocked, or while so many logins are under way that their
            refusal would bring it near its limit.
        """
        if self.blocked_for_s(host, now_s):
            return False
        device = self._devices.setdefault(host, _Device())
        # After a block has passed one login at a time may try again.
        refusals = min(device.refusals, self._refusals_to_block - 1)
        if refusals + device.under_way >= self._refusals_to_block:
            return False
        device.under_way += 1
        return True

    def end(self, host: str, now_s: float, *, accepted: bool | None) -> None:
        """Note how a login ended.

        Args:
            host: the device's address.
            now_s: the present.
            accepted: None if it ended before the device had an opinion of the password.
        """
        device = self._devices[host]
        device.under_way -= 1
        if accepted:
            device.refusals = 0
        elif accepted is False:
            device.refusals += 1
            device.last_refusal_s = now_s
        self._tidy(host)

    def block(self, host: str, now_s: float) -> None:
        """Block a device that, by the stored status, was refusing before a restart."""
        device = self._devices.setdefault(host, _Device())
        device.refusals, device.last_refusal_s = self._refusals_to_block, now_s

    def forget(self, host: str) -> None:
        """Start anew: an engineer has changed the record or the password."""
        if device := self._devices.get(host):
            device.refusals = 0
            self._tidy(host)

    def _tidy(self, host: str) -> None:
        device = self._devices[host]
        if not device.refusals and not device.under_way:
            del self._devices[host]
