"""Signing in and out of the dashboard."""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import version

import msgspec
from aiohttp import web

from sharpeyes.service.access import (
    SESSION_LIFE,
    audit,
    close_session,
    open_session,
    principal_of_token,
)
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.security import COOKIE, identify


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token of whoever signs in."""

    token: str


class SessionView(msgspec.Struct, frozen=True):
    """Who is signed in, and what they may do."""

    name: str
    scopes: list[str]
    anonymous: bool
    version: str


async def show_session(request: web.Request) -> web.Response:
    """Answer who is signed in."""
    principal = await identify(request)
    if principal is None:
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "nobody is signed in")
    return answer(
        SessionView(
            name=principal.name,
            scopes=sorted(principal.scopes),
            anonymous=principal.anonymous,
            version=version("sharpeyes"),
        )
    )


async def sign_in(request: web.Request) -> web.Response:
    """Exchange a token for a session cookie."""
    context = request.app[CONTEXT]
    token = (await read_body(request, SignIn)).token.strip()
    principal = await principal_of_token(context.pool, token)
    if principal is None:
        async with context.pool.acquire() as connection:
            await audit(connection, "nobody", "session.open", "", outcome="refused")
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED, "this token is not in force: unknown, revoked or expired"
        )
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    response.set_cookie(
        COOKIE,
        await open_session(context.pool, principal),
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=request.secure or context.settings.http.tls_proxy,
        path="/",
    )
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    if cookie := request.cookies.get(COOKIE):
        await close_session(request.app[CONTEXT].pool, cookie)
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    response.del_cookie(COOKIE, path="/")
    return response


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/session",
        handler=show_session,
        summary="Who is signed in",
        scope=None,
        answer=SessionView,
        problems=(HTTPStatus.UNAUTHORIZED,),
    ),
    Operation(
        method="POST",
        path="/api/v1/session",
        handler=sign_in,
        summary="Sign a browser in with a token",
        scope=None,
        body=SignIn,
        status=HTTPStatus.NO_CONTENT,
        problems=(HTTPStatus.UNAUTHORIZED,),
    ),
    Operation(
        method="DELETE",
        path="/api/v1/session",
        handler=sign_out,
        summary="Sign a browser out",
        scope=None,
        status=HTTPStatus.NO_CONTENT,
    ),
)
