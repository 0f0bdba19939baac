"""What can go wrong in the registry.

RegistryError
├── DeviceCodeError
├── CameraInvalidError
├── CameraExistsError
├── UnknownCameraError
├── CameraChangedError
├── DivisionInvalidError
├── DivisionExistsError
├── UnknownDivisionError
├── DivisionInUseError
├── SearchError
├── ZoneInvalidError
├── ZoneExistsError
├── UnknownZoneError
├── PlaceInvalidError
├── PlaceExistsError
├── UnknownPlaceError
├── PlaceChangedError
├── MergeError
├── ImportFileError
├── SheetFullError
├── UnknownImportError
├── ImportStateError
├── ImportRacedError
├── UnsealError
├── CredentialKeyError
└── StaleLeaseError
"""

from collections.abc import Sequence

import msgspec

_SHOWN_CHARACTERS = 80


def shown(value: object) -> str:
    """Write a refused value so that it can be printed anywhere.

    Returns:
        At most 80 characters; whatever a terminal would obey instead of show is escaped.
    """
    text = str(value)
    head = text[: _SHOWN_CHARACTERS + 1]
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in head)
    return safe if len(safe) <= _SHOWN_CHARACTERS else f"{safe[: _SHOWN_CHARACTERS - 1]}…"


class _FieldRemark(msgspec.Struct, frozen=True):
    field: str
    value: str
    reason: str

    def __str__(self) -> str:
        held = f" '{self.value}':" if self.value else ""
        return f"{self.field}{held} {self.reason}"


class FieldProblem(_FieldRemark, frozen=True):
    """One field that cannot be accepted.

    Attributes:
        field: The field's name, as in `CameraFile`.
        value: What it held, made printable by `shown`; never a password.
        reason: Why not, in words that say how to mend it.
    """


class FieldDoubt(_FieldRemark, frozen=True):
    """One field that is accepted, and is likely to be wrong all the same.

    Attributes:
        field: The field's name, as in `CameraFile`.
        value: What it holds, made printable by `shown`.
        reason: Why somebody should look at it.
    """


class RegistryError(Exception):
    """The registry refuses; the message is one line for the person who asked."""


class DeviceCodeError(RegistryError):
    """A text is not a device code; the message is the reason alone, without the text."""


class _ProblemsError(RegistryError):
    def __init__(self, subject: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"{subject}: {'; '.join(map(str, problems))}")
        self.problems = tuple(problems)


class CameraInvalidError(_ProblemsError):
    """A camera file has fields that cannot be accepted: all of them are in `problems`."""

    def __init__(self, device_code: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"camera {shown(device_code)}", problems)


class CameraExistsError(RegistryError):
    """The device code is registered already."""

    def __init__(self, device_code: str) -> None:
        super().__init__(f"camera {shown(device_code)} is registered already")
        self.device_code = device_code


class UnknownCameraError(RegistryError):
    """No camera has this device code or identity."""

    def __init__(self, camera: str | int) -> None:
        super().__init__(f"no camera {shown(camera)} is registered")


class CameraChangedError(RegistryError):
    """Somebody else changed the camera since it was read."""

    def __init__(self, device_code: str, expected: int, found: int) -> None:
        super().__init__(
            f"camera {shown(device_code)} was changed meanwhile: "
            f"it is at revision {found}, not {expected}"
        )


class DivisionInvalidError(_ProblemsError):
    """A division has fields that cannot be accepted: all of them are in `problems`."""

    def __init__(self, division_code: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"division {shown(division_code)}", problems)


class DivisionExistsError(RegistryError):
    """The division code is taken."""

    def __init__(self, division_code: str) -> None:
        super().__init__(f"division {shown(division_code)} exists already")


class UnknownDivisionError(RegistryError):
    """No division has this code."""

    def __init__(self, division_code: str) -> None:
        super().__init__(f"no division {shown(division_code)} is known")
        self.division_code = division_code


class DivisionInUseError(RegistryError):
    """The division cannot be removed: something is filed under it."""

    def __init__(self, division_code: str, held: str) -> None:
        super().__init__(f"division {shown(division_code)} is not empty: it has {held}")


class SearchError(RegistryError):
    """Nothing can be looked for like that; the message says why."""


class ZoneInvalidError(RegistryError):
    """A zone cannot be accepted.

    Attributes:
        field: The field at fault: `name`, `polygon` or `dwell_s`.
    """

    def __init__(self, name: str, field: str, reason: str) -> None:
        super().__init__(f"zone {shown(name)}, {field}: {reason}")
        self.field = field


class ZoneExistsError(RegistryError):
    """The camera has a zone of this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the camera has a zone '{shown(name)}' already")


class UnknownZoneError(RegistryError):
    """The camera has no zone of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the camera has no zone '{shown(name)}'")


class PlaceInvalidError(_ProblemsError):
    """A place has fields that cannot be accepted: all of them are in `problems`."""

    def __init__(self, place_code: str, problems: Sequence[FieldProblem]) -> None:
        super().__init__(f"place {shown(place_code)}", problems)


class PlaceExistsError(RegistryError):
    """The place's code is taken."""

    def __init__(self, place_code: str, on_file: str | None = None) -> None:
        told = f"place {shown(on_file or place_code)} exists already"
        if on_file not in {None, place_code}:
            told += f": {shown(place_code)} differs from it in upper and lower case only"
        super().__init__(told)


class UnknownPlaceError(RegistryError):
    """No place has this code."""

    def __init__(self, place_code: str) -> None:
        super().__init__(f"no place {shown(place_code)} is known")


class PlaceChangedError(RegistryError):
    """Somebody else changed the place since it was read."""

    def __init__(self, place_code: str, expected: int, found: int) -> None:
        super().__init__(
            f"place {shown(place_code)} was changed meanwhile: "
            f"it is at revision {found}, not {expected}"
        )


class MergeError(RegistryError):
    """Two cameras cannot become one; the message says why."""


class ImportFileError(RegistryError):
    """A file cannot be imported at all: not one row of it was looked at."""


class SheetFullError(RegistryError):
    """There are more rows than a spreadsheet can hold."""

    def __init__(self, rows_max: int) -> None:
        super().__init__(f"a spreadsheet holds {rows_max:,} rows: choose CSV, or one division")


class UnknownImportError(RegistryError):
    """No import has this identity."""

    def __init__(self, import_id: int) -> None:
        super().__init__(f"there was no import {import_id}")


class ImportStateError(RegistryError):
    """What is asked of an import cannot be done in its state."""


class ImportRacedError(RegistryError):
    """Somebody else was quicker each time that an import tried to write some rows."""

    def __init__(self, last_row: int | None) -> None:
        kept = "nothing was kept" if last_row is None else f"all rows up to row {last_row} are in"
        super().__init__(
            "the rows that follow could not be written, because somebody else kept changing the"
            f" same cameras or divisions: {kept}; import the file again once that has ended"
        )


class UnsealError(RegistryError, ValueError):
    """A sealed secret cannot be opened: another key, another owner, or damaged."""


class CredentialKeyError(RegistryError):
    """A camera's credentials are stored but cannot be opened with the key at hand."""

    def __init__(self, camera_id: int, reason: str) -> None:
        super().__init__(
            f"the password of camera {camera_id} cannot be opened: {reason}; "
            f"give the service the key it was stored with, or set the password anew"
        )


class StaleLeaseError(RegistryError):
    """A worker writes for a shard that it no longer holds: nothing may change."""

    def __init__(self, shard: int, epoch: int, worker_id: str) -> None:
        super().__init__(f"worker {worker_id} no longer holds shard {shard} at epoch {epoch}")


class RolloutRunningError(RegistryError):
    """New passwords are being tried by somebody else."""

    def __init__(self) -> None:
        super().__init__("another roll-out is under way: wait until it has ended")
