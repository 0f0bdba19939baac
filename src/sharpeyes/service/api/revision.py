"""Which revision of a record was read: `ETag` and `If-Match` (RFC 9110)."""

from __future__ import annotations

import re
from http import HTTPStatus

from aiohttp import web

from sharpeyes.service.api.problem import ProblemError

_TAG = re.compile(r'"([0-9]{1,18})"', re.ASCII)


def etag(revision: int) -> str:
    """Write a record's revision as an entity tag."""
    return f'"{revision}"'


def read_revision(request: web.Request, *, required: bool = False) -> int | None:
    """Return the revision in `If-Match`; None where any will do.

    Raises:
        ProblemError: 428 where it is missing and required, 412 where it can be no revision.
    """
    asked = request.headers.get("If-Match")
    if asked is None:
        if required:
            raise ProblemError(
                HTTPStatus.PRECONDITION_REQUIRED,
                "send If-Match with the ETag of what you have read, so that nobody's change is"
                " overwritten unseen",
            )
        return None
    if asked.strip() == "*":
        return None
    match = _TAG.fullmatch(asked.strip())
    if match is None:
        raise ProblemError(
            HTTPStatus.PRECONDITION_FAILED, 'If-Match is no ETag of ours, such as "7"'
        )
    return int(match[1])
