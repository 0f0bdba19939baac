"""Key places: stations, schools, squares, which cameras ought to watch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from sharpeyes.registry.code_tables import PLACE_KINDS
from sharpeyes.registry.errors import FieldProblem, shown
from sharpeyes.registry.fields import (
    fold,
    refuse_division_code,
    refuse_number,
    refuse_position,
    refuse_text,
)
from sharpeyes.registry.geometry import widened

RADIUS_MIN_M = 1.0
RADIUS_MAX_M = 5000.0
MOST_CORNERS = 200

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
# The widest that a polygon may be. Beyond, the ground is not flat any more, and no place so large.
_WIDEST_DEG = 0.5

LonLat = tuple[float, float]


class PlaceFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody hands in about a place.

    Attributes:
        place_code: 1-40 of A-Z, a-z, 0-9, dot, hyphen and underscore; the office's own.
        name_zh: Its name in Chinese.
        kind: Its number in `code_tables.PLACE_KINDS`.
        division_code: The division that it lies in.
        radius_m: How far from it, or from the polygon's edge, a camera may stand that watches it.
        name_en: Its name in English.
        longitude: Degrees, WGS-84; together with the latitude, or a polygon instead.
        latitude: Degrees, WGS-84.
        polygon: Corners (longitude, latitude) in order, 3-200, the last not the first again.
    """

    place_code: str
    name_zh: str
    kind: int
    division_code: str
    radius_m: float
    name_en: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    polygon: tuple[LonLat, ...] | None = None

    @property
    def corners(self) -> tuple[LonLat, ...]:
        """Its polygon, or its one position."""
        if self.polygon is not None:
            return self.polygon
        assert self.longitude is not None
        assert self.latitude is not None
        return ((self.longitude, self.latitude),)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of where its cameras can stand, degrees."""
        longitudes, latitudes = zip(*self.corners, strict=True)
        corner_box = min(longitudes), min(latitudes), max(longitudes), max(latitudes)
        return widened(*corner_box, self.radius_m)


class Place(PlaceFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place on file, as of one revision.

    Attributes:
        place_id: Ours, for good.
        revision: 1 when added, one more with every change.
        created_at: UTC.
        updated_at: UTC.
    """

    place_id: int
    revision: int
    created_at: datetime
    updated_at: datetime

    @property
    def file(self) -> PlaceFile:
        """What was handed in about it."""
        fields = PlaceFile.__struct_fields__
        return PlaceFile(**{field: getattr(self, field) for field in fields})


def tidy_place(file: PlaceFile) -> PlaceFile:
    """Write codes in their one way; drop outer spaces, empty texts, a closing corner."""
    polygon = file.polygon or None
    if polygon is not None and len(polygon) > 1 and polygon[0] == polygon[-1]:
        polygon = polygon[:-1]
    return msgspec.structs.replace(
        file,
        place_code=fold(file.place_code.strip()),
        name_zh=file.name_zh.strip(),
        name_en=(file.name_en or "").strip() or None,
        division_code=fold(file.division_code.strip()).upper(),
        polygon=polygon,
    )


def validate_place(file: PlaceFile) -> list[FieldProblem]:
    """Check a tidied place; all problems at once, in the order of the fields."""
    return list(_problems(file))


def _problems(file: PlaceFile) -> Iterator[FieldProblem]:
    if not _CODE.fullmatch(file.place_code):
        reason = "must be 1-40 of A-Z, a-z, 0-9, . _ - and start with a letter or digit"
        yield FieldProblem("place_code", shown(file.place_code), reason)
    if reason_zh := refuse_text(file.name_zh):
        yield FieldProblem("name_zh", shown(file.name_zh), reason_zh)
    if file.kind not in PLACE_KINDS.values:
        yield FieldProblem("kind", shown(file.kind), "must be 1-15 or 96-99")
    if reason_division := refuse_division_code(file.division_code):
        yield FieldProblem("division_code", shown(file.division_code), reason_division)
    if reason_radius := refuse_number(file.radius_m, RADIUS_MIN_M, RADIUS_MAX_M):
        yield FieldProblem("radius_m", shown(file.radius_m), reason_radius)
    if file.name_en is not None and (reason_en := refuse_text(file.name_en)):
        yield FieldProblem("name_en", shown(file.name_en), reason_en)
    if file.polygon is not None:
        yield from _polygon_problems(file, file.polygon)
    elif file.longitude is None or file.latitude is None:
        field = "latitude" if file.latitude is None else "longitude"
        yield FieldProblem(field, "", "is missing: give longitude and latitude, or a polygon")
    elif reason_position := refuse_position(file.longitude, file.latitude):
        told = f"{file.longitude}, {file.latitude}"
        yield FieldProblem("longitude", told, reason_position)


def _polygon_problems(file: PlaceFile, polygon: tuple[LonLat, ...]) -> Iterator[FieldProblem]:
    reason = None
    if file.longitude is not None or file.latitude is not None:
        reason = "stands beside a position: give one of the two"
    elif len(polygon) > MOST_CORNERS:
        reason = f"has {len(polygon)} corners, more than {MOST_CORNERS}"
    elif len(set(polygon)) < 3:  # noqa: PLR2004  # corners of a triangle
        reason = f"has {len(set(polygon))} different corners, fewer than 3"
    if reason is not None:
        yield FieldProblem("polygon", "", reason)
        return
    for number, (longitude, latitude) in enumerate(polygon, start=1):
        if reason := refuse_position(longitude, latitude):
            told = f"{longitude}, {latitude}"
            yield FieldProblem("polygon", told, f"corner {number} {reason}")
            return
    longitudes, latitudes = zip(*polygon, strict=True)
    width_deg = max(max(longitudes) - min(longitudes), max(latitudes) - min(latitudes))
    if width_deg > _WIDEST_DEG:
        reason = f"is {width_deg:.2f} degrees wide, more than {_WIDEST_DEG}"
        yield FieldProblem("polygon", "", reason)
