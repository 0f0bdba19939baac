"""What an endpoint may be called, and which addresses may be stored for one."""

import ipaddress
import re

from yarl import URL

from sharpeyes.events.address import denial
from sharpeyes.events.closed_ports import NO_PORTS, OwnPorts
from sharpeyes.events.errors import EndpointInvalidError
from sharpeyes.events.settings import EventSettings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_LONGEST_URL = 2000


def check_name(name: str) -> None:
    """Refuse a name that could not be typed or printed everywhere.

    Raises:
        EndpointInvalidError: With the reason.
    """
    if not _NAME.fullmatch(name):
        raise EndpointInvalidError(
            "name",
            f"name {name[:80]!r} is not 1 to 63 letters, digits, dots, underscores "
            "or hyphens, beginning with a letter or digit",
        )


def check_url(url: str, settings: EventSettings, own: OwnPorts = NO_PORTS) -> None:
    """Refuse an address that must not be stored, or that could never be dialled.

    Names are not resolved here: what counts is the address that they lead to when it is dialled.

    Raises:
        EndpointInvalidError: With the reason; never with a user name, password or query.
    """
    reason = _url_problem(url, settings, own)
    if reason is not None:
        raise EndpointInvalidError("url", f"URL {reason}")


def _url_problem(url: str, settings: EventSettings, own: OwnPorts) -> str | None:
    if len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        return f"is longer than {_LONGEST_URL} characters or has spaces or control characters"
    try:
        parts = URL(url)
        host = parts.host if parts.port else None
        # What the resolver does with a name: it refuses empty and overlong parts of one.
        (parts.raw_host or "").encode("idna")
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        return "cannot be read: expected http://HOST:PORT/PATH or https://HOST:PORT/PATH"
    # Looked for in the text: an empty user name is gone from the parts.
    if "@" in url.partition("://")[2].partition("/")[0]:
        return "has a user name or password in it: deliveries are signed instead"
    if "?" in url or "#" in url:
        return "has a query or fragment in it: give a plain path, for no secret may be in a URL"
    assert parts.port is not None
    return _literal_problem(host, parts.port, settings, own)


def _literal_problem(host: str, port: int, settings: EventSettings, own: OwnPorts) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None  # a name
    refused = denial(address, port, settings, own)
    return None if refused is None else f"cannot be used: {refused}"
