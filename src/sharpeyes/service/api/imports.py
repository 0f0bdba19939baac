"""Files of cameras over HTTP: handed in, followed, taken back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import PurePath
from typing import IO, Annotated, Any, cast
from urllib.parse import quote

import msgspec
import structlog
from aiohttp import BodyPartReader, web

from sharpeyes.registry.errors import RegistryError
from sharpeyes.registry.exporting import ExportFormat
from sharpeyes.registry.import_job import ImportJob
from sharpeyes.registry.import_runs import ImportRun, ImportRuns
from sharpeyes.registry.import_undo import undo_import
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.sheet_mapping import NO_MAPPING, SheetMapping
from sharpeyes.registry.sheet_opening import HowToRead, OpenSheet, open_sheet
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope
from sharpeyes.service.words import Language, refused_sheet_in

_IMPORTS = "/api/v1/imports"
_AT_ONCE = 2
_PIECE_BYTES = 1 << 18
_NAME_MAX_CHARACTERS = 200
_LARGEST_ID = 2**63 - 1

log = structlog.get_logger()

RUNNING: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("imports", set)
"""The imports of this process; they end with it."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=_NAME_MAX_CHARACTERS)]


class ImportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a file is imported.

    Attributes:
        name: The file's name, for the record.
        dry_run: Only say what would be done.
        all_or_nothing: Keep no row if one is refused.
        division: The file names all cameras of this division: only its own count as missing.
        retire_missing: Take so many cameras, which the file does not name, out of service; another
            number than they are retires none.
        mapping: A mapping file as JSON.
    """

    name: Name = "upload"
    dry_run: bool = False
    all_or_nothing: bool = False
    division: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    retire_missing: Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_ID)] | None = None
    mapping: Annotated[str, msgspec.Meta(max_length=4000)] | None = None


class ImportListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which imports; newest first.

    Attributes:
        before: The last `import_id` of the page before.
        limit: Imports at most.
    """

    before: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST_ID)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50


class ImportList(msgspec.Struct, frozen=True):
    """Imports, newest first."""

    imports: list[ImportRun]


class UndoView(msgspec.Struct, frozen=True):
    """What became of an import's changes.

    Attributes:
        restored: Cameras that are again what they were.
        deleted: Cameras that the import had added.
        conflicts: Device codes of cameras that were changed since, or have events; they stay.
    """

    restored: int
    deleted: int
    conflicts: tuple[str, ...]


async def start_import(request: web.Request) -> web.Response:
    """Take a file, CSV or XLSX, and begin to import it."""
    context, principal = request.app[CONTEXT], request[PRINCIPAL]
    query = read_query(request, ImportQuery)
    if query.dry_run and query.retire_missing is not None:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "a dry run does nothing: leave out retire_missing"
        )
    running = request.app[RUNNING]
    if len(running) >= _AT_ONCE:
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            "other files are being imported: try again once they are done",
            headers={"Retry-After": "10"},
        )
    mapping = NO_MAPPING if query.mapping is None else _mapping(query.mapping)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the task that reads it closes it
    try:
        name = await _receive(request, file) or query.name
        with refusals():
            how = HowToRead(mapping=mapping)
            sheet = await asyncio.to_thread(open_sheet, cast("Any", file), name, how)
            job = _job(request, sheet, query)
            import_id = await job.start()
    except BaseException:
        file.close()
        raise
    async with context.pool.acquire() as connection:
        await audit(
            connection,
            principal.name,
            "import.start",
            str(import_id),
            detail={"file": name, "dry_run": query.dry_run},
        )
    task = asyncio.create_task(_run(job, file, query.retire_missing))
    running.add(task)
    task.add_done_callback(running.discard)
    run = await ImportRuns(context.pool).get(import_id)
    started = answer(run, HTTPStatus.ACCEPTED)
    started.headers["Location"] = f"{_IMPORTS}/{import_id}"
    return started


async def stop(app: web.Application) -> None:
    """End the imports that run: what they have committed stays."""
    for task in app[RUNNING]:
        task.cancel()
    await asyncio.gather(*app[RUNNING], return_exceptions=True)


def _job(request: web.Request, sheet: OpenSheet, query: ImportQuery) -> ImportJob:
    context, principal = request.app[CONTEXT], request[PRINCIPAL]
    assert context.cameras.credentials is not None
    return ImportJob(
        context.pool,
        context.cameras.credentials,
        sheet,
        actor=principal.name,
        now=datetime.now(UTC),
        dry_run=query.dry_run,
        whole=query.all_or_nothing,
        division=query.division,
        reach=principal.reach,
    )


async def _run(job: ImportJob, file: IO[bytes], retire: int | None) -> None:
    """Import to the end; whatever comes of it is in the import's record."""
    with file:
        try:
            async for _ in job.run(retire=retire):
                pass
        except RegistryError as error:
            log.info("import failed", import_id=job.import_id, problem=str(error))
        except DATABASE_AWAY as error:
            log.warning("import stopped", import_id=job.import_id, error=type(error).__name__)


async def _receive(request: web.Request, file: IO[bytes]) -> str | None:
    """Write the body into a file; return the file's name where the body has one.

    Raises:
        ProblemError: It is too long, or there is no file in it.
    """
    longest = request.app[CONTEXT].settings.http.import_max_mb << 20
    name = None
    received = 0
    async for piece in _pieces(request):
        if isinstance(piece, str):
            name = piece[:_NAME_MAX_CHARACTERS]
            continue
        received += len(piece)
        if received > longest:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the file is longer than {longest >> 20} MB (http.import_max_mb)",
            )
        await asyncio.to_thread(file.write, piece)
    if not received:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "the file is empty")
    return name


async def _pieces(request: web.Request) -> AsyncIterator[bytes | str]:
    """Read the body, be it the file itself or a form with the file in it; the name comes first."""
    try:
        if not request.content_type.startswith("multipart/"):
            async for piece in request.content.iter_chunked(_PIECE_BYTES):
                yield piece
            return
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                yield part.filename or "upload"
                while piece := await part.read_chunk(_PIECE_BYTES):
                    yield piece
                return
    except (ValueError, web.RequestPayloadError):
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, "the body is not encoded as its headers say"
        ) from None


def _mapping(text: str) -> SheetMapping:
    try:
        return msgspec.json.decode(text, type=SheetMapping)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"mapping: {error}") from None


class RefusedQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which language the reasons are; without one in both."""

    lang: Language | None = None


async def list_imports(request: web.Request) -> web.Response:
    """Answer one page of imports."""
    query = read_query(request, ImportListQuery)
    runs = ImportRuns(request.app[CONTEXT].pool)
    return answer(ImportList(await runs.list(before=query.before, limit=query.limit)))


async def show_import(request: web.Request) -> web.Response:
    """Answer one import, as far as it is."""
    with refusals():
        return answer(await ImportRuns(request.app[CONTEXT].pool).get(_import_id(request)))


async def show_refused(request: web.Request) -> web.Response:
    """Answer the refused rows of an import as a spreadsheet to mend."""
    import_id, query = _import_id(request), read_query(request, RefusedQuery)
    runs = ImportRuns(request.app[CONTEXT].pool)
    with refusals():
        refused = await runs.refused(import_id)
        run = await runs.get(import_id)
    if refused is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"import {import_id} refused no row")
    return web.Response(
        body=await asyncio.to_thread(refused_sheet_in, query.lang, refused),
        content_type=ExportFormat.XLSX.content_type,
        headers={"Content-Disposition": _attachment(run, query.lang)},
    )


def _attachment(run: ImportRun, language: Language | None) -> str:
    """Name the sheet after the file that it is of (RFC 6266), for browsers of every age."""
    word = "refused" if language != "zh" else "未导入的行"
    name = quote(f"{PurePath(run.file_name).stem}-{word}.xlsx", safe="")
    return f"attachment; filename=\"refused-{run.import_id}.xlsx\"; filename*=UTF-8''{name}"


async def undo(request: web.Request) -> web.Response:
    """Take an import back, as far as nobody has changed since what it left."""
    context, actor = request.app[CONTEXT], request[PRINCIPAL].name
    import_id = _import_id(request)
    with refusals():
        report = await undo_import(context.pool, import_id, actor)
    async with context.pool.acquire() as connection:
        detail = {"restored": report.restored, "deleted": report.deleted}
        await audit(connection, actor, "import.undo", str(import_id), detail=detail)
    return answer(UndoView(report.restored, report.deleted, report.conflicts))


def _import_id(request: web.Request) -> int:
    text = request.match_info["import_id"]
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(_LARGEST_ID))):
        raise ProblemError(HTTPStatus.NOT_FOUND, "there was no such import")
    return int(text)


OPERATIONS = (
    Operation(
        method="POST",
        path=_IMPORTS,
        handler=start_import,
        summary="Import a file of cameras, CSV or XLSX: the body itself, or `file` of a form",
        scope=Scope.CAMERAS_WRITE,
        query=ImportQuery,
        answer=ImportRun,
        status=HTTPStatus.ACCEPTED,
        problems=(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS),
    ),
    Operation(
        method="GET",
        path=_IMPORTS,
        handler=list_imports,
        summary="Imports, newest first",
        scope=Scope.CAMERAS_WRITE,
        query=ImportListQuery,
        answer=ImportList,
    ),
    Operation(
        method="GET",
        path=_IMPORTS + "/{import_id}",
        handler=show_import,
        summary="One import: how far it is, and what became of it",
        scope=Scope.CAMERAS_WRITE,
        answer=ImportRun,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="GET",
        path=_IMPORTS + "/{import_id}/refused.xlsx",
        handler=show_refused,
        summary="The refused rows as a spreadsheet, with reasons: to mend, and to import",
        scope=Scope.CAMERAS_WRITE,
        query=RefusedQuery,
        content_type=ExportFormat.XLSX.content_type,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="POST",
        path=_IMPORTS + "/{import_id}/undo",
        handler=undo,
        summary="Take an import back",
        scope=Scope.CAMERAS_WRITE,
        answer=UndoView,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
