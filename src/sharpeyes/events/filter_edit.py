"""Changing which events an endpoint wants: those that are stored from then on."""

from dataclasses import dataclass
from typing import Final

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.errors import UnknownEndpointDivisionError, UnknownEndpointError
from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.event_filter import EventFilter

_FILTER: Final = """
SELECT endpoint_id, event_types, severities, tiers, ARRAY(
    SELECT division_code FROM endpoint_division w WHERE w.endpoint_id = p.endpoint_id
    ORDER BY division_code
) AS division_codes
FROM endpoint p WHERE name = $1 FOR UPDATE
"""
_EDIT: Final = """
UPDATE endpoint SET event_types = $2, severities = $3, tiers = $4 WHERE endpoint_id = $1
"""
_DROP_DIVISIONS: Final = """
DELETE FROM endpoint_division WHERE endpoint_id = $1 AND division_code <> ALL ($2::text[])
"""
_ADD_DIVISIONS: Final = """
INSERT INTO endpoint_division (endpoint_id, division_code) SELECT $1, unnest($2::text[])
ON CONFLICT DO NOTHING
"""
_UNKNOWN_DIVISION: Final = """
SELECT min(code) FROM unnest($1::text[]) AS wanted (code)
WHERE NOT EXISTS (SELECT FROM division WHERE division_code = code)
"""

Connection = asyncpg.Connection | PoolConnectionProxy


class FilterEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different in an endpoint's filter: what is unset stays as it is.

    Attributes:
        event_types: As in `EventFilter`; so are the others.
        severities: Likewise.
        tiers: Likewise.
        division_codes: Likewise.
    """

    event_types: tuple[EventType, ...] | msgspec.UnsetType = msgspec.UNSET
    severities: tuple[Severity, ...] | msgspec.UnsetType = msgspec.UNSET
    tiers: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    division_codes: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class EditedFilter:
    """A filter as it was and as it is."""

    before: EventFilter
    after: EventFilter


async def edit_filter(connection: Connection, name: str, edit: FilterEdit) -> EditedFilter:
    """Change which events an endpoint wants.

    What waits for it already is sent all the same: it was accepted under the filter of its time.

    Args:
        connection: In a transaction, in which the caller writes who did this, too.
        name: The endpoint's.
        edit: What shall be different.

    Raises:
        UnknownEndpointError: None has this name.
        UnknownEndpointDivisionError: It wants cameras of a division that there is not.
    """
    row = await connection.fetchrow(_FILTER, name)
    if row is None:
        raise UnknownEndpointError(name)
    before = msgspec.convert(
        {field: row[field] for field in EventFilter.__struct_fields__}, EventFilter
    )
    changes = {
        field: tuple(sorted(set(value)))
        for field, value in msgspec.structs.asdict(edit).items()
        if value is not msgspec.UNSET
    }
    after = msgspec.structs.replace(before, **changes)
    await refuse_unknown_divisions(connection, after.division_codes)
    endpoint_id, codes = row["endpoint_id"], list(after.division_codes)
    await connection.execute(
        _EDIT, endpoint_id, list(after.event_types), list(after.severities), list(after.tiers)
    )
    await connection.execute(_DROP_DIVISIONS, endpoint_id, codes)
    await connection.execute(_ADD_DIVISIONS, endpoint_id, codes)
    return EditedFilter(before, after)


async def refuse_unknown_divisions(
    connection: Connection | asyncpg.Pool, division_codes: tuple[str, ...]
) -> None:
    """Look whether there are these divisions.

    Raises:
        UnknownEndpointDivisionError: There is one that is not.
    """
    unknown = await connection.fetchval(_UNKNOWN_DIVISION, list(division_codes))
    if unknown is not None:
        raise UnknownEndpointDivisionError(unknown)
