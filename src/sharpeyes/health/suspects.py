"""Reading who does not answer, and how large the groups are that they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import asyncpg

from sharpeyes.health.common_cause import Group, Suspect
from sharpeyes.health.incident import IncidentKind
from sharpeyes.registry.store import IS_MEASURED

# A worker's id is its machine and 8 hexadecimal digits. A district is the second code of a path.
# Who is down already is counted nowhere.
GROUPS: Final = """
    c.host, c.network_name,
    CASE WHEN pg_input_is_valid(c.host, 'inet')
         THEN network(set_masklen(c.host::inet, CASE family(c.host::inet) WHEN 4 THEN 24
                                                ELSE 64 END))::text
         ELSE c.host END AS subnet,
    NULLIF(split_part(c.division_path, '/', 2), '') AS district,
    regexp_replace(l.worker_id, '-[0-9a-f]{8}$', '') AS machine
"""

_SUSPECTS: Final = f"""
SELECT c.camera_id, COALESCE(s.began_at, s.since) AS began_at, {GROUPS}
FROM camera_status s JOIN camera c USING (camera_id) LEFT JOIN shard_lease l USING (shard)
WHERE s.status = 'unreachable' AND {IS_MEASURED} AND NOT EXISTS (
    SELECT FROM incident_camera m JOIN incident i USING (incident_id)
    WHERE m.camera_id = c.camera_id AND m.left_at IS NULL
      AND i.kind <> 'camera' AND i.state <> 'closed')
"""  # noqa: S608  # only constants are put together

_MEMBERS: Final = f"""
SELECT network_name, subnet, district, machine, count(*) AS cameras FROM (
    SELECT {GROUPS} FROM camera c LEFT JOIN shard_lease l USING (shard)
    LEFT JOIN camera_status s USING (camera_id)
    WHERE {IS_MEASURED} AND s.status IS DISTINCT FROM 'offline'
) AS grouped GROUP BY 1, 2, 3, 4
"""  # noqa: S608  # as above

_CHANNELS: Final = f"""
SELECT c.host, count(*) AS cameras FROM camera c LEFT JOIN camera_status s USING (camera_id)
WHERE c.shard = ANY ($1::smallint[]) AND c.host = ANY ($2::text[]) AND {IS_MEASURED}
  AND s.status IS DISTINCT FROM 'offline'
GROUP BY 1
"""  # noqa: S608  # as above


async def read_suspects(pool: asyncpg.Pool) -> list[Suspect]:
    """Return the cameras that do not answer and are not part of an incident of many."""
    rows = await pool.fetch(_SUSPECTS)
    return [Suspect(row["camera_id"], row["began_at"], _groups(row)) for row in rows]


async def count_members(pool: asyncpg.Pool) -> Counter[Group]:
    """Count the cameras of every group but recorders; a pass over all cameras."""
    members: Counter[Group] = Counter()
    for row in await pool.fetch(_MEMBERS):
        for group in _shared_groups(row):
            members[group] += row["cameras"]
    return members


async def count_channels(pool: asyncpg.Pool, suspects: Sequence[Suspect]) -> dict[Group, int]:
    """Count the cameras of the devices that suspects hang on."""
    hosts = {g.key for s in suspects for g in s.groups if g.kind is IncidentKind.RECORDER}
    if not hosts:
        return {}
    shards: Collection[int] = await pool.fetchval(
        "SELECT array_agg(DISTINCT hashtext(host) & 1023) FROM unnest($1::text[]) AS host",
        list(hosts),
    )
    rows = await pool.fetch(_CHANNELS, list(shards), list(hosts))
    return {Group(IncidentKind.RECORDER, row["host"]): row["cameras"] for row in rows}


def _groups(row: asyncpg.Record) -> tuple[Group, ...]:
    return (Group(IncidentKind.RECORDER, row["host"]), *_shared_groups(row))


def _shared_groups(row: asyncpg.Record) -> tuple[Group, ...]:
    named = (
        (IncidentKind.SUBNET, row["subnet"]),
        (IncidentKind.NETWORK, row["network_name"]),
        (IncidentKind.DISTRICT, row["district"]),
        (IncidentKind.POLLER, row["machine"]),
    )
    return tuple(Group(kind, key) for kind, key in named if key)
