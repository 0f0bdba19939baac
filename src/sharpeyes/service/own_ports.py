"""The ports of this installation, to which no event may be sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from sharpeyes.events.closed_ports import OwnPorts
from sharpeyes.service.settings import Settings

_POSTGRES = 5432


def own_ports(settings: Settings, database_url: str) -> OwnPorts:
    """Return the database's port, and that of the API with its metrics."""
    return OwnPorts(
        anywhere=frozenset({urlsplit(database_url).port or _POSTGRES}),
        here=frozenset({settings.http.port}),
    )
