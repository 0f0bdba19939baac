"""Raises the lights of cases whose time runs out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from random import SystemRandom

import asyncpg
import structlog

from sharpeyes.events.case_clock import raise_due
from sharpeyes.events.case_settings import CaseLimit
from sharpeyes.events.event import EventType
from sharpeyes.registry.outage import DATABASE_AWAY

log = structlog.get_logger()

_EVERY_S = 5.0
_AT_ONCE = 200


async def keep_case_lights(
    pool: asyncpg.Pool,
    limits: Mapping[EventType, CaseLimit],
    stop: asyncio.Event,
    *,
    now: Callable[[], datetime],
    every_s: float = _EVERY_S,
) -> None:
    """Raise every light that is due, until `stop`. Any number of processes may do so."""
    while not stop.is_set():
        try:
            await _raise_once(pool, limits, now)
        except DATABASE_AWAY as error:
            log.warning("lights of cases cannot be raised", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)


async def _raise_once(
    pool: asyncpg.Pool, limits: Mapping[EventType, CaseLimit], now: Callable[[], datetime]
) -> None:
    looked_at = _AT_ONCE
    while looked_at == _AT_ONCE:
        async with pool.acquire() as connection, connection.transaction():
            looked_at = await raise_due(connection, now(), limits, SystemRandom(), limit=_AT_ONCE)
