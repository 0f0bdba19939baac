"""Finding cameras: what is asked for, as conditions of a query and as what an index can answer."""

from __future__ import annotations

import re

import msgspec

from sharpeyes.registry.addresses import tidy_host
from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import Life, Tier
from sharpeyes.registry.errors import SearchError
from sharpeyes.registry.fields import refuse_text
from sharpeyes.registry.map_grid import map_cells
from sharpeyes.registry.tokens import (
    area_path,
    area_token,
    district_token,
    life_token,
    maker_token,
    place_kind_token,
    text_tokens,
    tier_token,
)

SHORTEST_WORD = 2

_CODE_DIGITS = 20
_LAST_DIGITS = 6
# Beyond so many cells a box leaves so much that an index does not help.
_CELLS_MAX = 4096
_HAS_WORD = " OR ".join(
    f'strpos(lower(c.{column} COLLATE "C"), {{0}}) > 0'
    for column in ("name", "place_name", "address")
)
_PLACE = re.compile(r"\$([0-9]+)", re.ASCII)
_DIGITS = re.compile(r"[0-9]{2,20}", re.ASCII)
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*", re.ASCII)
_ADDRESS_START = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}\.|[0-9]{1,3}(\.[0-9]{1,3}){1,2}")
_DISTRICT_DEPTH, _AREA_DEPTH = 2, 3


class CameraFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cameras are meant; all that is given must be so.

    Attributes:
        tier: Whose points.
        division_path: Only in the division with this path and below it.
        text: Words, each of two characters or more, in the name, the address or the place's name;
            or digits that a device code begins or ends with; or a whole code; or an IP address, or
            the first numbers of one.
        life: Where in their lives they are.
        place_kind: One of their kinds of place.
        maker: Their maker's number.
        box: Where on the map, edges included.
    """

    tier: Tier | None = None
    division_path: str | None = None
    text: str | None = None
    life: Life | None = None
    place_kind: int | None = None
    maker: int | None = None
    box: Bounds | None = None


class Search:
    """A filter as SQL over `camera AS c`.

    Args:
        wanted: The filter.
        begins: Its text is digits with which device codes begin; else they may end with them.
        reach: The path of the division that who asks is confined to; empty: the whole city. No
            condition is made of it, for the database sees to that, but less is looked at.

    Attributes:
        begins: As given. Then the list is in the order of device codes, for it is a range of them.
        arguments: The values of `$1`, `$2`, ...
        conditions: What must be true of `c`. They decide alone.
        counted: Those of them that the kept counts tell apart, but for the division.
        sources: What an index answers and few cameras may meet, of which `conditions` then choose:
            tables and a condition, to follow FROM; `{0}` stands for how many to look up at most.
            Of several each may have some. None: empty.
        tokens: What the only source asks for, where it is tokens; else empty.
        box: As wanted.
        boxed: The condition on cells of the map that a box is; None where there is none.
        division_path: Before which nothing is found; empty where all is meant.
        within: The path of the smallest division in which all must lie that is found.
        is_counted: Whether the kept counts say how many there are: nothing else is asked for than
            what they tell apart.

    Raises:
        SearchError: Nothing can be looked for like that; the message says why.
    """

    def __init__(self, wanted: CameraFilter, *, begins: bool = False, reach: str = "") -> None:
        self.begins = begins
        self.division_path = wanted.division_path or ""
        self.within = reach if reach.startswith(self.division_path) else self.division_path
        self.arguments: list[object] = []
        self.conditions: list[str] = []
        self.counted: list[str] = []
        self.sources: list[str] = []
        self.tokens: list[int] = []
        self.box = wanted.box
        self.boxed: str | None = None
        self.is_counted = not (wanted.text or wanted.place_kind or wanted.maker or wanted.box)
        tokens: list[int] = []
        if wanted.division_path is not None:
            self._within(wanted.division_path)
        if wanted.tier is not None:
            self._equals("c.tier = {0}", int(wanted.tier), tier_token(wanted.tier), tokens)
            self.counted.append(self.conditions[-1])
        if wanted.life is not None:
            self._equals("c.life = {0}", str(wanted.life), life_token(wanted.life), tokens)
            self.counted.append(self.conditions[-1])
        if wanted.place_kind is not None:
            kind = wanted.place_kind
            self._equals("{0} = ANY (c.place_kinds)", kind, place_kind_token(kind), tokens)
        if wanted.maker is not None:
            self._equals("c.maker = {0}", wanted.maker, maker_token(wanted.maker), tokens)
        if wanted.box is not None:
            self._inside(wanted.box)
        if wanted.text is not None:
            self._mentions(wanted.text, tokens)
        if tokens and not self.sources:
            self.tokens = [*sorted(set(tokens)), *self._where()]
            self.sources = [_with_tokens(self.bind(self.tokens))]

    @property
    def depth(self) -> int:
        """How many codes the path of `within` has; 3 are an area, see `area_path`."""
        return self.within.count("/")

    def bind(self, value: object) -> str:
        """Return the place of a value in the query."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def require(self, condition: str, value: object) -> None:
        """Narrow down further; `{0}` in the condition stands for the value."""
        self.conditions.append(f"({condition.format(self.bind(value))})")

    def _where(self) -> list[int]:
        """Return what tells the cameras of `within` from most others."""
        if self.depth >= _AREA_DEPTH:
            return [area_token(area_path(self.within))]
        return [district_token(self.within)] if self.depth == _DISTRICT_DEPTH else []

    def _equals(self, condition: str, value: object, token: int | None, tokens: list[int]) -> None:
        self.require(condition, value)
        if token is not None:
            tokens.append(token)

    def _within(self, path: str) -> None:
        # "0" follows "/": a range serves where the planner does not know the prefix.
        self.require("c.division_path >= {0}", path)
        self.require("c.division_path < {0}", f"{path[:-1]}0")

    def _inside(self, box: Bounds) -> None:
        self.require("c.longitude >= {0}", box.west)
        self.require("c.longitude <= {0}", box.east)
        self.require("c.latitude >= {0}", box.south)
        self.require("c.latitude <= {0}", box.north)
        cells = map_cells(box, _CELLS_MAX)
        if cells is not None:
            self.boxed = f"c.map_cell = ANY ({self.bind(cells)}::integer[])"

    def _mentions(self, text: str, tokens: list[int]) -> None:
        words = text.split()
        if not words:
            raise SearchError("there is nothing to look for but spaces")
        if reason := refuse_text(text.strip()):
            raise SearchError(f"the text {reason}")
        for word in words:
            if len(word) < SHORTEST_WORD:
                raise SearchError(f"'{word}' is one character: a word to look for has two or more")
        if len(words) == 1 and _DIGITS.fullmatch(text.strip()):
            self._has_digits(text.strip())
        elif len(words) == 1 and _ADDRESS.fullmatch(text.strip().lower()):
            self._has_address(text.strip().lower())
        elif len(words) == 1 and _ADDRESS_START.fullmatch(text.strip()):
            self._has_address_start(text.strip())
        else:
            for word in words:
                folded = _folded(word)
                tokens += text_tokens(folded)
                self.require(_HAS_WORD, folded)

    def _has_digits(self, digits: str) -> None:
        if len(digits) == _CODE_DIGITS:
            self.require("c.device_code = {0}", digits)
            self.sources = [f"camera c WHERE c.device_code = {self.bind(digits)}"]
            return
        if self.begins:
            first, last = map(self.bind, code_range(digits))
            self.conditions.append(f"c.device_code BETWEEN {first} AND {last}")
            return
        tail = digits[-_LAST_DIGITS:][::-1]
        lowest, beyond = self.bind(tail), self.bind(f"{tail}:")
        self._says("right(c.device_code, length({{0}})) = {{0}}", digits)
        self.sources.append(
            f"cameras_with_last_digits({lowest}, {beyond}, {{0}}) AS found (camera_id)"
        )

    def _has_address(self, address: str) -> None:
        here = self.bind(tidy_host(address))
        ways = [
            f'c.host COLLATE "C" = {here}',
            *(f'(c.{own} COLLATE "C" = {here} AND c.{own} <> c.host)' for own in ("ipv4", "ipv6")),
        ]
        self.conditions.append(f"({' OR '.join(ways)})")
        self.sources = [f"camera c WHERE {way}" for way in ways]

    def _has_address_start(self, start: str) -> None:
        # Whole numbers of an address; or what a name says, such as that of a motorway.
        first = f"{start.removesuffix('.')}."
        here = self.bind(first)
        self._says(f"c.host ^@ {here} OR c.ipv4 ^@ {here}", start)
        # A range serves where the planner does not know the prefix.
        lowest, beyond = self.bind(first), self.bind(f"{first[:-1]}/")
        for column, others in (("host", "c.host IS NOT NULL"), ("ipv4", "c.ipv4 <> c.host")):
            address = f'c.{column} COLLATE "C"'
            self.sources.append(
                f"camera c WHERE {others} AND {address} >= {lowest} AND {address} < {beyond}"
            )

    def _says(self, condition: str, text: str) -> None:
        """Require a condition, in which `{0}` is the text, or that some text says it."""
        whole = self.bind(text)
        self.conditions.append(f"({condition.format(whole)} OR {_HAS_WORD.format(whole)})")
        pairs = self.bind([*text_tokens(text), *self._where()])
        self.sources.append(_with_tokens(pairs))


def _with_tokens(tokens: str) -> str:
    # The last of them, a district's or an area's if there is one, leaps through the lists.
    return f"cameras_with({tokens}::integer[], {{0}}) AS found (camera_id)"


def _folded(word: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in word)


def code_range(digits: str) -> tuple[str, str]:
    """Return the first and the last device code that begin with some digits, 20 at most."""
    return digits.ljust(_CODE_DIGITS, "0"), digits.ljust(_CODE_DIGITS, "9")


def are_digits(text: str | None) -> bool:
    """Return whether a text to look for is part of a device code."""
    return text is not None and _DIGITS.fullmatch(text.strip()) is not None


def numbered(sql: str, arguments: list[object]) -> tuple[str, list[object]]:
    """Leave out the arguments that a query does not name, which PostgreSQL would refuse.

    Returns:
        The query with its places numbered anew, and the values of those.
    """
    named = sorted({int(number) for number in _PLACE.findall(sql)})
    places = {number: f"${place}" for place, number in enumerate(named, start=1)}
    return (
        _PLACE.sub(lambda match: places[int(match[1])], sql),
        [arguments[number - 1] for number in named],
    )
