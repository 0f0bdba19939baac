"""Signing in and out of the dashboard."""

from __future__ import annotations

import math
import time
from collections.abc import Hashable
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.service.access import (
    NOBODY,
    SESSION_LIFE,
    Principal,
    audit,
    close_session,
    open_session,
    principal_of_token,
)
from sharpeyes.service.accounts import Accounts
from sharpeyes.service.api.caller import caller_address
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.security import (
    cookie_name,
    identify,
    over_tls,
    refuse_other_sites,
)
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

    def take(self, address: str | None, name: str | None, now_s: float) -> float:
        """Take a try before it is known to be wrong; return how long until there is one, 0 if so.

        Whoever sends a thousand at once has no more of them than whoever waits for each answer.
        """
        tries = self._tries(address, name)
        wait_s = max(throttle.wait_s(key, now_s) for throttle, key in tries)
        if not wait_s:
            for throttle, key in tries:
                throttle.spend(key, now_s)
        return wait_s

    def give_back(self, address: str | None, name: str | None) -> None:
        """Return the try of somebody who was right."""
        for throttle, key in self._tries(address, name):
            throttle.give_back(key)

    def _tries(self, address: str | None, name: str | None) -> list[tuple[Throttle, Hashable]]:
        tries: list[tuple[Throttle, Hashable]] = [
            (self._by_both, (address, name)),
            (self._by_address, address),
        ]
        return tries if name is None else [*tries, (self._by_name, name)]


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
    # A site that signs its visitors in as somebody else reads later what they did.
    refuse_other_sites(request)
    context = request.app[CONTEXT]
    given = await read_body(request, SignIn)
    _check_shape(given)
    sign_ins, name = request.app[SIGN_INS], given.login_name
    address = caller_address(request)
    if wait_s := sign_ins.take(address, name, time.monotonic()):
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"too many wrong tries: try again in {math.ceil(wait_s)} s",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )
    principal = await _principal(request, given)
    if principal is None:
        async with context.pool.acquire() as connection:
            await audit(
                connection,
                NOBODY,
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
    sign_ins.give_back(address, name)
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


def _check_shape(given: SignIn) -> None:
    by_password = given.login_name is not None and given.password is not None
    if by_password == (given.token is not None) or (given.login_name is None) != (
        given.password is None
    ):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "give login_name and password, or else token"
        )


async def _principal(request: web.Request, given: SignIn) -> Principal | None:
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
        problems=(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.TOO_MANY_REQUESTS,
        ),
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
