"""Accounts over HTTP, for who administers them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from aiohttp import web

from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.service.accounts import Account, AccountError
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.api.session import ACCOUNTS
from sharpeyes.service.roles import Role, Scope


class AccountList(msgspec.Struct, frozen=True):
    """All accounts in the order of their names."""

    accounts: list[Account]


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who shall sign in. Without `division_code` the whole city is theirs."""

    login_name: Annotated[str, msgspec.Meta(max_length=64)]
    password: Annotated[str, msgspec.Meta(max_length=256)]
    role: Literal["operator", "supervisor", "engineer", "auditor", "account_administrator"]
    division_code: Annotated[str, msgspec.Meta(max_length=16)] | None = None


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another password for an account."""

    password: Annotated[str, msgspec.Meta(max_length=256)]


async def list_accounts(request: web.Request) -> web.Response:
    """Answer all accounts."""
    return answer(AccountList(await request.app[ACCOUNTS].list()))


async def add_account(request: web.Request) -> web.Response:
    """Make an account."""
    new = await read_body(request, NewAccount)
    try:
        await request.app[ACCOUNTS].add(
            new.login_name,
            new.password,
            Role(new.role),
            new.division_code,
            actor=request[PRINCIPAL].name,
        )
    except (AccountError, UnknownDivisionError) as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def set_account_password(request: web.Request) -> web.Response:
    """Give an account another password."""
    new = await read_body(request, NewPassword)
    try:
        await request.app[ACCOUNTS].set_password(
            request.match_info["login_name"], new.password, actor=request[PRINCIPAL].name
        )
    except AccountError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def disable_account(request: web.Request) -> web.Response:
    """Let an account open nothing any more."""
    try:
        await request.app[ACCOUNTS].disable(
            request.match_info["login_name"], actor=request[PRINCIPAL].name
        )
    except AccountError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from None
    return web.Response(status=HTTPStatus.NO_CONTENT)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/accounts",
        handler=list_accounts,
        summary="Who may sign in, and as what",
        scope=Scope.ACCOUNTS_READ,
        answer=AccountList,
    ),
    Operation(
        method="POST",
        path="/api/v1/accounts",
        handler=add_account,
        summary="Let somebody sign in",
        scope=Scope.ACCOUNTS_WRITE,
        body=NewAccount,
        status=HTTPStatus.NO_CONTENT,
    ),
    Operation(
        method="PUT",
        path="/api/v1/accounts/{login_name}/password",
        handler=set_account_password,
        summary="Give an account another password and sign it out",
        scope=Scope.ACCOUNTS_WRITE,
        body=NewPassword,
        status=HTTPStatus.NO_CONTENT,
    ),
    Operation(
        method="DELETE",
        path="/api/v1/accounts/{login_name}",
        handler=disable_account,
        summary="Disable an account and sign it out",
        scope=Scope.ACCOUNTS_WRITE,
        status=HTTPStatus.NO_CONTENT,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
