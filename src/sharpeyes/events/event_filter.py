"""Which events an endpoint wants: decided once for each event, when it is stored."""

from typing import Final

import msgspec

from sharpeyes.events.event import EventType, Severity


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events an endpoint wants: what is empty does not matter, the rest must all fit.

    Attributes:
        event_types: Of these types.
        severities: Of these severities.
        tiers: Of cameras of these tiers, as the exchanged sheet numbers them.
        division_codes: Of cameras of these divisions and of all below them.
    """

    event_types: tuple[EventType, ...] = ()
    severities: tuple[Severity, ...] = ()
    tiers: tuple[int, ...] = ()
    division_codes: tuple[str, ...] = ()


ALL_EVENTS: Final = EventFilter()

# The one place where events and endpoints meet: of the rows `stored` of the table `event`. An
# endpoint that was told gone gets none. A division that was moved takes its cameras along. The
# camera is looked at for those alone who want some tiers or divisions only.
WANTED_BY: Final = """
    stored e JOIN endpoint p
        ON p.state <> 'disabled'
        AND (p.event_types = '{}' OR e.type = ANY (p.event_types))
        AND (p.severities = '{}' OR e.severity = ANY (p.severities))
        AND (p.tiers = '{}' OR EXISTS (SELECT FROM camera c WHERE c.camera_id = e.camera_id
                                       AND c.tier = ANY (p.tiers)))
        AND (NOT EXISTS (SELECT FROM endpoint_division w WHERE w.endpoint_id = p.endpoint_id)
             OR EXISTS (SELECT FROM endpoint_division w, camera c
                        WHERE w.endpoint_id = p.endpoint_id AND c.camera_id = e.camera_id
                        AND w.division_code = ANY (string_to_array(c.division_path, '/'))))
"""
