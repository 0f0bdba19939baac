"""Cameras as a file: CSV and XLSX, which an import takes back as no change, GeoJSON and JSON.

The same cameras make the same bytes. Rows are read and written a few at a time.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

import asyncpg
import msgspec

from sharpeyes.registry.camera import CameraFile, Tier
from sharpeyes.registry.cell_text import WRITERS
from sharpeyes.registry.csv_lines import guard_formula
from sharpeyes.registry.division_lookup import DivisionLookup
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.sheet import BY_TARGET, CATALOGUE
from sharpeyes.registry.xlsx_writing import SheetWriter

_ROWS_TOGETHER = 2000
_FILE = CameraFile.__struct_fields__
_STORED = (*_FILE, "life", "life_reason", "life_until")
_QUERY = f"""
    SELECT {", ".join(_STORED)} FROM camera
    WHERE ($1::smallint IS NULL OR tier = $1) AND ($2::text IS NULL OR division_path ^@ $2)
    ORDER BY device_code
"""  # noqa: S608  # made of our own field names
_OWN_TARGETS = (*_FILE, "device_state")
_CONTACTS = frozenset({"contacts", "maintenance_phone"})
_UTF8_MARK = "\ufeff"


class ExportFormat(StrEnum):
    """What kind of file."""

    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"
    JSON = "json"

    @property
    def content_type(self) -> str:
        """Its media type."""
        return _CONTENT_TYPES[self]


_CONTENT_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "json": "application/json",
}


class ExportColumns(StrEnum):
    """Which columns CSV and XLSX have."""

    FIELDS = "fields"
    """All that is on file, under our own names: nothing is lost."""
    CATALOGUE = "catalogue"
    """The 27 of the exchanged sheet, under its Chinese headings."""


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which cameras, and how.

    Attributes:
        format: What kind of file.
        columns: Of CSV and XLSX.
        tier: Only this tier.
        division: Only this division and those below it.
        contacts: With telephone numbers; without, their columns are left out, so that an import
            of the file does not touch them.
        headings_only: No cameras: a sheet to fill in.
    """

    format: ExportFormat = ExportFormat.CSV
    columns: ExportColumns = ExportColumns.FIELDS
    tier: Tier | None = None
    division: str | None = None
    contacts: bool = True
    headings_only: bool = False


class _Writer(Protocol):
    def begin(self) -> bytes: ...
    def rows(self, records: Sequence[asyncpg.Record]) -> bytes: ...
    def end(self) -> bytes: ...


async def export(pool: asyncpg.Pool, query: ExportQuery) -> AsyncGenerator[tuple[int, bytes], None]:
    """Write cameras in the order of their device codes, as of one moment.

    Yields:
        How many were written so far, and the next bytes of the file.

    Raises:
        UnknownDivisionError: There is no such division.
        SheetFullError: There are more than a spreadsheet holds; what was yielded is no whole file.
    """
    divisions = await DivisionLookup.load(pool)
    path = None
    if query.division is not None:
        path = divisions.paths.get(query.division)
        if path is None:
            raise UnknownDivisionError(query.division)
    writer = _writer(query, divisions)
    written = 0
    yield written, writer.begin()
    if query.headings_only:
        yield written, writer.end()
        return
    async with (
        pool.acquire() as connection,
        connection.transaction(),
    ):
        cursor = await connection.cursor(_QUERY, query.tier, path)
        while records := await cursor.fetch(_ROWS_TOGETHER):
            written += len(records)
            yield written, writer.rows(records)
    yield written, writer.end()


def _writer(query: ExportQuery, divisions: DivisionLookup) -> _Writer:
    hidden = frozenset() if query.contacts else _CONTACTS
    if query.format is ExportFormat.JSON:
        return _JsonWriter(hidden)
    if query.format is ExportFormat.GEOJSON:
        return _GeoJsonWriter(hidden)
    in_catalogue = query.columns is ExportColumns.CATALOGUE
    all_targets = tuple(f.target for f in CATALOGUE) if in_catalogue else _OWN_TARGETS
    targets = [target for target in all_targets if target not in hidden]
    header = [BY_TARGET[target].zh for target in targets] if in_catalogue else targets
    cells = _Cells(targets, divisions)
    return (
        _XlsxWriter(header, cells)
        if query.format is ExportFormat.XLSX
        else _CsvWriter(header, cells)
    )


class _Cells:
    """From a camera to the texts of its row."""

    def __init__(self, targets: Sequence[str], divisions: DivisionLookup) -> None:
        self._columns: list[tuple[str, Callable[[Any], str] | None]] = [
            (
                BY_TARGET[target].field,
                divisions.district if target == "district_code" else WRITERS[target],
            )
            for target in targets
        ]

    def of(self, record: asyncpg.Record) -> list[str]:
        cells = []
        for field, write in self._columns:
            value = record[field]
            if value is None:
                cells.append("")
            else:
                cells.append(value if write is None else write(value))
        return cells


class _CsvWriter:
    """UTF-8 with the mark by which spreadsheet programs know it."""

    def __init__(self, header: Sequence[str], cells: _Cells) -> None:
        self._header = header
        self._cells = cells

    def begin(self) -> bytes:
        return (_UTF8_MARK + _csv([self._header])).encode()

    def rows(self, records: Sequence[asyncpg.Record]) -> bytes:
        return _csv(map(guard_formula, self._cells.of(record)) for record in records).encode()

    def end(self) -> bytes:
        return b""


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


class _Sink:
    """What a zip is written to: it cannot go back, and is emptied as it grows."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


class _XlsxWriter:
    def __init__(self, header: Sequence[str], cells: _Cells) -> None:
        self._sink = _Sink()
        self._header = header
        self._cells = cells
        self._sheet: SheetWriter | None = None

    def begin(self) -> bytes:
        self._sheet = SheetWriter(self._sink, self._header)
        return self._sink.take()

    def rows(self, records: Sequence[asyncpg.Record]) -> bytes:
        assert self._sheet is not None
        for record in records:
            self._sheet.append(self._cells.of(record))
        return self._sink.take()

    def end(self) -> bytes:
        assert self._sheet is not None
        self._sheet.close()
        return self._sink.take()


class _JsonWriter:
    """One array, a camera a line."""

    _head, _tail = b'{"cameras":[', b"\n]}\n"

    def __init__(self, hidden: frozenset[str]) -> None:
        self._fields = [field for field in _STORED if field not in hidden]
        self._separator = b"\n"

    def begin(self) -> bytes:
        return self._head

    def rows(self, records: Sequence[asyncpg.Record]) -> bytes:
        lines = [msgspec.json.encode(self._object(record)) for record in records]
        text = self._separator + b",\n".join(lines)
        self._separator = b",\n"
        return text

    def end(self) -> bytes:
        return self._tail

    def _object(self, record: asyncpg.Record) -> dict[str, Any]:
        fields = {field: record[field] for field in self._fields}
        return fields | {"tier": Tier(record["tier"]).word}


class _GeoJsonWriter(_JsonWriter):
    """A feature for each camera; one without a position has no geometry (RFC 7946)."""

    _head = b'{"type":"FeatureCollection","features":['

    def _object(self, record: asyncpg.Record) -> dict[str, Any]:
        properties = super()._object(record)
        position = [properties.pop("longitude"), properties.pop("latitude")]
        return {
            "type": "Feature",
            "id": properties["device_code"],
            "geometry": None if None in position else {"type": "Point", "coordinates": position},
            "properties": properties,
        }
