"""Whether two names of cameras may mean the same view."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

ALIKE_RATIO = 0.8
"""How much of two names must agree (Ratcliff-Obershelp)."""

_NUMBERS = re.compile(r"[0-9]+|[一二三四五六七八九十百]+")
# The corners of one crossing differ in nothing else.
_SIDES = re.compile(r"[东南西北内外左右上下前后进出]|\b[nsew]{1,2}\b|east|west|north|south")


def folded(name: str) -> str:
    """Return a name without what is written one way or another: width, case, spaces, signs."""
    wide = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in wide if c.isalnum())


def are_alike(name: str, other: str) -> bool:
    """Tell whether two names agree in their numbers and sides, and nearly in the rest."""
    one, two = folded(name), folded(other)
    if one == two:
        return True
    if _NUMBERS.findall(one) != _NUMBERS.findall(two):
        return False
    if _SIDES.findall(one) != _SIDES.findall(two):
        return False
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE_RATIO and matcher.ratio() >= ALIKE_RATIO
