"""Defects to seed into a made-up sheet, of the kinds that offices hand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from benchmarks.registry.city import HEADER

_AT = {heading: index for index, heading in enumerate(HEADER)}


def _set(heading: str, text: str) -> Callable[[list[str]], None]:
    def spoil(cells: list[str]) -> None:
        cells[_AT[heading]] = text

    return spoil


def _shorten(cells: list[str]) -> None:
    cells[0] = cells[0][:-1]


def _make_a_recorder(cells: list[str]) -> None:
    cells[0] = f"{cells[0][:10]}118{cells[0][13:]}"


def _swap(cells: list[str]) -> None:
    longitude, latitude = _AT["经度"], _AT["纬度"]
    cells[longitude], cells[latitude] = cells[latitude], cells[longitude]


KINDS: Mapping[str, tuple[str, str, Callable[[list[str]], None]]] = {
    "short code": ("device_code", "has 19 digits", _shorten),
    "recorder": ("device_code", "means", _make_a_recorder),
    "no name": ("name", "must not be empty", _set("设备名称", "")),
    "tier": ("tier", "must be one of", _set("监控点位类型", "7")),
    "swapped": ("longitude", "are swapped", _swap),
    "comma": ("latitude", "with a dot", _set("纬度", "30,59")),
    "MAC": ("mac", "", _set("MAC地址", "3C-1B-00-00-00-ZZ")),
    "IPv4": ("ipv4", "", _set("IPv4地址", "10.0.0.300")),
    "grid": ("grid_code", "no such division is known", _set("所属网格", "没有这个网格")),
    "future": ("installed_at", "lies in the future", _set("安装时间", "2999-01-01")),
    "networked": ("networked", "must be one of", _set("联网属性", "7")),
}
"""What is wrong, by kind: the field, a part of the reason, and how to spoil a row so.

The twelfth is a device code that was there before.
"""

TWICE = "twice"


def spoil(
    rows: Iterator[list[str]], every: int
) -> Iterator[tuple[list[str], tuple[str, str] | None]]:
    """Spoil one row in so many, kind after kind.

    Args:
        rows: Good rows.
        every: More than one.

    Yields:
        Each row, and where it was spoilt its field and a part of the reason.
    """
    kinds = [*KINDS, TWICE]
    spoilt = 0
    before: list[str] = []
    for index, cells in enumerate(rows):
        if index % every != every - 1:
            before = list(cells)
            yield cells, None
            continue
        kind = kinds[spoilt % len(kinds)]
        spoilt += 1
        if kind == TWICE:
            cells[0] = before[0]
            yield cells, ("device_code", "is in row")
        else:
            field, reason, change = KINDS[kind]
            change(cells)
            yield cells, (field, reason)
