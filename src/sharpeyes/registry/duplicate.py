"""What may be on file twice."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class DuplicateReason(StrEnum):
    """What two records share."""

    ADDRESS = "address"
    """Host, RTSP port and channel."""
    MAC = "mac"
    POSITION = "position"
    """They stand within metres, and their names are alike."""
    CODE = "code"
    """Their codes differ in type and network only, and their names are alike."""


class DuplicateCamera(msgspec.Struct, frozen=True, kw_only=True):
    """One of the cameras that may be the same.

    Attributes:
        device_code: Its code.
        name: Its name.
        tier: Its tier's word.
        division_code: Where it is filed.
        host: Where we connect.
        life: Where in its life it is.
    """

    device_code: str
    name: str
    tier: str
    division_code: str
    host: str | None
    life: str


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """Cameras that may be one.

    Attributes:
        reason: Why they are suspected.
        shared: What they have in common, in words.
        cameras: Two or more, the one that was registered first first.
    """

    reason: DuplicateReason
    shared: str
    cameras: list[DuplicateCamera]


class CrowdedSpot(msgspec.Struct, frozen=True, kw_only=True):
    """A position that so many cameras have that it cannot be where they are.

    Attributes:
        longitude: Degrees.
        latitude: Degrees.
        cameras: How many.
    """

    longitude: float
    latitude: float
    cameras: int


class DuplicateReport(msgspec.Struct, frozen=True, kw_only=True):
    """What may be on file twice; removed cameras are left out.

    Attributes:
        total: How many were found, by reason.
        duplicates: The first of them, reason by reason.
        crowded: Positions left out because more than 20 cameras have the very same.
        is_cut_off: Whether more spots are shared than were looked at.
    """

    total: dict[DuplicateReason, int]
    duplicates: list[Duplicate]
    crowded: list[CrowdedSpot]
    is_cut_off: bool
