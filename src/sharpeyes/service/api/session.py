"""Signing in and out of the dashboard."""

from __future__ import annotations

import math
import time
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.service.access import (
    SESSION_LIFE,
    Principal,
    audit,
    close_session,
    open_session,
    principal_of_token,
)
from sharpeyes.service.accounts import Accounts
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.security import cookie_name, identify, over_tls
from sharpeyes.service.throttle import Throttle

_LONGEST_NAME = 64


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A login name and its password, or a token: one of the two."""

    login_name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    token: Annotated[str, msgspec.Meta(max_length=1000)] | None = None


class SignIns:
    """How often one may be wrong: for an account from one place, one place, and one account."""

    def __init__(self) -> None:
        self._by_both = Throttle(burst=5, refill_s=30)
        self._by_address = Throttle(burst=30, refill_s=5)
        # Wide, or anybody could keep somebody else out.
        self._by_name = Throttle(burst=100, refill_s=10)

    def wait_s(self, address: str | None, name: str | None, now_s: float) -> float:
        """Return how long until one more may be tried; 0 if at once."""
        return max(
            self._by_both.wait_s((address, name), now_s),
            self._by_address.wait_s(address, now_s),
            self._by_name.wait_s(name, now_s) if name is not None else 0.0,
        )

    def failed(self, address: str | None, name: str | None, now_s: float) -> None:
        """Note that one was wrong."""
        self._by_both.spend((address, name), now_s)
        self._by_address.spend(address, now_s)
        if name is not None:
            self._by_name.spend(name, now_s)


SIGN_INS = web.AppKey("sign_ins", SignIns)
ACCOUNTS = web.AppKey("accounts", Accounts)


class SessionView(msgspec.Struct, frozen=True):
    """Who is signed in, and what they may do."""

    name: str
    scopes: list[str]
    division_code: str | None
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
            division_code=principal.division_code,
            anonymous=principal.anonymous,
            version=version("sharpeyes"),
        )
    )


async def sign_in(request: web.Request) -> web.Response:
    """Exchange a name and password, or a token, for a session cookie."""
    context = request.app[CONTEXT]
    given = await read_body(request, SignIn)
    now_s = time.monotonic()
    address, name = request.remote, given.login_name
    if wait_s := request.app[SIGN_INS].wait_s(address, name, now_s):
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"too many wrong tries: try again in {math.ceil(wait_s)} s",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )
    principal = await _principal(request, given)
    if principal is None:
        request.app[SIGN_INS].failed(address, name, now_s)
        async with context.pool.acquire() as connection:
            await audit(
                connection,
                "nobody",
                "session.open",
                (name or "")[:_LONGEST_NAME],
                outcome="refused",
                detail={"address": address},
            )
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "this token is not in force: unknown, revoked or expired"
            if name is None
            else "the name or the password is wrong, or the account is disabled",
        )
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    response.set_cookie(
        cookie_name(request),
        await open_session(context.pool, principal),
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=over_tls(request),
        path="/",
    )
    return response


async def _principal(request: web.Request, given: SignIn) -> Principal | None:
    by_password = given.login_name is not None and given.password is not None
    if by_password == (given.token is not None) or (given.login_name is None) != (
        given.password is None
    ):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "give login_name and password, or else token"
        )
    if given.token is not None:
        return await principal_of_token(request.app[CONTEXT].pool, given.token.strip())
    assert given.login_name is not None
    assert given.password is not None
    return await request.app[ACCOUNTS].principal(given.login_name, given.password)


async def sign_out(request: web.Request) -> web.Response:
    """End the session."""
    name = cookie_name(request)
    if cookie := request.cookies.get(name):
        await close_session(request.app[CONTEXT].pool, cookie)
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    response.del_cookie(name, path="/", secure=over_tls(request))
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
        summary="Sign a browser in, with a name and password or a token",
        scope=None,
        body=SignIn,
        status=HTTPStatus.NO_CONTENT,
        problems=(HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS),
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
