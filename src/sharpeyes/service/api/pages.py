"""The dashboard's files, all from here: the network it runs in has no outside."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

DASHBOARD = Path(__file__).parent.parent / "dashboard"


def add_pages(app: web.Application) -> None:
    """Serve the dashboard at `/` and its files below `/static/`."""
    app.router.add_get("/", _index)
    app.router.add_static("/static", DASHBOARD)
    app.on_response_prepare.append(_revalidate)


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(DASHBOARD / "index.html")


async def _revalidate(request: web.Request, response: web.StreamResponse) -> None:
    # The files carry no version in their names; after an upgrade none may be an old one.
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"
