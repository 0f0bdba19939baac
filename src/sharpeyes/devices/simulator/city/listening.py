"""The sockets on which a whole city can be called."""

import errno
import socket
import sys

from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.packet_filter import answer_only, share_by_switch
from sharpeyes.devices.simulator.errors import AddressError

BACKLOG = 4_096


def listen(layout: Layout, port: int, processes: int) -> list[socket.socket]:
    """Open a port for all addresses of a city, and for no other.

    Args:
        layout: the city.
        port: which.
        processes: how many share it.

    Returns:
        A socket for each process; they hear the devices of different switches.

    Raises:
        AddressError: the operating system does not let us.
    """
    opened: list[socket.socket] = []
    try:
        for _ in range(processes):
            listening = socket.socket()
            opened.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if processes > 1:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            # Bound to all addresses: the filter comes first, so that nobody from outside is heard.
            answer_only(listening, layout.first_network, layout.last_address, ())
            listening.bind(("0.0.0.0", port))  # noqa: S104  # see above
            listening.listen(BACKLOG)
            listening.setblocking(False)  # the method has no keyword
        if processes > 1:
            share_by_switch(opened[0], processes)
    except OSError as error:
        close(opened)
        raise AddressError(_explain(port, error)) from error
    return opened


def close(sockets: list[socket.socket]) -> None:
    """Close all."""
    for listening in sockets:
        listening.close()


def _explain(port: int, error: OSError) -> str:
    where = f"cannot listen on port {port}"
    if not sys.platform.startswith("linux"):
        return f"{where}: a simulated city needs Linux and its socket filters"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where}: another program uses it on some address; choose another port"
        case errno.EACCES:
            return f"{where}: ports below 1024 are for root only; choose a higher port"
        case _:
            return f"{where}: {error.strerror or error}"
