"""One TCP connection to an RTSP server: requests out, answers and interleaved frames in."""

import asyncio
from collections.abc import Callable, Iterable
from typing import cast

from sharpeyes.devices.errors import RtspMessageError
from sharpeyes.devices.fault import Fault, FaultKind, connection_fault
from sharpeyes.devices.rtsp_message import (
    InterleavedFrame,
    RtspParser,
    RtspResponse,
    write_request,
)
from sharpeyes.devices.settings import RtspLimits

_FIRST_FINAL_STATUS = 200

_LONGEST_SEQUENCE_DIGITS = 18

FrameSink = Callable[[InterleavedFrame], None]


class RtspConnection(asyncio.Protocol):
    """Asks one question at a time.

    A Protocol rather than streams: half as much again of checks per second of CPU, and nothing
    is kept of interleaved frames that nobody wants.

    Args:
        endpoint: Host and port, as evidence names them.
        limits: How much of an answer is taken.
    """

    def __init__(self, endpoint: str, limits: RtspLimits) -> None:
        self.on_frame: FrameSink | None = None
        self.on_end: Callable[[], None] | None = None
        self.fault: Fault | None = None
        self._endpoint = endpoint
        self._limits = limits
        self._parser = RtspParser(limits)
        self._transport: asyncio.Transport | None = None
        self._is_ended_by_us = False
        self._sequence = 0
        self._given_up = 0
        self._method = ""
        self._received_bytes = 0
        self._answer: asyncio.Future[RtspResponse | Fault] | None = None

    async def exchange(
        self, method: str, url: str, headers: Iterable[tuple[str, str]]
    ) -> RtspResponse | Fault:
        """Send a request and wait for its answer; the caller sets the deadline."""
        if self.fault is not None:
            return self.fault
        self._method = method
        self._received_bytes = 0
        self._answer = asyncio.get_running_loop().create_future()
        self._send(method, url, headers)
        try:
            return await self._answer
        finally:
            if not self._answer.done() or self._answer.cancelled():
                self._given_up = self._sequence
            self._answer = None

    def abort(self) -> None:
        """End the connection at once."""
        self._is_ended_by_us = True
        if self._transport is not None:
            self._transport.abort()

    def say_goodbye(self, method: str, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """Send a last request, and end the connection without waiting for its answer."""
        if self._transport is not None and not self._transport.is_closing():
            self._send(method, url, headers)
            self._transport.close()

    def overdue(self, timeout_s: float) -> Fault:
        """Return what it means that the deadline has passed."""
        if self._transport is None:
            told = f"did not accept a connection within {timeout_s:g} s"
            return Fault(FaultKind.NETWORK, f"{self._endpoint} {told}")
        begun = self._received_bytes > 0
        told = "began an answer to {} and did not end it" if begun else "did not answer {}"
        return Fault(
            FaultKind.SILENT, f"{self._endpoint} {told.format(self._method)} within {timeout_s:g} s"
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that the device has accepted us."""
        # Not isinstance: uvloop's transports only behave like asyncio's.
        transport = cast("asyncio.Transport", transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what the device sends."""
        try:
            if self._answer is not None:
                self._count(len(data))
            response = self._parser.whole(data)
            if response is not None:
                self._take_answer(response)
                return
            for message in self._parser.feed(data):
                if isinstance(message, RtspResponse):
                    self._take_answer(message)
                elif self.on_frame is not None:
                    self.on_frame(message)
        except RtspMessageError as error:
            self._end(Fault(FaultKind.PROTOCOL, f"{self._endpoint} {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing more will come."""
        if self._is_ended_by_us and self._answer is None and self.on_end is None:
            return
        if isinstance(exc, OSError):
            self._end(connection_fault(self._endpoint, exc))
        elif exc is not None:
            self._break(exc)
        elif self._answer is None:
            self._end(Fault(FaultKind.NETWORK, f"{self._endpoint} closed the connection"))
        else:
            when = (
                "in the middle of its answer to" if self._received_bytes else "without an answer to"
            )
            told = f"closed the connection {when} {self._method}"
            self._end(Fault(FaultKind.NETWORK, f"{self._endpoint} {told}"))

    def _send(self, method: str, url: str, headers: Iterable[tuple[str, str]]) -> None:
        assert self._transport is not None
        self._sequence += 1
        self._transport.write(write_request(method, url, self._sequence, headers))

    def _count(self, size: int) -> None:
        self._received_bytes += size
        if self.on_frame is None and self._received_bytes > self._limits.max_bytes_per_answer:
            limit = self._limits.max_bytes_per_answer
            raise RtspMessageError(f"sends more than {limit} bytes without an answer among them")

    def _take_answer(self, response: RtspResponse) -> None:
        if self._answer is None or self._answer.done() or response.status < _FIRST_FINAL_STATUS:
            return
        sequence = response.header("cseq") or ""
        if self._given_up and _is_number(sequence) and int(sequence) <= self._given_up:
            return
        # Some devices forget CSeq; with one question at a time there is nothing to confuse.
        if sequence not in {"", str(self._sequence)}:
            raise RtspMessageError(f"answers another question (CSeq) than {self._method}")
        self._answer.set_result(response)

    def _end(self, fault: Fault) -> None:
        if self.fault is None:
            self.fault = fault
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self.fault)
        if self._transport is not None:
            self._transport.abort()
        if self.on_end is not None:
            self.on_end()

    def _break(self, error: Exception) -> None:
        # A mistake of ours must not look like one of the camera's.
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _is_number(sequence: str) -> bool:
    return sequence.isdecimal() and len(sequence) <= _LONGEST_SEQUENCE_DIGITS
