"""Deletes events and pictures that have been kept long enough, now and then."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import asyncpg
import structlog

from sharpeyes.events.retention import Retention
from sharpeyes.events.retention_settings import RetentionSettings
from sharpeyes.registry.outage import DATABASE_AWAY

log = structlog.get_logger()

_EVERY_S = 24 * 3600.0
_TRY_AGAIN_S = 60.0


async def keep_retention(
    pool: asyncpg.Pool,
    settings: RetentionSettings,
    stop: asyncio.Event,
    *,
    now: Callable[[], datetime],
    every_s: float = _EVERY_S,
) -> None:
    """Delete what is due, at the start and daily, until `stop`. One process does so at a time."""
    retention = Retention(pool, settings, now)
    while not stop.is_set():
        wait_s = every_s
        try:
            for proof in await retention.run_once():
                if proof.deleted or proof.held or proof.waiting:
                    log.info(
                        "retention",
                        of=proof.of,
                        deleted=proof.deleted,
                        held=proof.held,
                        waiting=proof.waiting,
                    )
        except DATABASE_AWAY as error:
            log.warning("nothing could be deleted", error=type(error).__name__)
            wait_s = _TRY_AGAIN_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait_s)
