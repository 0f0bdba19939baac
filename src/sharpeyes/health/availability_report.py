"""What may be asked of availability, and how it is answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from sharpeyes.health.availability_figures import Availability

MOST_CAMERAS: Final = 20_000
"""Of so many cameras the intervals are summed up while somebody waits."""


class By(StrEnum):
    """By what availability is told apart."""

    TOTAL = "total"
    TIER = "tier"
    MAKER = "maker"
    MODEL = "model"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    HOUR = "hour"
    DAY = "day"


class AvailabilityRow(msgspec.Struct, frozen=True, kw_only=True):
    """The availability of one group of cameras, or in one hour or day.

    Attributes:
        key: the tier's word, the maker's number, the model, the division's code, the hour's first
            moment or the day; None for what has none on file, or is filed above that level.
        availability: its figures.
    """

    key: str | None
    availability: Availability


class AvailabilityReport(msgspec.Struct, frozen=True, kw_only=True):
    """How available cameras were.

    Attributes:
        since: the first moment, UTC.
        until: the first moment after, UTC.
        by: by what `rows` are told apart.
        division_code: of the division whose cameras they are; None for all.
        source: `sums`, or `intervals` where they were read camera by camera.
        hours: how many hours that is.
        hours_known: of how many there are sums; the others are in no figure.
        rows: in the order of their keys.
    """

    since: datetime
    until: datetime
    by: By
    division_code: str | None
    source: str
    hours: int
    hours_known: int
    rows: list[AvailabilityRow]


class TooManyCamerasError(Exception):
    """So many cameras' intervals are not read while somebody waits."""

    def __init__(self, cameras: int) -> None:
        super().__init__(
            f"{cameras:,} cameras are too many to go through one by one ({MOST_CAMERAS:,}): "
            f"name a division further down"
        )
