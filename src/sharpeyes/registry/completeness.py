"""How complete the camera files are, and how many cameras are networked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from sharpeyes.registry.camera import Tier
from sharpeyes.registry.division import Level
from sharpeyes.registry.figures import ANCESTOR, STANDING, Figure, figure
from sharpeyes.registry.places import division_path
from sharpeyes.registry.settings import SHEET_FIELDS

NETWORKED_UNKNOWN = "networked_unknown"
"""Why a camera cannot be judged: nobody wrote down whether it hangs on the network."""

_SUM = "sum_"
_NOT_ON_THE_NETWORK = "not_networked"
_ADDRESS_FIELDS = frozenset({"ipv4", "ipv6", "mac"})
# An address is filled by either kind of address, and asked only of what hangs on the network.
_FILLED = {
    "ipv4": "num_nonnulls(ipv4, ipv6) > 0",
    "ipv6": "num_nonnulls(ipv4, ipv6) > 0",
    "functions": "functions <> '{}'",
    "place_kinds": "place_kinds <> '{}'",
    "contacts": "contacts <> '{}'",
}


class FieldCompleteness(msgspec.Struct, frozen=True, kw_only=True):
    """How many cameras have one field of the sheet filled in.

    Attributes:
        field: Its name, as in `CameraFile`.
        required: Whether a file without it is incomplete.
        filled: Its figure. Addresses are asked only of cameras on the network.
    """

    field: str
    required: bool
    filled: Figure


class Filing(msgspec.Struct, frozen=True, kw_only=True):
    """How complete the files of some cameras are.

    Attributes:
        cameras: Those that stand: in service or under maintenance.
        complete: How many have all required fields.
        required_fields: How many of the required fields, over all cameras, are filled in.
        networked: How many hang on the network.
    """

    cameras: int
    complete: Figure
    required_fields: Figure
    networked: Figure


class DivisionFiling(Filing, frozen=True, kw_only=True):
    """The same of one division, with all below it.

    Attributes:
        division_code: None for cameras that are filed above the level of the report.
    """

    division_code: str | None


class CompletenessReport(msgspec.Struct, frozen=True, kw_only=True):
    """How complete the registry is.

    Attributes:
        as_of: UTC.
        level: The level of `by_division`.
        total: Of all cameras.
        by_tier: By the tier's word.
        by_division: By division of the level, in the order of their codes.
        by_field: All fields of the sheet, in its order.
    """

    as_of: datetime
    level: Level
    total: Filing
    by_tier: dict[str, Filing]
    by_division: list[DivisionFiling]
    by_field: list[FieldCompleteness]


async def completeness(
    pool: asyncpg.Pool,
    required: Sequence[str],
    *,
    division_code: str | None,
    level: Level,
    as_of: datetime,
    timeout_s: float = 120.0,
) -> CompletenessReport:
    """Count over all cameras that stand, in one pass.

    Args:
        pool: The database.
        required: The fields without which a file is incomplete.
        division_code: Only this division and those below it.
        level: How far down figures are given.
        as_of: The present, UTC.
        timeout_s: Longest time for the pass.

    Raises:
        UnknownDivisionError: There is no such division.
    """
    path = await division_path(pool, division_code)
    rows = await pool.fetch(_sql(required), path, level, timeout=timeout_s)
    total: Counter[str] = Counter()
    by_tier: dict[str, Filing] = {}
    by_division: list[DivisionFiling] = []
    for row in rows:
        counts = Counter({name: n for name, n in row.items() if name.startswith(_SUM)})
        if row["of_tier"]:
            by_tier[Tier(row["tier"]).word] = _filing(counts, required)
        elif row["of_division"]:
            filing = _filing(counts, required)
            fields = msgspec.structs.asdict(filing)
            by_division.append(DivisionFiling(division_code=row["code"], **fields))
        else:
            total = counts
    by_division.sort(key=lambda filing: (filing.division_code is None, filing.division_code))
    return CompletenessReport(
        as_of=as_of,
        level=level,
        total=_filing(total, required),
        by_tier={tier.word: by_tier[tier.word] for tier in Tier if tier.word in by_tier},
        by_division=by_division,
        by_field=[
            FieldCompleteness(field=field, required=field in required, filled=_filled(field, total))
            for field in SHEET_FIELDS
        ],
    )


def _sql(required: Sequence[str]) -> str:
    filled = {field: _FILLED.get(field, f"{field} IS NOT NULL") for field in SHEET_FIELDS}
    counts = [f"count(*) FILTER (WHERE {filled[field]}) AS has_{field}" for field in SHEET_FIELDS]
    # What an address says of a camera that is not networked, or may not be, is asked of nobody.
    counts += [
        f"count(*) FILTER (WHERE networked AND {filled[field]}) AS networked_{field}"
        for field in sorted(_ADDRESS_FIELDS)
    ]
    lacking = [
        f"(networked AND NOT ({filled[field]}))"
        if field in _ADDRESS_FIELDS
        else f"NOT ({filled[field]})"
        for field in required
    ]
    # Without an address and without a word on the network, nobody can say whether it lacks one.
    open_ = [f"NOT ({filled[field]})" for field in required if field in _ADDRESS_FIELDS]
    lacks = " OR ".join(lacking) or "false"
    is_open = f"networked IS NULL AND ({' OR '.join(open_) or 'false'})"
    return f"""
        WITH counted AS (
            SELECT division_code, tier, count(*) AS cameras,
                count(*) FILTER (WHERE networked) AS on_network,
                count(*) FILTER (WHERE NOT networked) AS off_network,
                count(*) FILTER (WHERE ({lacks}) IS NOT TRUE AND NOT ({is_open})) AS complete,
                count(*) FILTER (WHERE ({lacks}) IS NOT TRUE AND ({is_open})) AS open,
                {", ".join(counts)}
            FROM camera
            WHERE {STANDING} AND ($1::text IS NULL OR division_path ^@ $1)
            GROUP BY division_code, tier
        ), above AS ({ANCESTOR.format(level="$2", root="$1")})
        SELECT tier, ancestor AS code, grouping(tier) = 0 AS of_tier,
            grouping(ancestor) = 0 AS of_division, {", ".join(_sums())}
        FROM counted LEFT JOIN above USING (division_code)
        GROUP BY GROUPING SETS ((), (tier), (ancestor))
    """  # noqa: S608  # made of our own field names


def _sums() -> list[str]:
    names = ["cameras", "on_network", "off_network", "complete", "open"]
    names += [f"has_{field}" for field in SHEET_FIELDS]
    names += [f"networked_{field}" for field in sorted(_ADDRESS_FIELDS)]
    return [f"COALESCE(sum({name}), 0)::bigint AS {_SUM}{name}" for name in names]


def _filing(counts: Counter[str], required: Sequence[str]) -> Filing:
    cameras = counts["sum_cameras"]
    parts = [_filled(field, counts) for field in required]
    open_cells = sum(part.not_judged.get(NETWORKED_UNKNOWN, 0) for part in parts)
    off_cells = sum(part.not_judged.get(_NOT_ON_THE_NETWORK, 0) for part in parts)
    networked, off = counts["sum_on_network"], counts["sum_off_network"]
    open_cameras = counts["sum_open"]
    return Filing(
        cameras=cameras,
        complete=figure(
            counts["sum_complete"],
            cameras - open_cameras,
            **{NETWORKED_UNKNOWN: open_cameras},
        ),
        required_fields=figure(
            sum(part.fulfilled for part in parts),
            sum(part.judged for part in parts),
            **{NETWORKED_UNKNOWN: open_cells, _NOT_ON_THE_NETWORK: off_cells},
        ),
        networked=figure(
            networked, networked + off, **{NETWORKED_UNKNOWN: cameras - networked - off}
        ),
    )


def _filled(field: str, counts: Counter[str]) -> Figure:
    if field not in _ADDRESS_FIELDS:
        return figure(counts[f"sum_has_{field}"], counts["sum_cameras"])
    networked, off = counts["sum_on_network"], counts["sum_off_network"]
    return figure(
        counts[f"sum_networked_{field}"],
        networked,
        **{
            NETWORKED_UNKNOWN: counts["sum_cameras"] - networked - off,
            _NOT_ON_THE_NETWORK: off,
        },
    )
