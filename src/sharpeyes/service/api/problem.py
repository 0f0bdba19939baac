"""Errors as answers: `application/problem+json` (RFC 9457), every bad field at once."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from aiohttp import web


class FieldError(msgspec.Struct, frozen=True):
    """One field that cannot be accepted, what it held, and why not."""

    field: str
    value: str
    reason: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, for a program (`status`) and for its reader (`detail`).

    Where there is a `code`, it says the same as `detail` to whoever words it anew, with what is
    named in it in `about`.
    """

    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()
    code: str = ""
    about: dict[str, str] = {}


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
        code: str = "",
        about: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(
            title=status.phrase,
            status=status.value,
            detail=detail,
            errors=errors,
            code=code,
            about=dict(about or {}),
        )
        self.headers = headers or {}


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> web.Response:
    """Write a problem as an HTTP answer."""
    return web.Response(
        body=msgspec.json.encode(problem),
        status=problem.status,
        content_type="application/problem+json",
        headers=headers,
    )
