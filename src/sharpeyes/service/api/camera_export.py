"""Cameras as a file over HTTP."""

from __future__ import annotations

from contextlib import aclosing
from http import HTTPStatus

import msgspec
from aiohttp import web

from sharpeyes.registry.camera import Tier
from sharpeyes.registry.exporting import ExportColumns, ExportFormat, ExportQuery, export
from sharpeyes.service.api.camera_screen import TierWord
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.crowding import Crowd
from sharpeyes.service.api.operation import Operation
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.roles import Scope


class CameraExportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cameras, and how.

    Attributes:
        format: What kind of file.
        columns: Of CSV and XLSX: all fields, or the catalogue's 27 columns.
        tier: Only this tier.
        division: Only this division and those below it.
        headings: The headings alone: a sheet to fill in.
    """

    format: ExportFormat = ExportFormat.CSV
    columns: ExportColumns = ExportColumns.FIELDS
    tier: TierWord | None = None
    division: str | None = None
    headings: bool = False


async def export_cameras(request: web.Request) -> web.StreamResponse:
    """Answer cameras as a file, in the order of their device codes."""
    asked = read_query(request, CameraExportQuery)
    query = ExportQuery(
        format=asked.format,
        columns=asked.columns,
        tier=None if asked.tier is None else Tier.parse(asked.tier),
        division=asked.division,
        contacts=Scope.CONTACTS_READ in request[PRINCIPAL].scopes,
        headings_only=asked.headings,
    )
    pieces = export(request.app[CONTEXT].pool, query)
    with refusals():
        # What can be refused is refused before the first byte is sent.
        _, first = await anext(pieces)
    response = web.StreamResponse(
        headers={
            "Content-Type": query.format.content_type,
            "Content-Disposition": f'attachment; filename="cameras.{query.format}"',
        }
    )
    # Whoever leaves gives the connection back at once, not when memory is swept.
    async with aclosing(pieces):
        await response.prepare(request)
        await response.write(first)
        async for _, data in pieces:
            await response.write(data)
    await response.write_eof()
    return response


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/cameras/export",
        handler=export_cameras,
        summary="Cameras as CSV, XLSX, GeoJSON or JSON; without contacts:read, without telephones",
        scope=Scope.CAMERAS_READ,
        query=CameraExportQuery,
        content_type=ExportFormat.CSV.content_type,
        more_content_types=tuple(
            kind.content_type for kind in ExportFormat if kind is not ExportFormat.CSV
        ),
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
        crowd=Crowd.EXPORTS,
    ),
)
