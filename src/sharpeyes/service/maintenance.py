"""Puts cameras back into service whose maintenance is over."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.store import CameraStore

log = structlog.get_logger()

_EVERY_S = 10.0
_AT_ONCE = 1000


async def end_maintenance(
    cameras: CameraStore, stop: asyncio.Event, *, every_s: float = _EVERY_S
) -> None:
    """End every maintenance that is over, until `stop`. Any number of processes may do so."""
    while not stop.is_set():
        try:
            await _end_once(cameras)
        except DATABASE_AWAY as error:
            log.warning("maintenance cannot be ended", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)


async def _end_once(cameras: CameraStore) -> None:
    ended = _AT_ONCE
    while ended == _AT_ONCE:
        ended = await cameras.end_maintenance(limit=_AT_ONCE)
        if ended:
            log.info("maintenance is over", cameras=ended)
