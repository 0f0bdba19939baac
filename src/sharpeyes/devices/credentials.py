"""What a device asks for before it answers."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password of one device.

    The password is left out of ``repr`` and ``str``, so that neither a log line nor a traceback
    that prints its variables can carry it.
    """

    username: str
    password: str = field(repr=False)


class LoginPermit(Protocol):
    """Whether an open connection may go on sending its password, which may have been changed.

    A device that is told a wrong one by each of its open streams locks the account.
    """

    def may_send(self) -> bool:
        """Whether the device has not refused it meanwhile, to whomever."""
        ...

    def refused(self) -> None:
        """Note that the device refuses what it took before."""
        ...
