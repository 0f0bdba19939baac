"""An attempt through a network that does its worst: an answer or a reason, within its time."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.faults.proxy import Fault, FaultProxy

from sharpeyes.events.address import open_session
from sharpeyes.events.attempt import post
from sharpeyes.events.settings import EventSettings


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TestServer]:
    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="taken" * 20)

    application = web.Application()
    application.router.add_post("/", take)
    server = TestServer(application)
    async with server:
        yield server


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        (Fault.NONE, 200, ""),
        (Fault.DELAY, 200, ""),
        (Fault.SLOW, 200, ""),
        (Fault.CUT, None, "reset"),
        (Fault.HALF_CLOSE, None, "disconnected"),
        (Fault.GARBAGE, None, "400"),
        (Fault.SILENT, None, "no full answer within 0.5 s"),
    ],
)
async def test_each_fault_is_an_answer_or_a_reason(
    server: TestServer, fault: Fault, status: int | None, error: str
) -> None:
    assert server.port is not None
    proxy = FaultProxy("127.0.0.1", server.port, lambda: fault, pause_s=0.05)
    async with proxy.running(), open_session(EventSettings(allow_loopback=True)) as session:
        url = f"http://127.0.0.1:{proxy.url_port}/"
        answer = await post(session, url, {}, b"x" * 20_000, timeout_s=0.5)

    assert answer.http_status == status
    assert error in answer.error.lower()
    assert proxy.count[fault] == 1
