"""What the endpoint screens show: the endpoint beside how its deliveries stand, in one query."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from sharpeyes.registry.camera import Tier
from sharpeyes.service.api.camera_screen import TierWord

MOST_COUNTED = 100_000


class EndpointView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint and how its deliveries stand; its secret is never shown again.

    Attributes:
        endpoint_id: its identity.
        name: what people call it.
        url: where events are posted.
        event_types: the types it wants; empty for all.
        severities: the severities it wants; empty for all.
        tiers: of which tiers' cameras; empty for all.
        division_codes: of which divisions' cameras, with all below them; empty for all.
        state: whether it is served.
        state_reason: why it is not.
        created_at: when it was added, UTC.
        deferred_until: nearly all failed lately: nothing is sent before this, UTC, and then one
            delivery, until one arrives; null: it is served as usual.
        pending: deliveries that wait or are tried again; 100,001: more than 100,000.
        dead: deliveries that were given up, and are kept; counted as far.
        oldest_pending_at: when the event that waits longest was recorded, UTC; of more than
            100,000, of those that were counted.
        last_success_at: when a delivery last arrived, UTC, to two seconds; null: never yet.
        last_failure_at: when one last did not, likewise.
        last_failure: what it met instead; empty: none ever failed.
        attempts_lately: how many of its latest 200 deliveries were attempted, as far as these are
            among the latest 20,000 of all endpoints.
        failed_lately: how many of these attempts, the latest of each, were not answered 2xx.
        latency_p50_ms: half of them took no longer; null: there were none.
        latency_p95_ms: 95 % of them took no longer.
    """

    endpoint_id: int
    name: str
    url: str
    event_types: list[str]
    severities: list[str]
    tiers: list[TierWord]
    division_codes: list[str]
    state: str
    state_reason: str
    created_at: datetime
    deferred_until: datetime | None
    pending: int
    dead: int
    oldest_pending_at: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure: str
    attempts_lately: int
    failed_lately: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


# What it costs does not grow with the deliveries that there ever were: those that wait and those
# that were given up have indexes of their own and are counted up to a limit, and of the rest the
# latest are looked at, which their numbers tell.
_SCREEN = """
WITH lately AS MATERIALIZED (
    SELECT endpoint_id, delivery_id, attempt_count,
           row_number() OVER (PARTITION BY endpoint_id ORDER BY delivery_id DESC) AS place
    FROM (SELECT * FROM delivery ORDER BY delivery_id DESC LIMIT 20000) d
    WHERE attempt_count > 0
), attempts AS MATERIALIZED (
    SELECT l.endpoint_id, t.http_status, t.latency_ms
    FROM lately l
    JOIN delivery_attempt t ON t.delivery_id = l.delivery_id AND t.attempt = l.attempt_count
    WHERE l.place <= 200
)
SELECT p.endpoint_id, p.name, p.url, p.event_types, p.severities, p.tiers,
       p.state, p.state_reason, p.created_at, p.deferred_until,
       p.last_success_at, p.last_failure_at, p.last_failure, ARRAY(
           SELECT division_code FROM endpoint_division w WHERE w.endpoint_id = p.endpoint_id
           ORDER BY division_code
       ) AS division_codes,
       n.pending, x.dead, e.recorded_at AS oldest_pending_at, l.*
FROM endpoint p
CROSS JOIN LATERAL (
    SELECT count(*) AS pending, min(delivery_id) AS oldest FROM (
        SELECT delivery_id FROM delivery
        WHERE endpoint_id = p.endpoint_id AND state = 'pending' LIMIT 100001
    ) waiting
) n
CROSS JOIN LATERAL (
    SELECT count(*) AS dead FROM (
        SELECT FROM delivery WHERE endpoint_id = p.endpoint_id AND state = 'dead' LIMIT 100001
    ) given_up
) x
LEFT JOIN delivery d ON d.delivery_id = n.oldest
LEFT JOIN event e USING (event_id)
CROSS JOIN LATERAL (
    SELECT count(*) AS attempts_lately,
           count(*) FILTER (WHERE http_status / 100 IS DISTINCT FROM 2) AS failed_lately,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) AS latency_p50_ms,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) AS latency_p95_ms
    FROM attempts WHERE attempts.endpoint_id = p.endpoint_id
) l
WHERE $1::text IS NULL OR p.name = $1
ORDER BY p.name
"""


async def endpoint_views(pool: asyncpg.Pool) -> list[EndpointView]:
    """Return all endpoints in the order of their names."""
    return [_view(row) for row in await pool.fetch(_SCREEN, None)]


async def endpoint_view(pool: asyncpg.Pool, name: str) -> EndpointView | None:
    """Return one endpoint, or None when none has this name."""
    row = await pool.fetchrow(_SCREEN, name)
    return None if row is None else _view(row)


def _view(row: asyncpg.Record) -> EndpointView:
    tiers = [Tier(tier).word for tier in row["tiers"]]
    return msgspec.convert({**row, "tiers": tiers}, EndpointView)
