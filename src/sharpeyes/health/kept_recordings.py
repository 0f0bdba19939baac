"""For how many days cameras' recordings are kept, as the devices tell (ONVIF Profile G).

A device tells from when to when its recordings are, not what is missing in between. It judges no
camera: it is a figure of the acceptance sheet. What is gathered and not written yet is lost with
the worker, and asked for again the next day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import asyncpg
import msgspec

from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.recordings_kept import RecordingsKept
from sharpeyes.registry.figures import STANDING, Figure, figure

NEVER_ASKED: Final = "recorders_not_asked"

_FRESH: Final = timedelta(days=7)
"""What was told longer ago says nothing of today."""
_AT_ONCE: Final = 1000

# A device that fails now and then has not forgotten what it told.
_PUT: Final = """
INSERT INTO camera_recording AS kept
    (camera_id, asked_at, outcome, recordings, since, until, least_days, most_days)
SELECT told.* FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::integer[],
    $5::timestamptz[], $6::timestamptz[], $7::double precision[], $8::double precision[])
    AS told (camera_id, asked_at, outcome, recordings, since, until, least_days, most_days)
JOIN camera USING (camera_id)
ON CONFLICT (camera_id) DO UPDATE SET asked_at = excluded.asked_at, outcome = excluded.outcome,
    recordings = excluded.recordings, since = excluded.since, until = excluded.until,
    least_days = excluded.least_days, most_days = excluded.most_days
WHERE kept.asked_at < excluded.asked_at
    AND (excluded.outcome <> 'failed' OR kept.outcome = 'failed')
"""
_ONE: Final = """
SELECT asked_at, outcome, recordings, since, until, least_days, most_days
FROM camera_recording WHERE camera_id = $1
"""
_COUNTS: Final = f"""
SELECT how, count(*) AS cameras FROM (
    SELECT CASE
        WHEN k.camera_id IS NULL THEN '{NEVER_ASKED}'
        WHEN k.outcome <> 'told' THEN 'recordings_' || k.outcome
        WHEN k.asked_at < $3 THEN 'recordings_told_long_ago'
        WHEN k.least_days >= $2 THEN 'enough'
        -- Its own memory card is short, and it hangs on a recorder that was not asked for it.
        WHEN c.poll_mode = 'direct' AND c.recorder_code IS NOT NULL THEN 'recorder_elsewhere'
        WHEN k.most_days < $2 THEN 'short'
        ELSE 'recordings_not_told_apart'
    END AS how
    FROM camera AS c LEFT JOIN camera_recording AS k USING (camera_id)
    WHERE {STANDING} AND ($1::text IS NULL OR division_path ^@ $1)
) AS asked GROUP BY how
"""  # noqa: S608  # made of our own condition


class Outcome(StrEnum):
    """What came of asking."""

    TOLD = "told"
    NOT_OFFERED = "not_offered"
    """It has no search of recordings."""
    REFUSED = "refused"
    """It wants a password, or another one."""
    FAILED = "failed"
    """It did not answer, or not in a way that can be used."""


class CameraRecordings(msgspec.Struct, frozen=True, kw_only=True):
    """What the device of a camera says of its recordings.

    Attributes:
        asked_at: when, UTC.
        outcome: what came of it; all else is None unless it is `told`.
        recordings: how many the device keeps: one for each of a recorder's inputs.
        since: of the oldest picture, by the device's clock.
        until: of the newest.
        least_days: how long the shortest recording is, from its oldest to its newest picture, gaps
            included; None where the device does not tell its recordings apart.
        most_days: the same of the longest.
    """

    asked_at: datetime
    outcome: Outcome
    recordings: int | None
    since: datetime | None
    until: datetime | None
    least_days: float | None
    most_days: float | None


class KeptRecordings:
    """Gathers what devices say of their recordings.

    Args:
        now: the present, UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._told: dict[int, CameraRecordings] = {}

    def told(self, camera_id: int, answer: RecordingsKept | Fault | None) -> None:
        """Note an answer: what there is, that it is not told, or why not."""
        self._told[camera_id] = _told(answer, self._now())

    async def write(self, pool: asyncpg.Pool) -> None:
        """Write down what was gathered; what cannot be written is kept."""
        while self._told:
            told = {camera_id: self._told[camera_id] for camera_id in list(self._told)[:_AT_ONCE]}
            rows = [(camera_id, *msgspec.structs.astuple(of)) for camera_id, of in told.items()]
            await pool.execute(_PUT, *map(list, zip(*rows, strict=True)))
            for camera_id, of in told.items():
                # It may have been asked once more meanwhile.
                if self._told[camera_id] is of:
                    del self._told[camera_id]


def _told(answer: RecordingsKept | Fault | None, at: datetime) -> CameraRecordings:
    if isinstance(answer, RecordingsKept):
        return CameraRecordings(
            asked_at=at,
            outcome=Outcome.TOLD,
            recordings=answer.count,
            since=answer.since,
            until=answer.until,
            least_days=answer.least_days,
            most_days=answer.most_days,
        )
    outcome = Outcome.NOT_OFFERED if answer is None else Outcome.FAILED
    if isinstance(answer, Fault) and answer.kind is FaultKind.AUTH:
        outcome = Outcome.REFUSED
    return CameraRecordings(
        asked_at=at,
        outcome=outcome,
        recordings=None,
        since=None,
        until=None,
        least_days=None,
        most_days=None,
    )


async def read_recordings(pool: asyncpg.Pool, camera_id: int) -> CameraRecordings | None:
    """Return what is known of a camera's recordings; None: its device was never asked."""
    row = await pool.fetchrow(_ONE, camera_id)
    return msgspec.convert(dict(row), CameraRecordings) if row else None


async def recording_figure(
    pool: asyncpg.Pool, path: str | None, *, days: int, as_of: datetime
) -> Figure:
    """Count cameras whose recordings are kept for so many days.

    Args:
        pool: the database.
        path: of the division whose cameras they are; None for all.
        days: at least so many.
        as_of: the present, UTC.
    """
    rows = await pool.fetch(_COUNTS, path, days, as_of - _FRESH)
    counts = {row["how"]: row["cameras"] for row in rows}
    enough, short = counts.pop("enough", 0), counts.pop("short", 0)
    return figure(enough, enough + short, **counts)
