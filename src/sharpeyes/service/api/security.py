"""Who may reach an operation, and what every answer carries."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus

import asyncpg
import structlog
from aiohttp import web
from yarl import URL

from sharpeyes.registry.errors import RegistryError
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.service.access import (
    ANONYMOUS,
    NOBODY,
    Principal,
    Scope,
    audit,
    principal_of_session,
    principal_of_token,
)
from sharpeyes.service.api.caller import caller_address
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.problem import Problem, ProblemError, problem_response
from sharpeyes.service.serving_pool import WHOLE_CITY, reaching
from sharpeyes.service.settings import is_loopback
from sharpeyes.service.throttle import Throttle

PRINCIPAL = web.RequestKey("principal", Principal)
# Refused tokens that are written down, by address; the rest would fill the audit for whoever
# sends them.
REFUSED_TOKENS = web.AppKey("refused_tokens", Throttle)

_COOKIE = "sharpeyes-session"

_LONGEST_SHOWN = 200
# What a path names, asked for in the whole city.
_ANYWHERE = {
    "device_code": "SELECT EXISTS (SELECT FROM camera WHERE device_code = $1)",
    "place_code": "SELECT EXISTS (SELECT FROM place WHERE place_code = $1)",
    "import_id": "SELECT EXISTS (SELECT FROM import_run WHERE import_id::text = $1)",
    "event_id": "SELECT EXISTS (SELECT FROM event WHERE event_id = $1)",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        " worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}

log = structlog.get_logger()

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def harden(request: web.Request, handler: Next) -> web.StreamResponse:
    """Turn errors into problems, and refuse what no store can hold."""
    headers = None
    try:
        if "%00" not in request.raw_path:
            return await handler(request)
        problem = Problem(title="Bad Request", status=400, detail="U+0000 is in the address")
    except ProblemError as error:
        problem, headers = error.problem, error.headers
    except web.HTTPException as error:
        problem = Problem(title=error.reason, status=error.status, detail=_spoken(request, error))
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    except RegistryError as error:
        problem = Problem(title="Unprocessable Entity", status=422, detail=str(error))
    except DATABASE_AWAY as error:
        if isinstance(error, OSError) and error.filename is not None:
            # Of a file, not of the database: its name is too long, say.
            problem = _nothing_at(request)
        else:
            log.warning("database unreachable", path=request.path, error=type(error).__name__)
            problem, headers = _database_away(request), {"Retry-After": "5"}
    return problem_response(problem, headers)


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Give an answer its protective headers, before its first byte is sent."""
    for name, value in _HEADERS.items():
        # A page of its own kind says itself what it may do, which is less.
        response.headers.setdefault(name, value)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")


def require(scope: Scope | None, handler: Next, or_scopes: Collection[Scope] = ()) -> Next:
    """Return `handler` for callers who hold `scope`, or another that does; None: for everybody."""
    if scope is None:
        return handler

    async def guarded(request: web.Request) -> web.StreamResponse:
        principal = await identify(request)
        if principal is None:
            raise ProblemError(
                HTTPStatus.UNAUTHORIZED,
                "sign in, or send a token: Authorization: Bearer set_...",
                headers={"WWW-Authenticate": "Bearer"},
            )
        request[PRINCIPAL] = principal
        with reaching(principal.reach):
            if principal.scopes.isdisjoint({scope, *or_scopes}):
                await _write_refusal(request, principal, scope)
                raise ProblemError(HTTPStatus.FORBIDDEN, _missing(principal, scope))
            if principal.reach == WHOLE_CITY:
                return await handler(request)
            return await _within_reach(request, principal, scope, handler)

    return guarded


def _missing(principal: Principal, scope: Scope) -> str:
    """Say which right is missing, and to whoever cannot know it, that time does not bring it."""
    needed = f"this needs the scope {scope}"
    if principal.token_id is None or principal.account_id is not None:
        return needed
    return f"{needed}, which the token {principal.name!r} was made without: make another one"


async def _within_reach(
    request: web.Request, principal: Principal, scope: Scope, handler: Next
) -> web.StreamResponse:
    """Answer somebody who is confined to a subtree, and write down what lies beyond it."""
    try:
        return await handler(request)
    except ProblemError as error:
        if error.problem.status == HTTPStatus.NOT_FOUND and await _exists_elsewhere(request):
            await _write_refusal(request, principal, scope)
        raise
    except asyncpg.InsufficientPrivilegeError as error:
        if "row-level security" not in str(error):
            raise
        await _write_refusal(request, principal, scope)
        raise ProblemError(
            HTTPStatus.FORBIDDEN, "this lies outside of the division that you are confined to"
        ) from None


async def _exists_elsewhere(request: web.Request) -> bool:
    context = request.app[CONTEXT]
    with reaching(WHOLE_CITY):
        for name, query in _ANYWHERE.items():
            value = request.match_info.get(name)
            if value is not None and await context.pool.fetchval(query, value):
                return True
    return False


async def _write_refusal(request: web.Request, principal: Principal, scope: Scope) -> None:
    async with request.app[CONTEXT].pool.acquire() as connection:
        await audit(
            connection,
            principal.name,
            f"{request.method} {scope}",
            request.path[:_LONGEST_SHOWN],
            outcome="refused",
        )


async def identify(request: web.Request) -> Principal | None:
    """Return who asks: by token, else by the session's cookie, else the demo's anonymous."""
    context = request.app[CONTEXT]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        principal = await principal_of_token(context.pool, token.strip())
        if principal is None:
            await _write_refused_token(request)
        return principal
    if cookie := request.cookies.get(cookie_name(request)):
        principal = await principal_of_session(context.pool, cookie)
        if principal is not None:
            _refuse_cross_site(request)
            return principal
    return ANONYMOUS if context.settings.http.anonymous and _names_this_machine(request) else None


def cookie_name(request: web.Request) -> str:
    """Return the session cookie's name: with `__Host-`, which browsers take over https only."""
    return f"__Host-{_COOKIE}" if over_tls(request) else _COOKIE


def over_tls(request: web.Request) -> bool:
    """Tell whether the browser speaks https, to us or to the proxy before us."""
    return request.secure or request.app[CONTEXT].settings.http.tls_proxy


async def _write_refused_token(request: web.Request) -> None:
    address = caller_address(request)
    if request.app[REFUSED_TOKENS].spend(address, time.monotonic()):
        async with request.app[CONTEXT].pool.acquire() as connection:
            await audit(
                connection,
                NOBODY,
                f"{request.method} with a token that is not in force",
                request.path[:_LONGEST_SHOWN],
                outcome="refused",
                detail={"address": address},
            )


def _names_this_machine(request: web.Request) -> bool:
    # A web site that has its own name lead here makes its visitors' browsers read for it; they
    # then ask for that name.
    try:
        host = URL(f"http://{request.host}").host
    except ValueError:
        return False
    return host is not None and is_loopback(host)


def _refuse_cross_site(request: web.Request) -> None:
    if request.method in _SAFE_METHODS:
        return
    # Another site's page can make a browser send our cookie, but not this header.
    if "X-Sharpeyes" not in request.headers:
        raise ProblemError(
            HTTPStatus.FORBIDDEN, "a change made with a session needs the header X-Sharpeyes: 1"
        )
    refuse_other_sites(request)


def refuse_other_sites(request: web.Request) -> None:
    """Refuse what a browser sends for the page of another site.

    Raises:
        ProblemError: 403.
    """
    # Browsers say where a request comes from; over https also whether that is the same site.
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = (
        site not in {"same-origin", "none"}
        if site is not None
        else origin is not None and origin.partition("://")[2] != request.host
    )
    if foreign:
        raise ProblemError(
            HTTPStatus.FORBIDDEN, "this browser was sent here by the page of another site"
        )


def _spoken(request: web.Request, error: web.HTTPException) -> str:
    if error.status == HTTPStatus.NOT_FOUND:
        return _nothing_at(request).detail
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} is not possible at {request.path}"
    return error.text or error.reason


def _nothing_at(request: web.Request) -> Problem:
    return Problem(
        title="Not Found",
        status=HTTPStatus.NOT_FOUND,
        detail=f"there is nothing at {request.path[:_LONGEST_SHOWN]}",
    )


def _database_away(request: web.Request) -> Problem:
    if request.method in _SAFE_METHODS:
        detail = "the database cannot be reached; try again"
    else:
        detail = "the database went away, and whether it was done is not known: look first"
    return Problem(
        title="Service Unavailable", status=HTTPStatus.SERVICE_UNAVAILABLE, detail=detail
    )
