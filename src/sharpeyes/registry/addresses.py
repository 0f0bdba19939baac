"""Addresses of devices: how they are written, and which are refused.

Each check returns the reason for refusing, or None.
"""

import ipaddress
import re
import socket

from sharpeyes.registry.fields import fold

_PATH_MAX_CHARACTERS = 512
_HOST_MAX_CHARACTERS = 253
_MULTICAST_FROM = 224

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)
_PATH = re.compile(r"/[!-~]*", re.ASCII)
# Some makers' addresses carry the password: /user=admin&password=1234&channel=1
_PASSWORD_IN_PATH = re.compile(r"((?:password|passwd|pass|pwd|psw|pw)=)[^&]*", re.IGNORECASE)
_MAC = re.compile(r"[0-9A-F]{2}(?:-[0-9A-F]{2}){5}", re.ASCII)
# The lowest bit of the first byte is set in addresses of groups.
_MAC_OF_ONE = re.compile(r"[0-9A-F][02468ACE](?:-[0-9A-F]{2}){5}", re.ASCII)
_MAC_DIGITS = re.compile(r"[0-9A-F]{12}", re.ASCII)
_MAC_SIGNS = str.maketrans("", "", "-:. ")
_NOBODY = "00-00-00-00-00-00"


def tidy_host(host: str) -> str:
    """Write an address or host name in lower case, without brackets, IPv6 in its short form."""
    host = fold(host).lower()
    if host.startswith("["):
        host = host.removeprefix("[").removesuffix("]")
    return tidy_ipv6(host) if ":" in host else host


def tidy_ipv6(address: str) -> str:
    """Write an IPv6 address in its short form (RFC 5952); leave what is none as it is."""
    folded = fold(address).lower()
    packed = _packed(socket.AF_INET6, folded)
    return folded if packed is None else socket.inet_ntop(socket.AF_INET6, packed)


def tidy_mac(address: str) -> str:
    """Write a MAC address as `AA-BB-CC-DD-EE-FF`; leave what is none as it is."""
    if _MAC.fullmatch(address):
        return address
    digits = fold(address).upper().translate(_MAC_SIGNS)
    if not _MAC_DIGITS.fullmatch(digits):
        return fold(address)
    return "-".join(digits[start : start + 2] for start in range(0, 12, 2))


def refuse_mac(address: str) -> str | None:
    """Check a MAC address that `tidy_mac` has written."""
    if _MAC_OF_ONE.fullmatch(address) and address != _NOBODY:
        return None
    if _MAC.fullmatch(address):
        return "is not the MAC address of one device"
    return "must be a MAC address such as AA-BB-CC-DD-EE-FF"


def refuse_ipv4(address: str) -> str | None:
    """Check an IPv4 address of a device."""
    packed = _packed(socket.AF_INET, address)
    if packed is None:
        if _packed(socket.AF_INET6, address) is not None:
            return "is an IPv6 address: it belongs into ipv6"
        return "must be an IPv4 address such as 10.0.0.5"
    if packed[0] in {0, 127} or packed[0] >= _MULTICAST_FROM:
        return "is not the address of one device"
    return None


def refuse_ipv6(address: str) -> str | None:
    """Check an IPv6 address of a device."""
    packed = _packed(socket.AF_INET6, address)
    if packed is None:
        if _packed(socket.AF_INET, address) is not None:
            return "is an IPv4 address: it belongs into ipv4"
        return "must be an IPv6 address such as 2001:db8::5"
    # Multicast starts with FF; nothing but zeros in front is "any" or this very machine.
    if packed[0] == 0xFF or not any(packed[:-1]):  # noqa: PLR2004
        return "is not the address of one device"
    return None


def _packed(family: socket.AddressFamily, address: str) -> bytes | None:
    try:
        return socket.inet_pton(family, address)
    except (OSError, ValueError):
        return None


def refuse_host(host: str) -> str | None:
    """Check a device's address: an IPv4 or IPv6 address or a host name, and nothing beside it."""
    if (packed := _packed(socket.AF_INET, host)) and 0 < packed[0] < _MULTICAST_FROM:
        return None
    if "://" in host or "@" in host or "/" in host:
        return "must be an address or a host name alone, without scheme, user or path"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _refuse_host_name(host)
    if "%" in host:
        return "has a scope (%), which means nothing on another machine"
    if address.is_multicast or address.is_unspecified or host == "255.255.255.255":
        return "is not the address of one device"
    return None


def _refuse_host_name(host: str) -> str | None:
    if ":" in host:
        return "is no IPv6 address; a port has a field of its own"
    labels = host.removesuffix(".").split(".")
    if len(host) > _HOST_MAX_CHARACTERS or not all(map(_LABEL.fullmatch, labels)):
        return "is neither an IP address nor a host name"
    # Resolvers read such "names" as addresses in octal, or with parts left out.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1], re.ASCII | re.IGNORECASE):
        return "is no IPv4 address"
    return None


def refuse_path(path: str) -> str | None:
    """Check a path on the device, with its query."""
    if not path.startswith("/"):
        return "must start with /"
    if len(path) > _PATH_MAX_CHARACTERS:
        return f"has {len(path)} characters, more than {_PATH_MAX_CHARACTERS}"
    if not _PATH.fullmatch(path):
        return "must be printable ASCII without spaces; write other characters as %XX"
    if _PASSWORD_IN_PATH.search(path):
        return "must not hold a password; store it with the camera's credentials"
    return None


def hide_password(path: str) -> str:
    """Replace what a path gives as a password, so that the path can be shown."""
    return _PASSWORD_IN_PATH.sub(r"\1***", path)
