"""What a device asks for before it answers."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password of one device.

    The password is left out of ``repr`` and ``str``, so that neither a log line nor a traceback
    that prints its variables can carry it.
    """

    username: str
    password: str = field(repr=False)
