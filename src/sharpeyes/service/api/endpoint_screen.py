"""What the endpoint screens show: the endpoint beside how its deliveries stand, in one query."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from sharpeyes.registry.camera import Tier
from sharpeyes.service.api.camera_screen import TierWord


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
        pending: deliveries that wait or are tried again.
        delivered: deliveries that the receiver acknowledged.
        dead: deliveries that were given up, and are kept.
        oldest_pending_at: when the event that waits longest was recorded, UTC.
        last_error: what became of the latest attempt at a delivery that still waits; empty when
            none of them was attempted.
        attempts_lately: among the latest 2,000 deliveries of all endpoints, how many to this one
            were attempted.
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
    delivered: int
    dead: int
    oldest_pending_at: datetime | None
    last_error: str
    attempts_lately: int
    failed_lately: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None


# Deliveries are numbered as events come in. Of those that wait only the first of each lane has
# attempts, and the count of them names the latest.
_SCREEN = """
WITH lately AS MATERIALIZED (
    SELECT d.endpoint_id, t.http_status, t.latency_ms
    FROM (SELECT * FROM delivery ORDER BY delivery_id DESC LIMIT 2000) d
    JOIN delivery_attempt t ON t.delivery_id = d.delivery_id AND t.attempt = d.attempt_count
)
SELECT p.endpoint_id, p.name, p.url, p.event_types, p.severities, p.tiers,
       p.state, p.state_reason,
       p.created_at, p.deferred_until, ARRAY(
           SELECT division_code FROM endpoint_division w WHERE w.endpoint_id = p.endpoint_id
           ORDER BY division_code
       ) AS division_codes,
       n.pending, n.delivered, n.dead, e.recorded_at AS oldest_pending_at,
       COALESCE(a.last_error, '') AS last_error, l.*
FROM endpoint p CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'pending') AS pending,
           count(*) FILTER (WHERE state = 'delivered') AS delivered,
           count(*) FILTER (WHERE state = 'dead') AS dead,
           min(delivery_id) FILTER (WHERE state = 'pending') AS oldest
    FROM delivery WHERE endpoint_id = p.endpoint_id
) n
LEFT JOIN delivery d ON d.delivery_id = n.oldest
LEFT JOIN event e USING (event_id)
LEFT JOIN LATERAL (
    SELECT COALESCE('HTTP ' || t.http_status, t.error) AS last_error
    FROM delivery w JOIN delivery_attempt t
        ON t.delivery_id = w.delivery_id AND t.attempt = w.attempt_count
    WHERE w.endpoint_id = p.endpoint_id AND w.state = 'pending' AND w.attempt_count > 0
    ORDER BY t.started_at DESC LIMIT 1
) a ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS attempts_lately,
           count(*) FILTER (WHERE http_status / 100 IS DISTINCT FROM 2) AS failed_lately,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms) AS latency_p50_ms,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms) AS latency_p95_ms
    FROM lately WHERE lately.endpoint_id = p.endpoint_id
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
