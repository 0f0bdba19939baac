"""The system that hands events in: it repeats a batch until it is told that all of it is stored."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import msgspec

from benchmarks.soak.ledger import Book

_BATCH = "application/cloudevents-batch+json"
_PAUSE_S = 0.2


class Sender:
    """Hands in events of some cameras, in order.

    Args:
        session: for requests to the API.
        url: the API's address.
        token: of scope `events:write`.
        book: what was sent and accepted.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        book: Book,
    ) -> None:
        self._session = session
        self._url = f"{url}/api/v1/events"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": _BATCH}
        self._book = book

    async def send(self, items: Sequence[tuple[str, str]]) -> None:
        """Hand in one batch until it is stored.

        Args:
            items: identity and device code of each event.
        """
        batch = [self._event(origin_id, device_code) for origin_id, device_code in items]
        body = msgspec.json.encode(batch)
        while not await self._accepted(body):  # noqa: ASYNC110  # the API is asked
            await asyncio.sleep(_PAUSE_S)
        self._book.accepted |= {origin_id for origin_id, _ in items}

    def _event(self, origin_id: str, device_code: str) -> dict[str, Any]:
        text = f"report {origin_id}: 30 cm of water, 三十厘米"
        self._book.texts[origin_id] = text
        return {
            "specversion": "1.0",
            "id": origin_id,
            "source": "/soak",
            "type": "org.sharpeyes.outside-report.v1",
            "subject": device_code,
            "time": datetime.now(UTC).isoformat(),
            "data": {"kind": "flooding", "text": text},
        }

    async def _accepted(self, body: bytes) -> bool:
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=10),
            ) as answer:
                if answer.status in {408, 429} or answer.status >= 500:
                    return False
                receipt = await answer.json()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        if answer.status != 200:
            raise RuntimeError(f"the batch was refused: {answer.status} {receipt}")
        return True
