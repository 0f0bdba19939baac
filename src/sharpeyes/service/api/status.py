"""How the fleet is, over HTTP: counts with their base, never a bare rate."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from aiohttp import web
from msgspec.structs import asdict

from sharpeyes.health.store import Counts, Summary
from sharpeyes.registry.camera import Tier
from sharpeyes.service.access import Scope
from sharpeyes.service.api.camera_screen import TierWord
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer


class TierStatusCounts(Counts, frozen=True, kw_only=True):
    """The counts of one tier."""

    tier: TierWord


class DivisionStatusCounts(Counts, frozen=True, kw_only=True):
    """The counts of one district or local zone, with all below it."""

    division_code: str


class FleetStatus(msgspec.Struct, frozen=True):
    """How many cameras there are and how they are; `registered` = `measured` + `not_measured`."""

    as_of: datetime
    total: Counts
    by_tier: list[TierStatusCounts]
    by_division: list[DivisionStatusCounts]


def fleet_status(summary: Summary, as_of: datetime) -> FleetStatus:
    """Write a summary as programs read it, the tiers in words."""
    return FleetStatus(
        as_of=as_of,
        total=summary.total,
        by_tier=[
            TierStatusCounts(tier=msgspec.convert(Tier(tier).word, TierWord), **asdict(counts))
            for tier, counts in summary.by_tier.items()
        ],
        by_division=[
            DivisionStatusCounts(division_code=code, **asdict(counts))
            for code, counts in summary.by_division.items()
        ],
    )


async def show_status(request: web.Request) -> web.Response:
    """Answer the fleet's counts, whole and by tier and district."""
    summary = await request.app[CONTEXT].statuses.summary()
    return answer(fleet_status(summary, datetime.now(UTC)))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/status",
        handler=show_status,
        summary="How many cameras are well, by tier and by district",
        scope=Scope.CAMERAS_READ,
        answer=FleetStatus,
    ),
)
