"""Which column of a file is which field: by heading, by order, or as a mapping file says."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sharpeyes.registry.device_code import has_code_digits
from sharpeyes.registry.errors import ImportFileError, shown
from sharpeyes.registry.sheet import BY_TARGET, CATALOGUE, SHEET
from sharpeyes.registry.sheet_mapping import NO_MAPPING, SheetMapping

CREDENTIALS = ("username", "password")
REPORT_HEADINGS = ("行号 row", "拒收原因 refused because")
"""What our report of refused rows adds in front; passed over, so that the mended report can be
imported as it is."""

_TARGETS = (*BY_TARGET, *CREDENTIALS)
_REQUIRED = ("device_code", "name", "tier")
_DECORATION = re.compile(r"[\s*_:-]+")
# Units and hints behind a heading.
_NOTE = re.compile(r"[(\[【（].*?[)\]】）]")
_SEPARATORS = re.compile(r"[;\t|]")
_LEAST_IN_PLACE = 14


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read.

    Attributes:
        index: Its place in the row, from 0 on.
        target: What it holds: that of a `SheetField`, or one of `CREDENTIALS`.
    """

    index: int
    target: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of a file are to be read.

    Attributes:
        columns: Those that are read.
        headings: What stands above all columns, for a report; ours where nothing does.
        constants: Texts by target that are the same in all rows.
        has_header: The first row is no camera.
        remarks: What its user should know, in sentences.
    """

    columns: tuple[Column, ...]
    headings: tuple[str, ...]
    constants: Mapping[str, str]
    has_header: bool
    remarks: tuple[str, ...] = ()

    @property
    def targets(self) -> frozenset[str]:
        """All that the file says something of."""
        return frozenset(column.target for column in self.columns) | self.constants.keys()


def read_layout(first_row: Sequence[str], mapping: SheetMapping = NO_MAPPING) -> Layout:
    """Find out what the columns of a file are.

    Args:
        first_row: The cells of its first row.
        mapping: What a mapping file says.

    Raises:
        ImportFileError: A column is unknown, there twice, or missing; or a constant is no use.
    """
    cells = [cell.strip() for cell in first_row]
    lead = len(REPORT_HEADINGS) if tuple(cells[: len(REPORT_HEADINGS)]) == REPORT_HEADINGS else 0
    layout = _read(cells[lead:], mapping, is_report=lead > 0)
    _require(layout)
    return Layout(
        columns=tuple(Column(lead + column.index, column.target) for column in layout.columns),
        headings=(*cells[:lead], *layout.headings),
        constants=layout.constants,
        has_header=layout.has_header,
        remarks=layout.remarks,
    )


def _read(cells: Sequence[str], mapping: SheetMapping, *, is_report: bool) -> Layout:
    if mapping.columns or not mapping.header:
        layout = _mapped(cells, mapping, has_header=mapping.header or is_report)
    elif len(cells) == 1 and (separator := _SEPARATORS.search(cells[0])):
        raise ImportFileError(
            f"the columns are separated by {separator[0]!r}: save the file with commas"
        )
    elif len(cells) == len(CATALOGUE) and has_code_digits(cells[0]):
        layout = _by_order()
    else:
        layout = _by_heading(cells)
    return _with_constants(layout, mapping)


def _by_order() -> Layout:
    return Layout(
        columns=tuple(Column(index, field.target) for index, field in enumerate(CATALOGUE)),
        headings=tuple(field.zh for field in CATALOGUE),
        constants=MappingProxyType({}),
        has_header=False,
        remarks=("The file has no header: its 27 columns are taken in the catalogue's order.",),
    )


def _by_heading(cells: Sequence[str]) -> Layout:
    found = [_target_of(cell) for cell in cells]
    remarks = []
    unknown = [i for i, cell in enumerate(cells) if cell and not found[i]]
    if unknown:
        # All columns of the sheet in its order, some with headings of somebody's own.
        in_place = sum(a == b.target for a, b in zip(found, CATALOGUE, strict=False))
        others = [found[i] for i in range(len(cells)) if i not in unknown]
        expected = [b.target for i, b in enumerate(CATALOGUE) if i not in unknown]
        if len(cells) != len(CATALOGUE) or in_place < _LEAST_IN_PLACE or others != expected:
            raise ImportFileError(_unknown(cells[unknown[0]]))
        for i in unknown:
            found[i] = CATALOGUE[i].target
        taken = ", ".join(f"{shown(cells[i])} = {CATALOGUE[i].zh}" for i in unknown)
        remarks.append(f"Headings that are not known are taken by their place: {taken}.")
    return Layout(
        columns=tuple(Column(i, field) for i, field in enumerate(found) if field),
        headings=tuple(cells),
        constants=MappingProxyType({}),
        has_header=True,
        remarks=tuple(remarks),
    )


def _mapped(cells: Sequence[str], mapping: SheetMapping, *, has_header: bool) -> Layout:
    headings = cells if has_header else [str(i + 1) for i in range(len(cells))]
    wanted = {_plain(heading): target for heading, target in mapping.columns.items()}
    columns, left_out = [], []
    for index, heading in enumerate(headings):
        target = wanted.pop(_plain(heading), None)
        if target is None:
            target = _target_of(heading) if mapping.header else None
            if target is None and heading:
                raise ImportFileError(
                    f"column '{shown(heading)}' is not in the mapping: give it a field, "
                    'or "" to leave it out'
                )
        elif not target:
            left_out.append(shown(heading))
        elif target not in _TARGETS:
            raise ImportFileError(f"the mapping: {_unknown(target)}")
        if target:
            columns.append(Column(index, target))
    if wanted:
        missing = ", ".join(shown(heading) for heading in wanted)
        raise ImportFileError(f"the mapping names columns that the file does not have: {missing}")
    remark = f"Left out, as the mapping says: {', '.join(left_out)}." if left_out else ""
    return Layout(
        columns=tuple(columns),
        headings=tuple(headings),
        constants=MappingProxyType({}),
        has_header=has_header,
        remarks=(remark,) if remark else (),
    )


def _with_constants(layout: Layout, mapping: SheetMapping) -> Layout:
    for target in mapping.constants:
        if target not in BY_TARGET:
            raise ImportFileError(f"the mapping: {_unknown(target)}")
    # As cells are read.
    constants = {target: str(value).strip() for target, value in mapping.constants.items()}
    if "device_code" in constants:
        raise ImportFileError("the mapping: device_code cannot be the same in all rows")
    for target, text in constants.items():
        if not text:
            raise ImportFileError(f"the mapping's constant {target} is empty: leave it out")
    return Layout(
        columns=layout.columns,
        headings=layout.headings,
        constants=MappingProxyType(constants),
        has_header=layout.has_header,
        remarks=layout.remarks,
    )


def _require(layout: Layout) -> None:
    targets = [column.target for column in layout.columns] + [*layout.constants]
    for target in targets:
        if targets.count(target) > 1:
            raise ImportFileError(f"column {_both_names(target)} is there twice")
    missing = [_both_names(name) for name in _REQUIRED if name not in targets]
    if missing:
        raise ImportFileError(f"the file has no column {', '.join(missing)}")
    if ("username" in targets) != ("password" in targets):
        raise ImportFileError("the columns username and password come together or not at all")


def _headings() -> Iterator[tuple[str, str]]:
    for field in SHEET:
        for heading in (*field.aliases, field.en, field.zh):
            yield heading, field.target
    yield from (("用户名", "username"), ("密码", "password"))
    # Last: nobody else's heading takes the place of a name of our own.
    for target in _TARGETS:
        yield target, target


def _plain(heading: str) -> str:
    """Return what headings are compared by: without stars, spaces and case."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", heading)).lower()


_BY_HEADING = {_plain(heading): target for heading, target in _headings()}
_BY_BARE_HEADING = {_plain(_NOTE.sub("", heading)): target for heading, target in _headings()}


def _target_of(heading: str) -> str | None:
    if not heading:
        return None
    exact = _BY_HEADING.get(_plain(heading))
    return exact or _BY_BARE_HEADING.get(_plain(_NOTE.sub("", heading)))


def _both_names(target: str) -> str:
    return f"{target} ({BY_TARGET[target].zh})" if target in BY_TARGET else target


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(_plain(name), _BY_HEADING, n=1, cutoff=0.5)
    advice = "name its field in a mapping file, or leave it out there on purpose"
    if close:
        target = _BY_HEADING[close[0]]
        # In the language of the heading.
        known = target if name.isascii() or target not in BY_TARGET else BY_TARGET[target].zh
        advice = f"did you mean {known}?"
    return f"column '{shown(name)}' is unknown: {advice}"
