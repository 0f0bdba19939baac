"""From a row's cells to a camera file, or to all that is wrong with the row."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import (
    CameraFile,
    FiledCamera,
    Life,
    PollMode,
    SampleSource,
    Tier,
)
from sharpeyes.registry.cell_text import READERS
from sharpeyes.registry.checking import validate
from sharpeyes.registry.credentials import validate_credentials
from sharpeyes.registry.division_lookup import DivisionLookup
from sharpeyes.registry.errors import FieldProblem, ImportFileError, shown
from sharpeyes.registry.fields import fold
from sharpeyes.registry.life import LifeState, move
from sharpeyes.registry.sheet import BY_TARGET
from sharpeyes.registry.sheet_layout import CREDENTIALS, Layout
from sharpeyes.registry.sheet_row import SheetRow
from sharpeyes.registry.tidying import tidy

FILE_FIELDS = CameraFile.__struct_fields__

_READING = b"1"
"""Part of every digest: raise it when cells come to mean something else."""

_BETWEEN_CELLS = "\x1f"
_DISTRICT_DIGITS = 6
_BELOW = ("street_code", "community_code", "grid_code")
_read_state = cast("Callable[[str], Life]", READERS["device_state"])
_APART = frozenset({"district_code", *_BELOW, "device_state", *CREDENTIALS})
_DIGEST_BYTES = 16
_ALWAYS = frozenset({"device_code", "division_code", "host", "poll_mode"})
"""Fields that follow from others where the file does not speak of them."""


@dataclass(slots=True)
class ReadRow:
    """What a row's texts say, before anything is asked of the database.

    Attributes:
        code: The device code, folded; perhaps none.
        values: Fields whose text means something; without those that are empty.
        below: Street, community and grid, as far as they are given.
        life: From column 26; None where that is empty or missing.
        credentials: None where the row gives no user name.
        problems: The texts that mean nothing.
    """

    code: str
    values: dict[str, Any] = field(default_factory=dict)
    below: list[tuple[str, str]] = field(default_factory=list)
    life: Life | None = None
    credentials: Credentials | None = None
    problems: list[FieldProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class NewState:
    """A row that can be taken.

    Attributes:
        file: The camera's file as it shall be.
        state: Its life as it shall be.
    """

    file: CameraFile
    state: LifeState


class RowReader:
    """Reads the rows of one file.

    Args:
        layout: What its columns are.
        divisions: All divisions.
        file_name: Where rows come from, for the reason of what column 26 says.
        now: The time that dates are checked against, UTC.
        ragged: Rows may end early: a spreadsheet does not write the empty cells at their end.

    Raises:
        ImportFileError: A constant of the mapping means nothing.
    """

    def __init__(
        self,
        layout: Layout,
        divisions: DivisionLookup,
        file_name: str,
        now: datetime,
        *,
        ragged: bool = False,
    ) -> None:
        self._ragged = ragged
        self._divisions = divisions
        self._now = now
        self._reason = f"column 26 of {file_name}"
        self._width = len(layout.headings)
        self._plain: list[tuple[int, str, Callable[[str], Any] | None]] = []
        self._apart: list[tuple[int, str]] = []
        self._code_index = -1
        for column in layout.columns:
            if column.target == "device_code":
                self._code_index = column.index
            elif column.target in _APART:
                self._apart.append((column.index, column.target))
            else:
                target = column.target
                self._plain.append((column.index, BY_TARGET[target].field, READERS[target]))
        self._constants: dict[str, Any] = {}
        self._constants_apart: list[tuple[str, str]] = []
        for target, text in layout.constants.items():
            if target in _APART:
                self._constants_apart.append((target, text))
            else:
                self._constants[BY_TARGET[target].field] = _constant(target, text)
        targets = layout.targets
        self._fields = frozenset(BY_TARGET[t].field for t in targets - set(CREDENTIALS))
        self._absent = tuple(name for name in FILE_FIELDS if name not in self._fields)
        self._district_only = "district_code" in targets and not targets & {
            "division_code",
            *_BELOW,
        }
        self._has_host = "host" in self._fields
        self._has_poll_mode = "poll_mode" in self._fields
        self._secret = "password" in targets
        described = msgspec.json.encode(
            (layout.headings, [(c.index, c.target) for c in layout.columns], dict(layout.constants))
        )
        self._salt = hashlib.blake2b(_READING + described, digest_size=_DIGEST_BYTES)

    def refuse_width(self, row: SheetRow) -> str | None:
        """Say why a row cannot be told apart into columns, or None; what is empty is filled up."""
        cells = row.cells
        if len(cells) > self._width and not any(cells[self._width :]):
            del cells[self._width :]
        if len(cells) != self._width and (len(cells) > self._width or not self._ragged):
            return f"has {len(cells)} cells, and the header {self._width}"
        cells += [""] * (self._width - len(cells))
        return None

    def code(self, row: SheetRow) -> str:
        """Return a row's device code, folded; perhaps none."""
        return fold(row.cells[self._code_index].strip())

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of `CameraFile` that follow from the file; all others stay as they are."""
        return tuple(name for name in FILE_FIELDS if name in self._fields | _ALWAYS)

    def digest(self, row: SheetRow) -> bytes:
        """Return a digest of a row's texts and of what their columns are.

        Empty where a password is among them, which not even a digest may be kept of, and where a
        cell holds what we set between cells: other cells might come to the same.
        """
        texts = _BETWEEN_CELLS.join(row.cells)
        if self._secret or texts.count(_BETWEEN_CELLS) != len(row.cells) - 1:
            return b""
        hashed = self._salt.copy()
        hashed.update(texts.encode("utf-8", "surrogatepass"))
        return hashed.digest()

    def read(self, row: SheetRow, code: str) -> ReadRow:
        """Read what the texts of a row mean.

        Args:
            row: The row.
            code: Its device code, folded; perhaps none.
        """
        read = ReadRow(code)
        self._read_cells(read, row.cells)
        return read

    def _read_cells(self, row: ReadRow, cells: Sequence[str]) -> None:
        values = row.values
        values["device_code"] = row.code
        for index, name, reader in self._plain:
            text = cells[index].strip()
            if not text:
                continue
            if reader is None:
                values[name] = text
                continue
            try:
                values[name] = reader(text)
            except ValueError as error:
                row.problems.append(FieldProblem(name, shown(text), str(error)))
        values.update(self._constants)
        for target, text in self._constants_apart:
            self._take_apart(row, target, text)
        for index, target in self._apart:
            if text := cells[index].strip():
                self._take_apart(row, target, text)
        if self._secret:
            self._check_credentials(row, cells)

    def finish(self, row: ReadRow, stored: FiledCamera | None) -> NewState | list[FieldProblem]:
        """Make a camera file of a row, or say all that is wrong with it.

        Args:
            row: After `read`.
            stored: What is on file.
        """
        problems = row.problems
        values = row.values
        if stored is None:
            if not self._has_poll_mode:
                address = values.get("host") or values.get("ipv4") or values.get("ipv6")
                values["poll_mode"] = usual_poll_mode(
                    values.get("networked"), address, values.get("tier")
                )
        else:
            self._keep(values, stored)
        self._set_division(row, stored)
        if "tier" not in values and all(problem.field != "tier" for problem in problems):
            problems.append(FieldProblem("tier", "", "is missing"))
        unread = {problem.field for problem in problems}
        _fill(values, unread)
        file = tidy(CameraFile(**values))
        division = file.division_code
        found = validate(
            file,
            now=self._now,
            division_known=division in self._divisions.paths,
            bounds=self._divisions.bounds.get(division),
        )
        if not self._has_host and any(problem.field in {"ipv4", "ipv6"} for problem in found):
            # The host was taken from there, and is not to blame.
            unread.add("host")
        problems += [problem for problem in found if problem.field not in unread]
        if row.credentials is not None:
            problems += validate_credentials(row.credentials)
        state = self._state(row, stored, problems)
        return problems or NewState(file, state)

    def first_state(self, text: str) -> LifeState | None:
        """Return the life of a new camera by column 26, or None where something is wrong."""
        row = ReadRow("")
        if text:
            self._take_apart(row, "device_state", text)
        state = self._state(row, None, row.problems)
        return None if row.problems else state

    def division_of(self, code: str, texts: Mapping[str, str]) -> str | None:
        """Return the division of a new camera, or None where something is wrong.

        Args:
            code: Its device code.
            texts: What the row says of its division, by target.
        """
        row = ReadRow(code)
        if text := texts.get("division_code", "").strip():
            row.values["division_code"] = fold(text)
        targets = [target for target, _ in self._constants_apart]
        for target in (*targets, *(target for _, target in self._apart)):
            if text := texts.get(target, "").strip():
                self._take_apart(row, target, text)
        self._set_division(row, None)
        division: str = row.values["division_code"]
        return None if row.problems else division

    def _take_apart(self, row: ReadRow, target: str, text: str) -> None:
        if target == "device_state":
            try:
                row.life = _read_state(text)
            except ValueError as error:
                row.problems.append(FieldProblem("life", shown(text), str(error)))
        elif target == "district_code":
            row.values["division_code"] = fold(text)
        elif target in _BELOW:
            row.below.append((target, fold(text)))

    def _check_credentials(self, row: ReadRow, cells: Sequence[str]) -> None:
        by_target = {target: cells[index] for index, target in self._apart}
        username, password = by_target["username"].strip(), by_target["password"]
        if username:
            row.credentials = Credentials(username, password)
        elif password:
            row.problems.append(FieldProblem("username", "", "is missing beside a password"))

    def _keep(self, values: dict[str, Any], stored: FiledCamera) -> None:
        """Leave what the file does not speak of as it is on file."""
        for name in self._absent:
            values[name] = getattr(stored, name)
        if not self._has_host and stored.host in {stored.ipv4, stored.ipv6}:
            # It was taken from there, and follows it.
            del values["host"]

    def _set_division(self, row: ReadRow, stored: FiledCamera | None) -> None:
        values = row.values
        given = values.get("division_code") or row.code[:_DISTRICT_DIGITS]
        values["division_code"] = given
        for target, text in row.below:
            try:
                values["division_code"] = self._divisions.find_below(text, values["division_code"])
            except ValueError as error:
                row.problems.append(FieldProblem(target, shown(text), str(error)))
        # A sheet that stops at the district says nothing against what is known more closely.
        if (
            self._district_only
            and stored is not None
            and self._divisions.lies_in(stored.division_code, given)
        ):
            values["division_code"] = stored.division_code

    def _state(
        self, row: ReadRow, stored: FiledCamera | None, problems: list[FieldProblem]
    ) -> LifeState:
        current = None
        if stored is not None:
            current = LifeState(stored.life, stored.life_reason, stored.life_until)
        if row.life is None or (current is not None and current.life is row.life):
            return current or LifeState()
        reason = "" if row.life is Life.IN_SERVICE else self._reason
        state = move(current, LifeState(row.life, reason), now=self._now, open_ended=True)
        if isinstance(state, LifeState):
            return state
        problems += [FieldProblem("life", problem.value, problem.reason) for problem in state]
        return LifeState()


def usual_poll_mode(networked: bool | None, address: str | None, tier: Tier | None) -> PollMode:
    """Choose how a new camera may be asked where its file does not say.

    Most social points cannot be reached but by request, and whom nobody can reach nobody asks.
    """
    if networked is False or not address:
        return PollMode.NONE
    return PollMode.ON_REQUEST if tier is Tier.SOCIAL else PollMode.DIRECT


def _constant(target: str, text: str) -> Any:
    reader = READERS[target]
    try:
        return text if reader is None else reader(text)
    except ValueError as error:
        raise ImportFileError(f"the mapping's constant {target} '{shown(text)}' {error}") from error


def _fill(values: dict[str, Any], unread: set[str]) -> None:
    """Put something harmless where a text meant nothing, so that the rest can be checked."""
    values.setdefault("name", "")
    values.setdefault("tier", Tier.OTHER)
    if unread & {"poll_mode", "sample_source"}:
        values |= {"poll_mode": PollMode.NONE, "sample_source": SampleSource.NONE}
