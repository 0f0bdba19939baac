"""Taking the HTTP port."""

from __future__ import annotations

import socket

from sharpeyes.service.errors import ServiceError
from sharpeyes.service.settings import HttpSettings


class AddressInUseError(ServiceError):
    """The HTTP port belongs to another program, or to another Sharp Eyes."""


def listen(settings: HttpSettings) -> socket.socket:
    """Take the HTTP port.

    Raises:
        AddressInUseError: It cannot be listened on.
    """
    host, port = settings.host, settings.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            # A port whose last owner has just ended may be taken at once.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise AddressInUseError(
            f"cannot serve on {host}:{port}: {error.strerror}; set http.host or http.port"
        ) from None
    return listener
