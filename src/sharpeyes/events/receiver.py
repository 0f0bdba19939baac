"""A small case system: receives events, verifies them, and removes duplicates.

It shows integrators what to do, stands in for the case system in demonstrations, and answers for
it in tests, faults included.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from sharpeyes.events.cloudevent import MAX_BODY_BYTES
from sharpeyes.events.errors import ReceiverFileError
from sharpeyes.events.kept_file import KeptFile
from sharpeyes.events.signing import refusal

PATH = "/events"
MOST_REMEMBERED = 10_000


class ReceivedEvent(msgspec.Struct, kw_only=True):
    """What the receiver knows of one event.

    Attributes:
        id: The event's identity, by which duplicates are known.
        type: What happened.
        subject: The camera's device code.
        sequence: Counts the camera's events.
        time: When it happened.
        data: What is said.
        times_received: How often it came, verified.
        verified: Whether its signature was right. Others are refused, so it always was.
    """

    id: str
    type: str
    subject: str
    sequence: str
    time: str
    data: dict[str, Any]
    times_received: int = 1
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Fault:
    """What the receiver does wrong with one delivery.

    Attributes:
        status: Answered instead of success; None: answer as usual.
        delay_s: How long it waits first.
        keeps: It keeps the event before it answers wrongly, as one does whose answer is lost.
        only_subject: Only for this camera; others are served as usual.
    """

    status: int | None = HTTPStatus.SERVICE_UNAVAILABLE
    delay_s: float = 0.0
    keeps: bool = False
    only_subject: str | None = None


class CaseReceiver:
    """The receiver, without the server around it.

    Args:
        secrets: Gives what deliveries may be signed with. Asked at each delivery: a secret is known
            only once the endpoint is added, and may be replaced later.
        file: Where events are kept; None: in memory only.
        announce: Is given one line for each new event and each refusal.
        faults: One for each of the next deliveries that it fits.
        remembered: How many events are held in memory, the newest; older ones that come again
            are not known as duplicates.

    Attributes:
        refused_count: Deliveries that were not authentic, not fresh, or no events.
    """

    def __init__(
        self,
        secrets: Callable[[], Sequence[bytes]],
        *,
        file: KeptFile | None = None,
        announce: Callable[[str], None] = lambda _: None,
        faults: Iterable[Fault] = (),
        remembered: int = MOST_REMEMBERED,
    ) -> None:
        self.refused_count = 0
        self._secrets = secrets
        self._file = file
        self._announce = announce
        self._faults = deque(faults)
        self._remembered = remembered
        self._events: OrderedDict[str, ReceivedEvent] = OrderedDict()
        self._keeping = asyncio.Lock()
        if file is not None:
            self._remember_all(file)

    @property
    def events(self) -> tuple[ReceivedEvent, ...]:
        """What arrived, in the order of first arrival."""
        return tuple(self._events.values())

    def application(self) -> web.Application:
        """Return the web application: POST and OPTIONS /events for us, GET /events to look."""
        application = web.Application(client_max_size=2 * MAX_BODY_BYTES)
        application.router.add_route("OPTIONS", PATH, self._consent)
        application.router.add_post(PATH, self._receive)
        application.router.add_get(PATH, self._show)
        return application

    async def _consent(self, request: web.Request) -> web.Response:
        origin = request.headers.get("WebHook-Request-Origin")
        if origin is None:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text="no WebHook-Request-Origin\n")
        return web.Response(
            headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*", "Allow": "POST"}
        )

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        event = self._verified(request.headers, body)
        if isinstance(event, str):
            self.refused_count += 1
            self._announce(f"refused: {event}")
            return web.Response(status=HTTPStatus.UNAUTHORIZED, text=f"{event}\n")
        fault = self._next_fault(event)
        if fault is not None:
            await asyncio.sleep(fault.delay_s)
            if fault.status is not None and not fault.keeps:
                return web.Response(status=fault.status)
        try:
            async with self._keeping:
                await self._keep(event)
        except OSError as error:
            # Nothing may be acknowledged that could be lost: it will be sent again.
            self._announce(f"cannot keep {event.id}: {error}")
            return web.Response(
                status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "60"}
            )
        if fault is not None and fault.status is not None:
            return web.Response(status=fault.status)
        return web.Response(text="kept\n")

    async def _show(self, _request: web.Request) -> web.Response:
        shown = {"events": self.events, "refused": self.refused_count}
        return web.Response(body=msgspec.json.encode(shown), content_type="application/json")

    def _verified(self, headers: Mapping[str, str], body: bytes) -> ReceivedEvent | str:
        """Return the event, or why it is refused."""
        reason = refusal(self._secrets(), headers, body)
        if reason is not None:
            return reason
        try:
            event = msgspec.json.decode(body, type=ReceivedEvent)
        except msgspec.DecodeError as error:
            return f"not an event: {error}"
        return event if event.id == headers["webhook-id"] else "id and webhook-id differ"

    def _next_fault(self, event: ReceivedEvent) -> Fault | None:
        for fault in self._faults:
            if fault.only_subject in (None, event.subject):
                self._faults.remove(fault)
                return fault
        return None

    async def _keep(self, event: ReceivedEvent) -> None:
        known = self._events.get(event.id)
        if known is not None:
            known.times_received += 1
            return
        # Whoever sent it may say how often; what counts is how often it came.
        event.times_received, event.verified = 1, True
        if self._file is not None:
            await asyncio.to_thread(self._file.append, msgspec.json.encode(event))
        self._remember(event)
        self._announce(f"{event.time}  {event.type}  {event.subject}  #{event.sequence}")

    def _remember(self, event: ReceivedEvent) -> None:
        self._events[event.id] = event
        if len(self._events) > self._remembered:
            self._events.popitem(last=False)

    def _remember_all(self, file: KeptFile) -> None:
        for number, line in enumerate(file.lines(), start=1):
            try:
                self._remember(msgspec.json.decode(line, type=ReceivedEvent))
            except msgspec.DecodeError as error:
                raise ReceiverFileError(
                    f"line {number} of the receiver's file is not an event: {error}"
                ) from error
