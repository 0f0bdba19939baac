"""The tokens by which cameras are found: pairs of characters, and traits that few have.

The database computes the same (`camera_tokens` in the migrations) for whoever writes one
camera; an import hands them in, because a million are computed here in a sixteenth of the time.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from sharpeyes.registry.camera import Life, Tier

_PLACE_KIND, _TIER, _MAKER, _LIFE = -2000000100, -2000000200, -2000000300, -2000000400
_LIFE_NUMBERS = {Life.PLANNED: 1, Life.MAINTENANCE: 2, Life.REMOVED: 3}
_BREAK = 0
_AREA_DEPTH = 3


def text_tokens(text: str) -> list[int]:
    """Return the tokens of a text that is looked for: all of its pairs, each once.

    Args:
        text: Two characters or more; of one there are no pairs.
    """
    return sorted(set(_pairs([text])[0]))


def place_kind_token(place_kind: int) -> int:
    """Return the token of a kind of place."""
    return _PLACE_KIND - place_kind


def maker_token(maker: int) -> int:
    """Return the token of a maker."""
    return _MAKER - maker


def tier_token(tier: Tier) -> int | None:
    """Return the token of a tier; None for social points, which are nearly all."""
    return None if tier is Tier.SOCIAL else _TIER - tier


def life_token(life: Life) -> int | None:
    """Return the token of where in its life a camera is; None for in service, as nearly all are."""
    return None if life is Life.IN_SERVICE else _LIFE - _LIFE_NUMBERS[life]


@lru_cache(maxsize=1024)
def district_token(division_path: str) -> int:
    """Return the token of the district in which a division lies, or of the city."""
    city, district = (*division_path.split("/"), "")[:2]
    return _named(district or city)


def _named(name: str) -> int:
    digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], signed=True)


def area_path(division_path: str) -> str:
    """Return the path of the area in which a division lies.

    An area is a street with all below it, or what is filed directly under a district or the city:
    the first three codes of a path.
    """
    codes = division_path.split("/")
    return f"{'/'.join(codes[:3])}/" if len(codes) > _AREA_DEPTH else division_path


@lru_cache(maxsize=1024)
def area_token(area: str) -> int:
    """Return the token of an area, by its path."""
    return _named(area)


def camera_tokens(
    names: Sequence[str],
    place_names: Iterable[str | None],
    addresses: Iterable[str | None],
    traits: Iterable[Traits],
) -> list[array[int]]:
    """Return the tokens of cameras, as the column `tokens` has them, in any order.

    Args:
        names: As tidied files have them.
        place_names: The same.
        addresses: The same.
        traits: What else each camera is found by.
    """
    if not names:
        return []
    pairs = _pairs(
        [
            # What is a part of the name has no pairs of its own.
            f"{name}\0{'' if not place or place in name else place}\0{address or ''}"
            for name, place, address in zip(names, place_names, addresses, strict=True)
        ]
    )
    return [
        own + _trait_tokens(*one) + _division_tokens(path)
        for own, (*one, path) in zip(pairs, traits, strict=True)
    ]


Traits: TypeAlias = tuple[tuple[int, ...], int | None, Tier, Life, str]
"""Kinds of place, maker, tier, life, and the path of the division."""


@lru_cache(maxsize=8192)
def _trait_tokens(
    place_kinds: tuple[int, ...], maker: int | None, tier: Tier, life: Life
) -> array[int]:
    tokens = [place_kind_token(kind) for kind in place_kinds]
    if maker is not None:
        tokens.append(maker_token(maker))
    scarce = (tier_token(tier), life_token(life))
    return array("i", [*tokens, *(token for token in scarce if token is not None)])


@lru_cache(maxsize=8192)
def _division_tokens(path: str) -> array[int]:
    return array("i", [district_token(path), area_token(area_path(path))])


def _pairs(texts: Sequence[str]) -> list[array[int]]:
    """Return the pairs of neighbouring characters of each text; none across a NUL."""
    joined = np.frombuffer("\0".join(texts).encode("utf-32-le"), np.uint32)
    is_capital = (joined >= ord("A")) & (joined <= ord("Z"))
    characters = joined + is_capital * np.uint32(32)
    first, second = characters[:-1], characters[1:]
    tokens = ((first << np.uint32(16)) ^ second).view(np.int32)
    within = (first != _BREAK) & (second != _BREAK)
    ends = np.cumsum([len(text) + 1 for text in texts])
    # Where each text begins among the pairs that are left.
    cuts = np.concatenate(([0], np.cumsum(within)))[np.minimum(ends, len(tokens))].tolist()
    # Unlike lists, arrays are nothing for the collector of garbage to look through.
    kept = array("i", tokens[within].tobytes())
    return [kept[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]
