"""The receiver of a soak: it verifies, and takes what it is sent when it is in the mood for it."""

import hashlib
from http import HTTPStatus
from random import Random

import msgspec
from aiohttp import web
from tests.faults.proxy import Fault

from benchmarks.soak.ledger import Arrival, Book
from sharpeyes.events.signing import read_secret, refusal

SERVER_ERROR_RATIO = 0.30
TIMEOUT_RATIO = 0.05
RESET_RATIO = 0.03
SLOW_RATIO = 0.02


class CaseSystem:
    """Keeps what arrives in a book.

    Args:
        book: where arrivals are written down.
        random: decides which request fails, and how.

    Attributes:
        secret: what deliveries are signed with; empty until the endpoint is added.
        calm: no more faults.
        refused: requests whose signature was not right.
    """

    def __init__(self, book: Book, random: Random) -> None:
        self.secret = ""
        self.calm = False
        self.refused = 0
        self._book = book
        self._random = random

    def fault(self) -> Fault:
        """Choose what the network does to a connection, each of which carries one request."""
        number = 1.0 if self.calm else self._random.random()
        if number < TIMEOUT_RATIO:
            return Fault.SILENT
        if number < TIMEOUT_RATIO + RESET_RATIO:
            return Fault.CUT
        return Fault.SLOW if number < TIMEOUT_RATIO + RESET_RATIO + SLOW_RATIO else Fault.NONE

    def application(self) -> web.Application:
        """Return what is served at /events."""
        application = web.Application()
        application.router.add_route("OPTIONS", "/events", self._consent)
        application.router.add_post("/events", self._receive)
        return application

    async def _consent(self, _request: web.Request) -> web.Response:
        return web.Response(headers={"WebHook-Allowed-Origin": "*"})

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        answer = self._judge(request, body)
        answer.force_close()
        return answer

    def _judge(self, request: web.Request, body: bytes) -> web.Response:
        if refusal([read_secret(self.secret)], request.headers, body) is not None:
            self.refused += 1
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        if not self.calm and self._random.random() < SERVER_ERROR_RATIO:
            status = self._random.choice((500, 502, 503, 504))
            return web.Response(status=status)
        event = msgspec.json.decode(body)
        self._book.arrivals.append(
            Arrival(
                event_id=event["id"],
                device_code=event["subject"],
                sequence=int(event["sequence"]),
                origin_id=event["originid"],
                text=event["data"]["text"],
                body_sha256=hashlib.sha256(body).hexdigest(),
            )
        )
        return web.Response()
