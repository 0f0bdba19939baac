"""Which addresses may be dialled, checked on the address that is really dialled.

Receivers live in private networks, so those are allowed. What is denied is this machine itself
(outside demonstrations), link-local and multicast addresses, and all that is no host's address. An
operator may narrow that down to networks and ports.
"""

import errno
import ipaddress
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import aiohttp

from sharpeyes.events.closed_ports import NO_PORTS, OwnPorts
from sharpeyes.events.settings import EventSettings

IpAddress = IPv4Address | IPv6Address

_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_NEVER: tuple[tuple[IPv4Network | IPv6Network, str], ...] = (
    (IPv4Network("0.0.0.0/8"), "this host or network"),
    (IPv4Network("169.254.0.0/16"), "link-local"),
    (IPv4Network("224.0.0.0/4"), "multicast"),
    (IPv4Network("240.0.0.0/4"), "reserved or broadcast"),
    (IPv6Network("::/128"), "this host"),
    (IPv6Network("fe80::/10"), "link-local"),
    (IPv6Network("ff00::/8"), "multicast"),
)
# Prefixes whose last four bytes are an IPv4 address (RFC 4291 2.5.5, RFC 6052).
_CARRIES_IPV4 = tuple(map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96", "::/96")))


def denial(
    address: IpAddress, port: int, settings: EventSettings, own: OwnPorts = NO_PORTS
) -> str | None:
    """Say why a port of an address may not be dialled, or None when it may be."""
    address = _without_disguise(address)
    if port in own.anywhere or (port in own.here and _is_here(address)):
        return f"port {port} of {address} is denied: our own"
    for network, kind in _NEVER:
        if address in network:
            return f"{address} is denied: {kind}"
    if any(address in network for network in _LOOPBACK):
        if not settings.allow_loopback:
            return f"{address} is denied: this machine"
        return _port_denial(port, settings)
    allowed = settings.allowed_networks
    if allowed and not any(address in network for network in allowed):
        return f"{address} is denied: in none of the allowed networks"
    return _port_denial(port, settings)


def _port_denial(port: int, settings: EventSettings) -> str | None:
    if settings.allowed_ports and port not in settings.allowed_ports:
        return f"port {port} is denied: none of the allowed ports"
    return None


def _is_here(address: IpAddress) -> bool:
    # Only an address of this machine's own can be bound.
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _without_disguise(address: IpAddress) -> IpAddress:
    if isinstance(address, IPv4Address) or int(address) <= 1:
        return address
    if any(address in network for network in _CARRIES_IPV4):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def open_session(settings: EventSettings, own: OwnPorts = NO_PORTS) -> aiohttp.ClientSession:
    """Open the session for receivers: it dials allowed addresses only, and remembers no cookies.

    The relay limits how much is under way; the session adds no limit, by which one slow endpoint
    could hold up the others.
    """
    connector = aiohttp.TCPConnector(limit=0, socket_factory=_guarded_sockets(settings, own))
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": "sharpeyes", "Accept-Encoding": "identity"},
    )


def _guarded_sockets(settings: EventSettings, own: OwnPorts) -> Callable[[Any], socket.socket]:
    # Called with each address that is about to be dialled, after names are resolved, so neither
    # a name that changes its address nor a literal in disguise gets past.
    def guarded_socket(address_info: Any) -> socket.socket:  # aiohttp's own tuple type is private
        family, kind, protocol, _, socket_address = address_info
        host, port = socket_address[:2]
        reason = denial(ipaddress.ip_address(host), port, settings, own)
        if reason is not None:
            raise PermissionError(errno.EACCES, reason)
        return socket.socket(family, kind, protocol)

    return guarded_socket
