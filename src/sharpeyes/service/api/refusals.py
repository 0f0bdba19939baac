"""What the registry refuses, as answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from sharpeyes.registry.errors import (
    CameraChangedError,
    CameraExistsError,
    CameraInvalidError,
    FieldProblem,
    ImportStateError,
    MergeError,
    PlaceChangedError,
    PlaceExistsError,
    PlaceInvalidError,
    RegistryError,
    UnknownCameraError,
    UnknownDivisionError,
    UnknownImportError,
    UnknownPlaceError,
    UnknownZoneError,
    ZoneExistsError,
    ZoneInvalidError,
)
from sharpeyes.service.api.problem import FieldError, ProblemError

_STATUSES: dict[type[RegistryError], HTTPStatus] = {
    CameraExistsError: HTTPStatus.CONFLICT,
    ZoneExistsError: HTTPStatus.CONFLICT,
    UnknownCameraError: HTTPStatus.NOT_FOUND,
    UnknownZoneError: HTTPStatus.NOT_FOUND,
    CameraChangedError: HTTPStatus.PRECONDITION_FAILED,
    MergeError: HTTPStatus.CONFLICT,
    PlaceExistsError: HTTPStatus.CONFLICT,
    UnknownPlaceError: HTTPStatus.NOT_FOUND,
    UnknownImportError: HTTPStatus.NOT_FOUND,
    ImportStateError: HTTPStatus.CONFLICT,
    PlaceChangedError: HTTPStatus.PRECONDITION_FAILED,
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the registry refuses in here into problems, with every bad field.

    Raises:
        ProblemError: The registry refused.
    """
    try:
        yield
    except RegistryError as error:
        raise ProblemError(
            _STATUSES.get(type(error), HTTPStatus.UNPROCESSABLE_ENTITY),
            str(error),
            errors=refused_fields(error),
        ) from None


def refused_fields(error: RegistryError) -> tuple[FieldError, ...]:
    """Return the fields that an error is about; none where it is about no single field."""
    if isinstance(error, CameraInvalidError | PlaceInvalidError):
        return field_errors_of(error.problems)
    if isinstance(error, UnknownDivisionError):
        return (FieldError("division_code", error.division_code, str(error)),)
    if isinstance(error, ZoneInvalidError):
        return (FieldError(error.field, "", str(error)),)
    return ()


def field_errors_of(problems: Sequence[FieldProblem]) -> tuple[FieldError, ...]:
    """Write the registry's problems as those of the API."""
    return tuple(FieldError(p.field, p.value, p.reason) for p in problems)
