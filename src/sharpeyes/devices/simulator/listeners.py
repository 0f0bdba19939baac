"""The sockets on which a fleet can be reached."""

import asyncio
import errno
from collections.abc import Callable

from sharpeyes.devices.simulator.errors import AddressError

ProtocolFactory = Callable[[], asyncio.BaseProtocol]

_BACKLOG = 64


class Listeners:
    """Opens and closes addresses one by one, each with the same ports.

    One address is one camera, so a camera that is down really refuses connections.

    Args:
        factories: what to speak on which port.
    """

    def __init__(self, factories: dict[int, ProtocolFactory]) -> None:
        self._factories = factories
        self._servers: dict[str, list[asyncio.Server]] = {}

    async def open(self, host: str) -> None:
        """Listen on an address; nothing happens if that is so already.

        Raises:
            AddressError: the operating system does not let us.
        """
        if host in self._servers:
            return
        servers = self._servers[host] = []
        for port, factory in self._factories.items():
            try:
                loop = asyncio.get_running_loop()
                servers.append(await loop.create_server(factory, host, port, backlog=_BACKLOG))
            except OSError as error:
                self.close(host)
                raise AddressError(_explain(host, port, error)) from error

    def close(self, host: str) -> None:
        """Refuse connections to an address from now on; open ones stay."""
        for server in self._servers.pop(host, []):
            server.close()

    def close_all(self) -> None:
        """Refuse connections to every address."""
        for host in list(self._servers):
            self.close(host)


def _explain(host: str, port: int, error: OSError) -> str:
    where = f"cannot listen on {host} port {port}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where}: another program uses it; choose another address or port"
        case errno.EACCES:
            return f"{where}: ports below 1024 are for root only; choose a higher port"
        case errno.EADDRNOTAVAIL:
            return (
                f"{where}: this system has no such address; Linux has all of 127.0.0.0/8, others"
                " must be given each address first"
            )
        case errno.EMFILE | errno.ENFILE:
            return f"{where}: too many open files; raise the limit (ulimit -n) or use fewer cameras"
        case _:
            return f"{where}: {error.strerror or error}"
