"""What single fields may hold. Each check returns the reason for refusing, or None."""

import ipaddress
import math
import re
import unicodedata

NAME_MAX_CHARACTERS = 200
_PATH_MAX_CHARACTERS = 512
_HOST_MAX_CHARACTERS = 253

# China with its waters, in degrees: wide enough for every camera that a GB/T 2260 code can name.
_LONGITUDES = (73.0, 136.0)
_LATITUDES = (3.0, 54.0)

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)
_PATH = re.compile(r"/[!-~]*", re.ASCII)
# Some makers' addresses carry the password: /user=admin&password=1234&channel=1
_PASSWORD_IN_PATH = re.compile(r"((?:password|passwd|pass|pwd|psw|pw)=)[^&]*", re.IGNORECASE)
_DIVISION_CODE = re.compile(
    r"[0-9]{6}([0-9]{3}([0-9]{3}([0-9]{2})?)?)?|[A-Z][A-Z0-9]{1,15}", re.ASCII
)

_FOLDED = str.maketrans(
    {**{chr(w): chr(w - 0xFEE0) for w in range(0xFF01, 0xFF5F)}, "　": " ", "。": "."}
)

_UNSEEN = {
    "Cc": "the control character",
    "Cf": "the invisible character",
    "Cs": "half of a character,",
    "Zl": "the line break",
    "Zp": "the line break",
}


def fold(text: str) -> str:
    """Write full-width letters, digits and signs as what they stand for: `４２Ａ` is `42A`.

    For codes and addresses, of which two that differ in width only are the same.
    """
    return text if text.isascii() else text.translate(_FOLDED).strip()


def refuse_text(text: str, *, longest: int = NAME_MAX_CHARACTERS) -> str | None:
    """Check a text that people read.

    Anything visible is welcome, `<b>` and `=1+1` too: it is text wherever it is shown. Control
    characters and direction marks are not, for they make a screen show something else.
    Characters of private use are, for GB 18030 names have them.
    """
    if not text.strip():
        return "must not be empty"
    if len(text) > longest:
        return f"has {len(text)} characters, more than {longest}"
    for position, character in enumerate(text, start=1):
        unseen = _UNSEEN.get(unicodedata.category(character))
        if unseen is not None:
            return f"has {unseen} U+{ord(character):04X} at character {position}"
    return None


def refuse_host(host: str) -> str | None:
    """Check a device's address: an IPv4 or IPv6 address or a host name, and nothing beside it."""
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


def refuse_division_code(code: str) -> str | None:
    """Check the form of a division's code, national or local."""
    if _DIVISION_CODE.fullmatch(code):
        return None
    return (
        "must be 6, 9, 12 or 14 digits (district, street, community, grid), "
        "or for a local division 2-16 of A-Z and 0-9 that start with a letter"
    )


def refuse_port(port: int) -> str | None:
    """Check a TCP port."""
    return None if 1 <= port <= 65535 else "must be 1-65535"  # noqa: PLR2004  # what TCP has


def refuse_number(number: float, least: float, most: float) -> str | None:
    """Check a number against its bounds, both allowed; NaN and infinities are refused."""
    if math.isfinite(number) and least <= number <= most:
        return None
    return f"must be {least:g} to {most:g}"


def refuse_position(longitude: float, latitude: float) -> str | None:
    """Check a position in WGS-84 degrees."""
    if _inside(longitude, latitude):
        return None
    if _inside(latitude, longitude):
        return "longitude and latitude look swapped"
    return "lies outside China (longitude 73-136, latitude 3-54)"


def _inside(longitude: float, latitude: float) -> bool:
    return (
        _LONGITUDES[0] <= longitude <= _LONGITUDES[1] and _LATITUDES[0] <= latitude <= _LATITUDES[1]
    )
