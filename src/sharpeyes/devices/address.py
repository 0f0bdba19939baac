"""Where a device listens: addresses as registered, and addresses as devices return them."""

import re
import socket
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from sharpeyes.devices.errors import DeviceUrlError, HttpUrlError, RtspUrlError

_DEFAULT_PORTS = {"rtsp": 554, "http": 80, "https": 443}
_LONGEST_URL = 2_048
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?\Z")
_PORTS = 65_536
# Long enough for any camera; with a host name it stays below the longest address.
_PATH = re.compile(r"/[\x21-\x22\x24-\x7e]{0,1023}\Z")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """One checked address.

    Args:
        url: The address as it is sent: scheme, host, port if one was given, path and query.
        host: Host name or IP address, without the brackets of IPv6.
        port: The port given, or the scheme's own.
    """

    url: str
    host: str
    port: int

    @property
    def endpoint(self) -> str:
        """Host and port, as evidence names them."""
        return endpoint(self.host, self.port)

    @classmethod
    def of_rtsp(cls, url: str) -> Self:
        """Check an RTSP address.

        Raises:
            RtspUrlError: It is not one, or carries a user name or password.
        """
        try:
            return cls(url, *_host_and_port(_split(url, {"rtsp"})))
        except DeviceUrlError as error:
            raise RtspUrlError(f"RTSP address: {error}") from None

    @classmethod
    def of_stream(cls, host: str, port: int, path: str) -> Self:
        """Check an RTSP address by its parts: a third of the cost of taking it apart.

        Args:
            host: Host name or IP address, without the brackets of IPv6.
            port: 1 to 65535.
            path: Path and query, from ``/`` on.

        Raises:
            RtspUrlError: It is not one.
        """
        url = f"rtsp://{endpoint(host, port)}{path}"
        if not (_is_host(host) and 0 < port < _PORTS and _PATH.match(path)):
            return cls.of_rtsp(url)
        return cls(url, host, port)

    @classmethod
    def of_http(cls, url: str) -> Self:
        """Check an HTTP or HTTPS address.

        Raises:
            HttpUrlError: It is not one, or carries a user name or password.
        """
        try:
            return cls(url, *_host_and_port(_split(url, {"http", "https"})))
        except DeviceUrlError as error:
            raise HttpUrlError(f"HTTP address: {error}") from None


def endpoint(host: str, port: int) -> str:
    """Return host and port as one word, IPv6 addresses in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def on_registered_host(returned_url: str, host: str, schemes: set[str]) -> str:
    """Return an address that a device told us, but on the host it is registered with.

    Devices behind address translation tell their inner address, and a hostile one may tell any:
    only scheme, port, path and query are taken from it, and a user name in it is dropped.

    Args:
        returned_url: What the device said.
        host: The registered host.
        schemes: The schemes that make sense for what was asked.

    Raises:
        DeviceUrlError: It is not an address of one of these schemes.
    """
    parts = _split(returned_url.strip(), schemes, userinfo_allowed=True)
    _, port = _host_and_port(parts)
    netloc = endpoint(host, port) if parts.port else endpoint(host, port).removesuffix(f":{port}")
    return parts._replace(scheme=parts.scheme.lower(), netloc=netloc, fragment="").geturl()


def _split(url: str, schemes: set[str], *, userinfo_allowed: bool = False) -> SplitResult:
    if len(url) > _LONGEST_URL:
        raise DeviceUrlError(f"longer than {_LONGEST_URL} characters")
    if not _VISIBLE_ASCII.match(url):
        raise DeviceUrlError("has spaces or characters outside ASCII; percent-encode them")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise DeviceUrlError("cannot be read as an address") from None
    if parts.scheme not in schemes:
        raise DeviceUrlError(f"must start with {' or '.join(f'{s}://' for s in sorted(schemes))}")
    if "@" in parts.netloc and not userinfo_allowed:
        raise DeviceUrlError(
            "carries a user name or password (before the @); register them as credentials instead"
        )
    return parts


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    try:
        port = parts.port
    except ValueError:
        raise DeviceUrlError("has a port that is not a number from 1 to 65535") from None
    if port == 0:
        raise DeviceUrlError("has a port that is not a number from 1 to 65535")
    host = parts.hostname or ""
    if not _is_host(host):
        raise DeviceUrlError("has no usable host name or IP address")
    return host, port or _DEFAULT_PORTS[parts.scheme]


def _is_host(host: str) -> bool:
    try:
        # On the path of every check, so not the six times slower ipaddress.
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        # A name of digits and dots only would be an address with a typing error.
        return bool(_HOST_NAME.match(host)) and not re.fullmatch(r"[\d.]+", host)
    return True
