"""The HTTP application: every operation behind its right, and the dashboard."""

from __future__ import annotations

from importlib.metadata import version

import msgspec
from aiohttp import web

from sharpeyes.events.backlog import Backlog
from sharpeyes.events.hints import Hints
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.service.accounts import Accounts
from sharpeyes.service.api import (
    accounts,
    audit,
    camera_bulk,
    camera_export,
    camera_life,
    camera_pictures,
    camera_zones,
    cameras,
    cases,
    deliveries,
    division_counts,
    endpoint_deeds,
    endpoints,
    event_intake,
    events,
    health,
    holds,
    imports,
    incidents,
    incidents_due,
    map_screen,
    places,
    probes,
    reference,
    registry_figures,
    session,
    status,
    stream,
)
from sharpeyes.service.api.context import CONTEXT, ApiContext
from sharpeyes.service.api.crowding import TURNS, Turns, in_turn
from sharpeyes.service.api.operation import openapi_document
from sharpeyes.service.api.pages import add_pages
from sharpeyes.service.api.security import REFUSED_TOKENS, harden, protect, require
from sharpeyes.service.throttle import Throttle

OPERATIONS = (
    *session.OPERATIONS,
    *status.OPERATIONS,
    *health.OPERATIONS,
    *reference.OPERATIONS,
    *division_counts.OPERATIONS,
    *map_screen.OPERATIONS,
    *camera_export.OPERATIONS,
    *cameras.OPERATIONS,
    *camera_bulk.OPERATIONS,
    *camera_life.OPERATIONS,
    *camera_zones.OPERATIONS,
    *camera_pictures.OPERATIONS,
    *imports.OPERATIONS,
    *places.OPERATIONS,
    *registry_figures.OPERATIONS,
    *events.OPERATIONS,
    *event_intake.OPERATIONS,
    *holds.OPERATIONS,
    *cases.OPERATIONS,
    *incidents_due.OPERATIONS,  # before `incidents`: "due" is no incident
    *incidents.OPERATIONS,
    *endpoints.OPERATIONS,
    *endpoint_deeds.OPERATIONS,
    *deliveries.OPERATIONS,
    *accounts.OPERATIONS,
    *audit.OPERATIONS,
    *stream.OPERATIONS,
    *probes.OPERATIONS,
)

# A thousand cameras with all of their fields filled.
_LONGEST_BODY_BYTES = 4 * 1024 * 1024
LONGEST_LINE_BYTES = 64 * 1024
"""Of a request: in an address, such as that of an import with its mapping, Chinese is long."""
KEEP_OPEN_S = 75.0
"""How long a connection may be without a request, or take to send the headers of one."""


def build_app(context: ApiContext) -> web.Application:
    """Return the application; it owns nothing in `context` and closes nothing."""
    app = web.Application(middlewares=[harden], client_max_size=_LONGEST_BODY_BYTES)
    app[CONTEXT] = context
    app[reference.DIVISIONS_KEPT] = reference.DivisionsKept(context.divisions)
    app[imports.RUNNING] = set()
    app.on_shutdown.append(imports.stop)
    app[session.ACCOUNTS] = Accounts(context.pool)
    app[session.SIGN_INS] = session.SignIns()
    app[TURNS] = Turns()
    app[event_intake.HINTS] = Hints(context.pool, DATABASE_AWAY)
    app[event_intake.BACKLOG] = Backlog(context.pool, context.settings.events.most_waiting)
    app[REFUSED_TOKENS] = Throttle(burst=20, refill_s=10)
    app[probes.OPENAPI] = msgspec.json.encode(openapi_document(OPERATIONS, version("sharpeyes")))
    for operation in OPERATIONS:
        # `export` is no device code, so what one may do with a camera is not possible there.
        path = operation.path.replace("{device_code}", "{device_code:(?!export$)[^/]+}")
        handler = in_turn(operation.crowd, operation.handler)
        guarded = require(operation.scope, handler, operation.or_scopes)
        app.router.add_route(operation.method, path, guarded)
    add_pages(app)
    app.on_response_prepare.append(protect)
    return app
