"""One attempt to deliver: a request, bounded in time and in what is read of its answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

MAX_ANSWER_BYTES = 16 * 1024
_KEPT_CHARACTERS = 500
_LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver did.

    Attributes:
        http_status: Of its answer; None when none came.
        error: Why none came, or why reading it ended early; empty when all went well.
        head: The beginning of the answer, printable.
        retry_after: The header of that name, as sent.
        latency_ms: From dialling to the end of reading.
    """

    http_status: int | None = None
    error: str = ""
    head: str = ""
    retry_after: str | None = None
    latency_ms: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Whether a 2xx was read."""
        status = self.http_status
        return status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


async def post(
    session: aiohttp.ClientSession,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    timeout_s: float,
) -> Answer:
    """Post a body and read at most 16 kB of what comes back. Redirects are not followed.

    Once a status was read it counts, whatever becomes of the rest of the answer.

    Args:
        session: From `sharpeyes.events.address.open_session`.
        url: Where to.
        headers: With the signature and the content type.
        body: What was signed.
        timeout_s: How long all of it may take.
    """
    clock_s = asyncio.get_running_loop().time
    started_s = clock_s()
    status: int | None = None
    retry_after: str | None = None
    received = bytearray()
    error = ""
    try:
        async with (
            asyncio.timeout(timeout_s),
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
            retry_after = answer.headers.get("Retry-After")
            await _read_bounded(answer, received)
    except TimeoutError:
        error = f"no full answer within {timeout_s:g} s"
    except (aiohttp.ClientError, OSError) as failure:
        error = _one_line(str(failure) or type(failure).__name__)[:_LONGEST_ERROR]
    return Answer(
        http_status=status,
        error=error,
        head=_one_line(received[: 4 * _KEPT_CHARACTERS].decode(errors="replace")),
        retry_after=retry_after,
        latency_ms=(clock_s() - started_s) * 1000,
    )


async def _read_bounded(answer: aiohttp.ClientResponse, received: bytearray) -> None:
    while len(received) < MAX_ANSWER_BYTES:
        chunk = await answer.content.read(MAX_ANSWER_BYTES - len(received))
        if not chunk:
            return
        received += chunk
    # The rest is neither read nor waited for; the connection cannot be used again.
    answer.close()


def _one_line(text: str) -> str:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.strip()[:_KEPT_CHARACTERS]
