"""What single fields may hold. Each check returns the reason for refusing, or None.

Addresses and paths of devices are in `addresses`.
"""

import math
import re
import unicodedata

NAME_MAX_CHARACTERS = 200

# China with its waters, in degrees: wide enough for every camera that a GB/T 2260 code can name.
_LONGITUDES = (73.0, 136.0)
_LATITUDES = (3.0, 54.0)

_DIVISION_CODE = re.compile(
    r"[0-9]{6}([0-9]{3}([0-9]{3}([0-9]{2})?)?)?|[A-Z][A-Z0-9]{1,15}", re.ASCII
)

_POLICE_STATION_CODE = re.compile(r"[0-9]{12}", re.ASCII)

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
    return name_unseen(text)


def name_unseen(text: str) -> str | None:
    """Name the first character that a screen would obey, or hide, instead of showing it."""
    if text.isprintable():
        return None
    for position, character in enumerate(text, start=1):
        unseen = _UNSEEN.get(unicodedata.category(character))
        if unseen is not None:
            return f"has {unseen} U+{ord(character):04X} at character {position}"
    return None


def refuse_division_code(code: str) -> str | None:
    """Check the form of a division's code, national or local."""
    if _DIVISION_CODE.fullmatch(code):
        return None
    return (
        "must be 6, 9, 12 or 14 digits (district, street, community, grid), "
        "or for a local division 2-16 of A-Z and 0-9 that start with a letter"
    )


def refuse_police_station_code(code: str) -> str | None:
    """Check the form of a police station's code (GA/T 380)."""
    return None if _POLICE_STATION_CODE.fullmatch(code) else "must be 12 digits (GA/T 380)"


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
        return "looks like latitude and longitude are swapped: exchange them"
    return "lies outside China (longitude 73-136, latitude 3-54)"


def _inside(longitude: float, latitude: float) -> bool:
    return (
        _LONGITUDES[0] <= longitude <= _LONGITUDES[1] and _LATITUDES[0] <= latitude <= _LATITUDES[1]
    )
