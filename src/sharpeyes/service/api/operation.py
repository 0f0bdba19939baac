"""One HTTP operation: its route, its right, its records; the OpenAPI document says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from aiohttp import web

from sharpeyes.service.access import Scope
from sharpeyes.service.api.crowding import Crowd
from sharpeyes.service.api.problem import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


_IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of what was read, or `*` for whatever there is.",
    "schema": {"type": "string"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What `/openapi.json` says of a route and what the server does there.

    Attributes:
        scope: The right that the caller's token must have; None asks for no token.
        or_scopes: Rights that do as well.
        if_match: Whether `If-Match` must, may or cannot say what revision the caller has read.
        body_type: The media type of the body.
        more_body_types: What else the body may be, with or without a record of its own.
        more_answers: Other statuses of success, and what is answered with them.
        etag: Whether the answer says its revision.
        more_content_types: What else than `content_type` the answer may be, as the caller asks.
        crowd: Whose turns it takes; None if it may run as often as it is asked for.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scope: Scope | None
    or_scopes: tuple[Scope, ...] = ()
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    body_type: str = "application/json"
    more_body_types: Mapping[str, type[msgspec.Struct] | None] = field(default_factory=dict)
    if_match: Literal["must", "may"] | None = None
    etag: bool = False
    answer: type[msgspec.Struct] | None = None
    more_answers: Mapping[HTTPStatus, type[msgspec.Struct]] = field(default_factory=dict)
    content_type: str = "application/json"
    more_content_types: tuple[str, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    problems: tuple[HTTPStatus, ...] = ()
    crowd: Crowd | None = None


def answer(
    record: msgspec.Struct, status: HTTPStatus = HTTPStatus.OK, *, etag: str | None = None
) -> web.Response:
    """Write a record as a JSON answer."""
    return web.Response(
        body=msgspec.json.encode(record),
        status=status.value,
        content_type="application/json",
        headers={"ETag": etag} if etag else None,
    )


def openapi_document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these operations."""
    records: set[type[msgspec.Struct]] = {Problem}
    for operation in operations:
        records |= {r for r in (operation.query, operation.body, operation.answer) if r}
        records |= set(operation.more_answers.values())
    names = Counter(record.__name__ for record in records)
    if twice := sorted(name for name, number in names.items() if number > 1):
        raise ValueError(f"two records have one name: {', '.join(twice)}")
    _, components = msgspec.json.schema_components(
        sorted(records, key=lambda record: record.__name__),
        ref_template="#/components/schemas/{name}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(
            operation, components
        )
    # Query records are spelled out as parameters; nothing else refers to them.
    for operation in operations:
        if operation.query:
            components.pop(operation.query.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sharp Eyes",
            "version": version,
            "description": "Cameras, their health, their events.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "sharpeyes-session"},
            },
        },
    }


def _described(operation: Operation, components: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _path_names(operation.path)
    ]
    if operation.query:
        schema = components[operation.query.__name__]
        required = schema.get("required", ())
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": described}
            for name, described in schema["properties"].items()
        ]
    if operation.if_match:
        parameters.append(_IF_MATCH | {"required": operation.if_match == "must"})
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.handler.__name__,
        "responses": {
            str(operation.status.value): _answer_described(operation),
            **{
                str(status.value): {
                    "description": status.phrase,
                    "content": {"application/json": {"schema": _ref(record)}},
                }
                for status, record in operation.more_answers.items()
            },
            **{
                str(status.value): {
                    "description": status.phrase,
                    "content": {"application/problem+json": {"schema": _ref(Problem)}},
                }
                for status in sorted(_refusals(operation))
            },
        },
    }
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {
                kind: {} if record is None else {"schema": _ref(record)}
                for kind, record in _bodies(operation).items()
            },
        }
    if operation.scope:
        described["security"] = [{"token": []}, {"session": []}]
        described["description"] = f"Needs the scope {scopes_of(operation)}."
    return described


def scopes_of(operation: Operation) -> str:
    """Write which rights open an operation, for its reader; nothing where none is needed."""
    scopes = filter(None, (operation.scope, *operation.or_scopes))
    return " or ".join(f"`{scope}`" for scope in scopes)


def _bodies(operation: Operation) -> dict[str, type[msgspec.Struct] | None]:
    return {operation.body_type: operation.body, **operation.more_body_types}


def _refusals(operation: Operation) -> set[HTTPStatus]:
    """Return the statuses of all problems that the operation may end with."""
    problems = set(operation.problems)
    if operation.scope:
        problems |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if operation.query or operation.body:
        problems |= {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.BAD_REQUEST}
    if "{" in operation.path:
        problems.add(HTTPStatus.BAD_REQUEST)
    if operation.body:
        problems.add(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if operation.if_match:
        problems |= {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.BAD_REQUEST}
    if operation.crowd:
        problems.add(HTTPStatus.SERVICE_UNAVAILABLE)
    if operation.if_match == "must":
        problems.add(HTTPStatus.PRECONDITION_REQUIRED)
    return problems


def _answer_described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"description": operation.status.phrase}
    if operation.answer:
        described["content"] = {operation.content_type: {"schema": _ref(operation.answer)}}
    elif operation.status is not HTTPStatus.NO_CONTENT:
        offered = (operation.content_type, *operation.more_content_types)
        described["content"] = {content_type: {} for content_type in offered}
    if operation.etag:
        described["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return described


def _ref(record: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{record.__name__}"}


def _path_names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
