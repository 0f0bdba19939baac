"""From what a caller sent to a typed record, or to the list of all that is wrong with it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from sharpeyes.registry.errors import shown
from sharpeyes.service.api.problem import FieldError, ProblemError

T = TypeVar("T", bound=msgspec.Struct)

_LONGEST_SHOWN = 120


async def read_body(request: web.Request, record: type[T]) -> T:
    """Return the JSON body as a `record`.

    Raises:
        ProblemError: As `read_object`, and 422 with every bad field.
    """
    return convert(await read_object(request), record)


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON body, an object.

    Raises:
        ProblemError: 400 when it cannot be read as JSON, 413 when it is too long, 422 when it is no
            object, or when an object in it names a key twice.
    """
    body = await read_bytes(request)
    try:
        value = msgspec.json.decode(body)
        # It takes the last of several, and whoever checked the first was fooled.
        json.loads(body, object_pairs_hook=_refuse_repeated, parse_int=str, parse_float=str)
    except msgspec.DecodeError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from None
    except UnicodeDecodeError:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body is not UTF-8") from None
    except RecursionError:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body is nested too deeply") from None
    if not isinstance(value, dict):
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "the body must be a JSON object")
    return value


async def read_bytes(request: web.Request) -> bytes:
    """Return the body.

    Raises:
        ProblemError: 400 when it is not encoded as it says, 413 when it is too long.
    """
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise ProblemError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the body is longer than {request.client_max_size} bytes",
        ) from None
    except web.RequestPayloadError:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, "the body is not encoded as its headers say"
        ) from None


def _refuse_repeated(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"the body names {shown(name)} twice in one object",
                errors=(FieldError(shown(name), "", "give it once"),),
            )
        seen.add(name)


def read_query(request: web.Request, record: type[T]) -> T:
    """Return the query string as a `record`; its values are text and are read as such.

    Raises:
        ProblemError: 422 with every unknown, repeated or bad parameter.
    """
    repeated = [key for key in set(request.query) if len(request.query.getall(key)) > 1]
    if repeated:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "a parameter is given twice",
            errors=tuple(FieldError(key, "", "give it once") for key in sorted(repeated)),
        )
    return convert(dict(request.query), record, strict=False)


def convert(value: Mapping[str, Any], record: type[T], *, strict: bool = True) -> T:
    """Return what a caller sent as a `record`.

    Args:
        value: Decoded.
        record: What it shall be.
        strict: False reads texts as the numbers and words that they spell.

    Raises:
        ProblemError: 422 with every bad field.
    """
    try:
        return msgspec.convert(value, record, strict=strict)
    except msgspec.ValidationError as error:
        # msgspec stops at the first; a caller wants to mend all of them in one go.
        errors = field_errors(value, record, strict=strict)
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "; ".join(f"{e.field}: {e.reason}" for e in errors) or str(error),
            errors=errors,
        ) from None


def field_errors(
    value: Mapping[str, Any], record: type[msgspec.Struct], *, strict: bool
) -> tuple[FieldError, ...]:
    """Return every field of `value` that `record` cannot hold, in the record's order."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(record)}
    errors = []
    for name, field in fields.items():
        if name not in value:
            if field.required:
                errors.append(FieldError(name, "", "is missing"))
            continue
        try:
            msgspec.convert(value[name], field.type, strict=strict)
        except msgspec.ValidationError as error:
            words = _words(msgspec.inspect.type_info(field.type))
            reason = f"{error}; allowed: {', '.join(words)}" if words else str(error)
            errors.append(FieldError(name, _shown(name, value[name]), reason))
    errors += [
        FieldError(shown(name), "", _unknown(name, fields)) for name in value if name not in fields
    ]
    return tuple(errors)


def _unknown(name: str, fields: Collection[str]) -> str:
    close = difflib.get_close_matches(name.lower(), fields, n=1)
    return f"is not a field; {f'did you mean {close[0]}?' if close else _listed(fields)}"


def _listed(fields: Collection[str]) -> str:
    return f"there are {', '.join(fields)}"


def _words(kind: msgspec.inspect.Type) -> list[str]:
    """Return the words that a field, or each item of it, may hold; none where it may hold any."""
    if isinstance(kind, msgspec.inspect.EnumType):
        return [str(member.value) for member in kind.cls]
    if isinstance(kind, msgspec.inspect.LiteralType):
        return [str(value) for value in kind.values]
    if isinstance(kind, msgspec.inspect.UnionType):
        return [word for one in kind.types for word in _words(one)]
    if isinstance(kind, msgspec.inspect.CollectionType):
        return _words(kind.item_type)
    return []


def _shown(name: str, value: object) -> str:
    if name in {"password", "token", "secret"}:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
