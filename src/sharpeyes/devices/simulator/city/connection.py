"""A connection to a device of a simulated city, whatever is spoken on it."""

import asyncio
import random
import socket
import struct
from abc import ABC, abstractmethod
from typing import Generic, TypeVar, cast

from sharpeyes.devices.simulator.city.fault import (
    Busy,
    CityFault,
    Garbage,
    Half,
    Reset,
    Silent,
    Slow,
    Trickle,
    Unanswered,
)
from sharpeyes.devices.simulator.city.world import World
from sharpeyes.devices.simulator.rtsp_message import BadRequestError

_GARBAGE_BYTES = 200
_BREAK_OFF = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s

RequestT = TypeVar("RequestT")


class CityConnection(asyncio.Protocol, ABC, Generic[RequestT]):
    """Answers as the device does that was called; the connection's address tells which.

    What is spoken, those below say: `_take` a request from what came, and `_answer` it.

    Args:
        world: the city.
    """

    __slots__ = (
        "_buffer",
        "_counted",
        "_device",
        "_is_deaf",
        "_left",
        "_transport",
        "_waiting",
        "_world",
    )

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = bytearray()
        self._device = -1
        self._waiting = bytearray()
        self._is_deaf = False
        self._counted = self._left = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See who was called."""
        # Not isinstance: uvloop's transports only behave like asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        world = self._world
        host = transport.get_extra_info("sockname")[0]
        device = world.layout.device_at(int.from_bytes(socket.inet_aton(host)))
        if device is None:
            self._break_off()
            return
        self._device = device
        world.connections.add(self)
        # Counted after the ends that have come before it, which the loop may show us later: else
        # one connection that follows another would look like two at once.
        asyncio.get_running_loop().call_soon(self._enter)
        if len(world.connections) > world.max_open:
            world.tally.turned_away += 1
            self._break_off()
        elif isinstance(self._fault, Reset):
            self._break_off()

    def eof_received(self) -> None:
        """Count the end as soon as it is known; the loop closes the connection."""
        self._leave()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Forget it."""
        self._world.connections.discard(self)
        self._leave()

    def _enter(self) -> None:
        world = self._world
        self._counted = not self._left
        world.tally.connections += 1
        if self._counted:
            world.doors.opened(self._device, world.monotonic(), world.tally)

    def _leave(self) -> None:
        if self._counted and not self._left:
            self._world.doors.closed(self._device)
        self._left = True

    def cut(self) -> None:
        """End it at once."""
        self._transport.abort()

    def pause_writing(self) -> None:
        """The client reads too slowly: its requests wait until it has caught up."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Take requests again."""
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete, in the way of the device's fault."""
        fault = self._fault
        if self._is_deaf or isinstance(fault, Unanswered | Silent):
            return
        if isinstance(fault, Reset):
            self._break_off()
            return
        self._buffer += data
        try:
            while (request := self._take(self._buffer)) is not None:
                is_busy = isinstance(fault, Busy)
                self._deliver(self._refuse(request) if is_busy else self._answer(request), fault)
        except BadRequestError:
            self._transport.write(self._bad_request)
            self._transport.close()

    _bad_request: bytes

    @abstractmethod
    def _take(self, buffer: bytearray) -> RequestT | None:
        """Take the next request out of what has been received; None if it is not complete.

        Raises:
            BadRequestError: the connection can only be closed.
        """

    @abstractmethod
    def _answer(self, request: RequestT) -> bytes:
        """What goes back."""

    @abstractmethod
    def _refuse(self, request: RequestT) -> bytes:
        """What goes back if there is no room for it."""

    @property
    def _fault(self) -> CityFault | None:
        return self._world.devices.fault(self._device, "answer")

    def _deliver(self, answer: bytes, fault: CityFault | None) -> None:
        match fault:
            case None:
                self._transport.write(answer)
            case Slow(after_s):
                asyncio.get_running_loop().call_later(after_s, self._write, answer)
            case Trickle(every_s):
                is_under_way = bool(self._waiting)
                self._waiting += answer
                if not is_under_way:
                    self._trickle(every_s)
            case Half():
                self._transport.write(answer[: len(answer) // 2])
                self._is_deaf = True
            case Garbage():
                # The same device always says the same.
                rng = random.Random(self._device)  # noqa: S311  # no secret
                self._transport.write(rng.randbytes(_GARBAGE_BYTES))
            case _:
                self._transport.write(answer)

    def _trickle(self, every_s: float) -> None:
        """Send a byte, and see to the next."""
        if not self._waiting or not self._write(self._waiting[:1]):
            return
        del self._waiting[:1]
        if self._waiting:
            asyncio.get_running_loop().call_later(every_s, self._trickle, every_s)

    def _write(self, answer: bytes | bytearray) -> bool:
        """Send later what was not sent at once; False if nobody is there any more."""
        if self._transport.is_closing():
            return False
        self._transport.write(bytes(answer))
        return True

    def _break_off(self) -> None:
        """End it with RST rather than FIN."""
        accepted = self._transport.get_extra_info("socket")
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BREAK_OFF)
        self._transport.abort()
