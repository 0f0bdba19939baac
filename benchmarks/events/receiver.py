"""A receiver that takes everything at once: in a process of its own, so as to cost ours nothing."""

import asyncio
import socket

from aiohttp import web


async def _take(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


async def _serve() -> None:
    app = web.Application()
    app.router.add_post("/events", _take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    await web.SockSite(runner, listener).start()
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
