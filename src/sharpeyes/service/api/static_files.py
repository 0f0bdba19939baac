"""Files of a folder, answered from memory and compressed once: a page asks for dozens at a time."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

_LARGE_BYTES: Final = 64 * 1024
_IMPORT: Final = re.compile(
    r"""^(?:import|export)\b[^;"'(]*?["'](?P<path>\.[^"'\n]+)["']""", re.MULTILINE
)
_KINDS: Final = {".js": "text/javascript", ".mjs": "text/javascript"}


@dataclass(frozen=True, slots=True)
class _Held:
    """A file as it was read: `version` changes with the file."""

    version: tuple[int, int]
    etag: str
    content_type: str
    plain: bytes
    gzipped: bytes


class StaticFiles:
    """The files below a folder; one that changes is read again.

    Args:
        folder: What lies outside of it is not served, whatever is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._held: dict[Path, _Held] = {}

    async def answer(self, request: web.Request, path: str) -> web.Response:
        """Answer a file.

        Args:
            request: By its headers it is compressed or not, or not sent because it is known.
            path: Below the folder.

        Raises:
            web.HTTPNotFound: There is no such file.
        """
        held = await self._read(path)
        headers = {hdrs.ETAG: held.etag, hdrs.VARY: hdrs.ACCEPT_ENCODING}
        if held.etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        body = held.plain
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            body, headers[hdrs.CONTENT_ENCODING] = held.gzipped, "gzip"
        headers[hdrs.CONTENT_TYPE] = held.content_type
        return web.Response(body=body, headers=headers)

    def modules_of(self, *first: str) -> list[str]:
        """Return JavaScript modules and all that they import before they run, without doubles.

        Args:
            first: Paths below the folder.
        """
        found = {self._folder / path: None for path in first}
        waiting = list(found)
        while waiting:
            module = waiting.pop(0)
            for imported in _IMPORT.finditer(module.read_text("utf-8")):
                path = (module.parent / imported["path"]).resolve()
                if path not in found and path.is_file():
                    found[path] = None
                    waiting.append(path)
        return [path.relative_to(self._folder).as_posix() for path in found]

    async def _read(self, path: str) -> _Held:
        file = (self._folder / path).resolve()
        if not (file.is_relative_to(self._folder) and file.is_file()):
            raise web.HTTPNotFound
        stat = file.stat()
        version = (stat.st_mtime_ns, stat.st_size)
        held = self._held.get(file)
        if held is None or held.version != version:
            plain = file.read_bytes()
            # The map's library takes as long as a hundred other answers.
            is_large = len(plain) > _LARGE_BYTES
            packed = await asyncio.to_thread(_packed, plain) if is_large else _packed(plain)
            digest = hashlib.sha256(plain).hexdigest()[:32]
            held = _Held(version, f'"{digest}"', _content_type(file), plain, packed)
            self._held[file] = held
        return held


def _packed(plain: bytes) -> bytes:
    return gzip.compress(plain, compresslevel=6, mtime=0)


def _content_type(file: Path) -> str:
    kind = _KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    kind = kind or "application/octet-stream"
    is_text = kind.startswith("text/") or file.suffix in {".json", ".svg"}
    return f"{kind}; charset=utf-8" if is_text else kind
