"""What the HTTP API's handlers are given."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
from aiohttp import web

from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.store import EventStore
from sharpeyes.health.store import StatusStore
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.changes import Changes
from sharpeyes.service.settings import Settings


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The stores that the screens read, and the notices of what changed in them."""

    settings: Settings
    pool: asyncpg.Pool
    cameras: CameraStore
    divisions: DivisionStore
    statuses: StatusStore
    events: EventStore
    endpoints: EndpointStore
    changes: Changes


CONTEXT = web.AppKey("context", ApiContext)
