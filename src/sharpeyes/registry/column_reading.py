"""Many new cameras at once: whole columns are read, and rows with nothing wrong are vouched for.

What is vouched for is what `RowReader` would make of the row; a test holds the two together. Of all
other rows nothing is said here: they are read one by one, which tells what is wrong with them. So
each rule is written once, where single files are read and checked, and here it is only asked less
often: once for a text that comes again and again, instead of once for each row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

import msgspec

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import CameraFile, PollMode, SampleSource, Tier
from sharpeyes.registry.cell_dates import CHINA
from sharpeyes.registry.cell_text import READERS
from sharpeyes.registry.checking import is_well_placed, validate
from sharpeyes.registry.division_lookup import DivisionLookup
from sharpeyes.registry.doubting import doubts
from sharpeyes.registry.life import IN_SERVICE, LifeState
from sharpeyes.registry.quick_reading import UNSURE, quick_readers
from sharpeyes.registry.row_reading import RowReader, usual_poll_mode
from sharpeyes.registry.sheet import BY_TARGET
from sharpeyes.registry.sheet_layout import CREDENTIALS, Layout
from sharpeyes.registry.tidying import tidy

_REMEMBERED_TEXTS = 8192
_REMEMBERED_PLACES = 65_536
_REMEMBERED_MAX_CHARACTERS = 100

_PREFIX_DIGITS = 14
_SERIAL = "000001"
_PLACES = ("division_code", "district_code", "street_code", "community_code", "grid_code")
# What these mean is judged with the rest of the row.
_JUDGED_TOGETHER = frozenset({"longitude", "latitude", "poll_mode", "sample_source"})
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(CameraFile)}
_SPECIMEN = CameraFile(
    device_code="42010000001320000001",
    name="-",
    tier=Tier.OTHER,
    division_code="420100",
    poll_mode=PollMode.NONE,
)
"""A file with nothing wrong, to see whether one value would spoil it."""


@dataclass(frozen=True, slots=True)
class Block:
    """New cameras, column by column, in the order of the rows.

    Attributes:
        columns: The values of all cameras, by field of `CameraFile`; also `life`, `life_reason` and
            `life_until`. Fields that the file does not speak of are not there.
        division_paths: Of their divisions.
        digests: Of the rows' texts.
        rest: Places of the rows that are not among them, ascending.
    """

    columns: Mapping[str, Sequence[Any]]
    division_paths: Sequence[str]
    digests: Sequence[bytes]
    rest: Sequence[int]

    def __len__(self) -> int:
        return len(self.digests)

    def column(self, field: str) -> Sequence[Any]:
        """Return a field's values, or as often as needed what a new camera has there."""
        return self.columns.get(field) or [_DEFAULTS[field]] * len(self)

    def doubts(self, now: datetime) -> Counter[str]:
        """Say what `doubting` finds, and in how many rows: field and reason."""
        told: Counter[str] = Counter()
        if not self.digests:
            return told
        alike = Counter(
            zip(
                [code[:_PREFIX_DIGITS] for code in self.columns["device_code"]],
                *(self.column(field) for field in _DOUBTED),
                strict=True,
            )
        )
        for (prefix, *values), count in alike.items():
            changes: dict[str, Any] = dict(zip(_DOUBTED, values, strict=True))
            file = msgspec.structs.replace(_SPECIMEN, device_code=prefix + _SERIAL, **changes)
            for doubt in doubts(file, now=now):
                told[f"{doubt.field}: {doubt.reason}"] += count
        return told

    def count_without_path(self) -> int:
        """Count the cameras that may be asked at any time and lack a path to ask for."""
        polled = zip(*(self.column(field) for field in ("poll_mode", *_PATHS)), strict=True)
        return sum(mode.at_any_time and not any(paths) for mode, *paths in polled)


_DOUBTED = ("tier", "code_edition", "networked", "poll_mode", "recording_days", "accepted_until")
_PATHS = ("main_stream_path", "sub_stream_path", "snapshot_path")


@dataclass(frozen=True, slots=True)
class _Place:
    """A division in which a row's camera is filed."""

    division_code: str
    path: str
    bounds: Bounds | None


class ColumnReader:
    """Reads the new cameras of one file.

    Args:
        layout: What the file's columns are.
        divisions: All divisions.
        rows: Reads the same file row by row.
        now: The time that dates are checked against, UTC.
    """

    def __init__(
        self, layout: Layout, divisions: DivisionLookup, rows: RowReader, now: datetime
    ) -> None:
        self._divisions = divisions
        self._rows = rows
        self._now = now
        self._constants = layout.constants
        self._index = {column.target: column.index for column in layout.columns}
        self._targets = [*layout.constants, *(column.target for column in layout.columns)]
        self._quick = quick_readers(now)
        self._known: dict[str, dict[str, Any]] = {target: {} for target in self._targets}
        self._places: dict[tuple[str, ...], Any] = {}
        self._askable: dict[tuple[Any, ...], bool] = {}

    def _is_able(self) -> bool:
        """Tell whether each column says a thing of its own, and none a password."""
        fields = [BY_TARGET[t].field for t in self._targets if t not in {*_PLACES, *CREDENTIALS}]
        return (
            len(set(fields)) == len(fields)
            and len(set(self._targets)) == len(self._targets)
            and not set(CREDENTIALS) & set(self._targets)
        )

    def read(
        self, rows: Sequence[Sequence[str]], codes: Sequence[str], digests: Sequence[bytes]
    ) -> Block:
        """Read the rows of cameras that are not on file.

        Args:
            rows: Their cells.
            codes: Their device codes: 20 digits.
            digests: Of their texts.
        """
        if not rows or not self._is_able():
            return Block({}, [], [], range(len(rows)))
        cells = list(zip(*rows, strict=True))
        columns: dict[str, Sequence[Any]] = {"device_code": codes}
        for target in self._targets:
            if target != "device_code" and target not in _PLACES:
                texts = self._texts(target, cells, len(rows))
                columns[BY_TARGET[target].field] = self._read_column(target, texts)
        _settle_polling(columns)
        columns["place"] = self._read_places(cells, codes)
        columns.setdefault("life", [IN_SERVICE] * len(rows))
        vouched = self._vouch(columns)
        rest = [place for place, is_sure in enumerate(vouched) if not is_sure]
        if rest:
            columns = {field: list(compress(values, vouched)) for field, values in columns.items()}
            digests = list(compress(digests, vouched))
        places: Sequence[_Place] = columns.pop("place")
        lives: Sequence[LifeState] = columns["life"]
        columns["division_code"] = [place.division_code for place in places]
        columns["life"] = [state.life for state in lives]
        columns["life_reason"] = [state.reason for state in lives]
        columns["life_until"] = [state.until for state in lives]
        return Block(columns, [place.path for place in places], digests, rest)

    def _texts(self, target: str, cells: Sequence[Sequence[str]], count: int) -> Sequence[str]:
        if target in self._constants:
            return [self._constants[target]] * count
        return cells[self._index[target]]

    def _read_column(self, target: str, texts: Sequence[str]) -> list[Any]:
        known = self._known[target]
        quick = self._quick.get(target)
        if quick is None:
            try:
                return [known[text] for text in texts]
            except KeyError:
                self._learn(target, set(texts))
            return [known.get(text, UNSURE) for text in texts]
        values = [quick(text) for text in texts]
        if UNSURE in values:
            self._learn(target, set(compress(texts, [value is UNSURE for value in values])))
            values = [
                known.get(text, UNSURE) if value is UNSURE else value
                for text, value in zip(texts, values, strict=True)
            ]
        return values

    def _learn(self, target: str, texts: set[str]) -> None:
        """Find out what texts mean; of too many, or long ones, not."""
        known = self._known[target]
        if len(known.keys() | texts) > _REMEMBERED_TEXTS:
            known.clear()
        room = _REMEMBERED_TEXTS - len(known)
        for text in sorted(texts - known.keys())[:room]:
            if len(text) <= _REMEMBERED_MAX_CHARACTERS:
                known[text] = self._judge_text(target, text.strip())

    def _judge_text(self, target: str, text: str) -> Any:
        """Return what a text means if nothing is wrong with it, else UNSURE."""
        if target == "device_state":
            return self._rows.first_state(text) or UNSURE
        field = BY_TARGET[target].field
        if not text:
            default = _DEFAULTS[field]
            return UNSURE if default is msgspec.NODEFAULT else default
        reader = READERS[target]
        try:
            value = text if reader is None else reader(text)
        except ValueError:
            return UNSURE
        if field in _JUDGED_TOGETHER:
            return value
        if field == "code_edition" and value is not _SPECIMEN.code_edition:
            # All other codes of the row would mean something else.
            return UNSURE
        changes: dict[str, Any] = {field: value}
        file = tidy(msgspec.structs.replace(_SPECIMEN, **changes))
        return UNSURE if validate(file, now=self._now) else getattr(file, field)

    def _read_places(self, cells: Sequence[Sequence[str]], codes: Sequence[str]) -> list[Any]:
        targets = [target for target in self._targets if target in _PLACES]
        texts = [self._texts(target, cells, len(codes)) for target in targets]
        keys = list(zip([code[:_PREFIX_DIGITS] for code in codes], *texts, strict=True))
        known = self._places
        unknown = set(keys) - known.keys()
        if len(known) + len(unknown) > _REMEMBERED_PLACES:
            known.clear()
            unknown = set(keys)
        for key in unknown:
            prefix, *below = key
            known[key] = self._judge_place(prefix, dict(zip(targets, below, strict=True)))
        return [known[key] for key in keys]

    def _judge_place(self, prefix: str, texts: Mapping[str, str]) -> Any:
        code = prefix + _SERIAL
        division = self._rows.division_of(code, texts)
        path = self._divisions.paths.get(division or "")
        if division is None or path is None:
            return UNSURE
        file = msgspec.structs.replace(_SPECIMEN, device_code=code, division_code=division)
        if tidy(file) != file or validate(file, now=self._now):
            return UNSURE
        return _Place(division, path, self._divisions.bounds.get(division))

    def _vouch(self, columns: Mapping[str, Sequence[Any]]) -> list[bool]:
        """Say of each row whether nothing is wrong with it, by itself and all of it together."""
        vouched = [True] * len(columns["device_code"])
        for values in columns.values():
            if UNSURE in values:
                for row, value in enumerate(values):
                    if value is UNSURE:
                        vouched[row] = False
        for rows in (
            self._misplaced(columns, vouched),
            self._outlived(columns, vouched),
            self._unaskable(columns, vouched),
        ):
            for row in rows:
                vouched[row] = False
        return vouched

    def _misplaced(
        self, columns: Mapping[str, Sequence[Any]], vouched: Sequence[bool]
    ) -> Iterator[int]:
        """Find rows whose position is half, or not where their division is."""
        if not {"longitude", "latitude"} & columns.keys():
            return
        nothing = [None] * len(vouched)
        longitudes, latitudes = (columns.get(name, nothing) for name in ("longitude", "latitude"))
        placed = zip(vouched, longitudes, latitudes, columns["place"], strict=True)
        for row, (is_sure, longitude, latitude, place) in enumerate(placed):
            if is_sure and not is_well_placed(longitude, latitude, place.bounds):
                yield row

    def _outlived(
        self, columns: Mapping[str, Sequence[Any]], vouched: Sequence[bool]
    ) -> Iterator[int]:
        """Find rows whose acceptance ran out before the camera was installed."""
        if not {"accepted_until", "installed_at"} <= columns.keys():
            return
        dated = zip(vouched, columns["accepted_until"], columns["installed_at"], strict=True)
        for row, (is_sure, until, installed_at) in enumerate(dated):
            if is_sure and until and installed_at and until < installed_at.astimezone(CHINA).date():
                yield row

    def _unaskable(
        self, columns: Mapping[str, Sequence[Any]], vouched: Sequence[bool]
    ) -> Iterator[int]:
        """Find rows whose way of being asked lacks something; the usual way never does."""
        if not {"poll_mode", "sample_source"} & set(self._targets):
            return
        nothing = [None] * len(vouched)
        asked = zip(*(columns.get(name, nothing) for name in _ASKED), strict=True)
        for row, (is_sure, (mode, source, *there)) in enumerate(zip(vouched, asked, strict=True)):
            if is_sure and not self._is_askable(mode, source, *map(bool, there)):
                yield row

    def _is_askable(self, mode: PollMode, source: SampleSource | None, *there: bool) -> bool:
        key = (mode, source, *there)
        known = self._askable.get(key)
        if known is None:
            changes = {
                name: _ASKED_SAMPLES[name]
                for name, is_there in zip(_ASKED_SAMPLES, there, strict=True)
                if is_there
            }
            changes["sample_source"] = source or SampleSource.NONE
            file = msgspec.structs.replace(_SPECIMEN, poll_mode=mode, **changes)
            known = self._askable[key] = not validate(file, now=self._now)
        return known


_ASKED_SAMPLES: dict[str, Any] = {
    "host": "10.0.0.1",
    "recorder_code": "42010000001180000001",
    "recorder_channel": 1,
    "main_stream_path": "/",
    "sub_stream_path": "/",
    "snapshot_path": "/",
}
_ASKED = ("poll_mode", "sample_source", *_ASKED_SAMPLES)


def _settle_polling(columns: dict[str, Sequence[Any]]) -> None:
    """Fill in how cameras are asked, and where, as far as the file does not say."""
    nothing = [None] * len(columns["device_code"])
    given = columns.get("host", nothing)
    own = [
        ipv4 or ipv6
        for ipv4, ipv6 in zip(
            columns.get("ipv4", nothing), columns.get("ipv6", nothing), strict=True
        )
    ]
    if "poll_mode" not in columns:
        columns["poll_mode"] = [
            usual_poll_mode(networked, host or address, tier)
            for networked, host, address, tier in zip(
                columns.get("networked", nothing), given, own, columns["tier"], strict=True
            )
        ]
    columns["host"] = [
        host or (None if mode is PollMode.RECORDER else address)
        for host, address, mode in zip(given, own, columns["poll_mode"], strict=True)
    ]
