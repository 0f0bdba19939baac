"""Why a device did not give what was asked for.

A fault is the expected failure of a network function and therefore its value, not an exception:
``check_rtsp(...) -> RtspDescription | Fault``.
"""

import errno
import socket
from dataclasses import dataclass
from enum import StrEnum

_OUR_OWN_LIMITS = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
)
_LONGEST_QUOTE = 80


class FaultKind(StrEnum):
    """What went wrong, coarsely enough to decide by."""

    NETWORK = "network"
    """No connection, or the device ended it: refused, unreachable, unknown name, timed out."""
    SILENT = "silent"
    """Connected, but no answer or too slow an answer."""
    AUTH = "auth"
    """Credentials were refused, or are needed and not known."""
    PROTOCOL = "protocol"
    """An answer that cannot be used: garbled, oversized, redirected, of the wrong status."""
    NO_FRAMES = "no_frames"
    """All answers were right, but no picture came."""
    UNREADABLE = "unreadable"
    """It offers video in a codec that we do not read; others see through it."""
    BUSY = "busy"
    """The device says it has no room for us now."""
    LOCAL = "local"
    """We could not ask, for want of sockets or memory here; it says nothing about the device."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure, told to an operator.

    Args:
        kind: What went wrong.
        evidence: One sentence with the address and port asked; never a secret, a path or a query
            string (some makers put passwords there).
    """

    kind: FaultKind
    evidence: str


def quoted(text: str) -> str:
    """Return what a device said, shortened and made safe to print on a terminal or a page."""
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    if len(printable) > _LONGEST_QUOTE:
        printable = printable[: _LONGEST_QUOTE - 1] + "…"
    return f'"{printable.strip()}"'


def connection_fault(endpoint: str, error: OSError) -> Fault:
    """Return what an error of connecting to ``endpoint`` ("10.0.0.5:554"), or of talking, means."""
    if error.errno in _OUR_OWN_LIMITS and not isinstance(error, socket.gaierror):
        return Fault(FaultKind.LOCAL, f"{endpoint} was not asked: {error.strerror} on our side")
    match error:
        case socket.gaierror():
            told = "has a host name that cannot be resolved"
        case ConnectionRefusedError():
            told = "refuses connections: nothing listens on that port, or a firewall rejects us"
        case ConnectionResetError() | BrokenPipeError():
            told = "broke the connection off"
        case TimeoutError():
            told = "does not react to connection attempts"
        case _ if error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
            told = "cannot be reached: there is no route, or nothing has that address"
        case _:
            told = f"cannot be connected to: {error.strerror or type(error).__name__}"
    return Fault(FaultKind.NETWORK, f"{endpoint} {told}")
