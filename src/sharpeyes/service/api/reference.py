"""What coded values mean, and where cameras are filed: for forms, filters and labels."""

from __future__ import annotations

import asyncio
import gzip

import msgspec
from aiohttp import hdrs, web

from sharpeyes.registry import code_tables, device_code_tables
from sharpeyes.registry.code_tables import CodeTable
from sharpeyes.registry.division import Division
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.roles import Scope

_TABLES = tuple(
    table
    for module in (code_tables, device_code_tables)
    for table in vars(module).values()
    if isinstance(table, CodeTable)
)


class DivisionList(msgspec.Struct, frozen=True):
    """The tree of divisions, parents before children."""

    divisions: list[Division]


class CodeValue(msgspec.Struct, frozen=True):
    """A value, and what it means in Chinese and English."""

    value: int
    zh: str
    en: str


class CodeTableView(msgspec.Struct, frozen=True):
    """The values of a field, or of a part of the device code, in each edition of GB/T 28181."""

    name: str
    zh: str
    en: str
    editions: dict[str, list[CodeValue]]


class CodeTableList(msgspec.Struct, frozen=True):
    """All tables of coded values."""

    tables: list[CodeTableView]


class DivisionsKept:
    """The list of divisions as it is sent, made anew when one has changed.

    Of a city with its grids it is 4 MB, and a tenth of that when compressed: each page wants it,
    and making it takes as long as ten other answers. Everybody may see all of it.

    Args:
        store: Where they are.
    """

    def __init__(self, store: DivisionStore) -> None:
        self._store = store
        self._version: tuple[int, int] | None = None
        self._plain = self._packed = b""

    async def body(self, *, packed: bool) -> bytes:
        """Return it as JSON, or the same compressed with gzip."""
        # Looked at first: what is read after it is as new, or newer and then read once more.
        version = await self._store.version()
        if version != self._version:
            plain = msgspec.json.encode(DivisionList(await self._store.list()))
            packed_body = await asyncio.to_thread(gzip.compress, plain, 6)
            self._version, self._plain, self._packed = version, plain, packed_body
        return self._packed if packed else self._plain


DIVISIONS_KEPT = web.AppKey("divisions_kept", DivisionsKept)


async def list_divisions(request: web.Request) -> web.Response:
    """Answer every division."""
    packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    return web.Response(
        body=await request.app[DIVISIONS_KEPT].body(packed=packed),
        content_type="application/json",
        headers={hdrs.CONTENT_ENCODING: "gzip"} if packed else None,
    )


async def list_code_tables(_request: web.Request) -> web.Response:
    """Answer every table of coded values."""
    return answer(CodeTableList([_view(table) for table in _TABLES]))


def _view(table: CodeTable) -> CodeTableView:
    editions = {
        str(edition.value): [
            CodeValue(value, meaning.zh, meaning.en) for value, meaning in meanings.items()
        ]
        for edition, meanings in table.editions.items()
    }
    return CodeTableView(table.name, table.zh, table.en, editions)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/divisions",
        handler=list_divisions,
        summary="The tree of divisions",
        scope=Scope.CAMERAS_READ,
        # Whoever administers accounts confines people to divisions.
        or_scopes=(Scope.ACCOUNTS_READ,),
        answer=DivisionList,
    ),
    Operation(
        method="GET",
        path="/api/v1/code-tables",
        handler=list_code_tables,
        summary="What coded values mean, in Chinese and English, by edition of the standard",
        scope=Scope.CAMERAS_READ,
        answer=CodeTableList,
    ),
)
