"""The dashboard's files, all from here: the network it runs in has no outside."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

from sharpeyes.service.api.static_files import StaticFiles

DASHBOARD = Path(__file__).parent.parent / "dashboard"

_FIRST: Final = ("js/main.js", "js/pages/overview.js")
_PRELOADS: Final = "<!-- preloads -->"


def add_pages(app: web.Application) -> None:
    """Serve the dashboard at `/` and its files below `/static/`."""
    files = StaticFiles(DASHBOARD)
    # All at once: found import by import, they would come one round after another.
    links = "\n  ".join(
        f'<link rel="modulepreload" href="/static/{module}">'
        for module in files.modules_of(*_FIRST)
    )

    async def index(_request: web.Request) -> web.Response:
        page = (DASHBOARD / "index.html").read_text("utf-8").replace(_PRELOADS, links)
        return web.Response(text=page, content_type="text/html", charset="utf-8")

    async def static(request: web.Request) -> web.Response:
        return await files.answer(request, request.match_info["path"])

    app.router.add_get("/", index)
    app.router.add_get("/static/{path:.+}", static)
    app.on_response_prepare.append(_revalidate)


async def _revalidate(request: web.Request, response: web.StreamResponse) -> None:
    # The files carry no version in their names; after an upgrade none may be an old one.
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"
