"""What was really wrong in a simulated city: a log against which a judgement can be scored.

JSON lines. The first says what was played; then comes one for every camera that is struck or
released, at the moment when it is.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from sharpeyes.devices.simulator.city.fault import is_of_device, kind_of
from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.timeline import Change, Trouble
from sharpeyes.devices.simulator.errors import SimulatorError


class TruthError(SimulatorError):
    """A truth log cannot be written or read; the message names file and line."""


class Played(msgspec.Struct, frozen=True, tag_field="event", tag="start"):
    """The first line.

    Attributes:
        at: when second 0 was, UTC.
        scenario: its name.
        seed: of the city.
        cameras: how many there are.
    """

    at: datetime
    scenario: str
    seed: int
    cameras: int


class Struck(msgspec.Struct, frozen=True, tag_field="event", tag="begin"):
    """Something begins to be wrong with a camera.

    Attributes:
        at: when, UTC.
        t_s: the same in seconds after the start, as the scenario has it.
        camera: its device code.
        step: name of the scenario's step.
        fault: its kind.
        cause: what a judgement should name; "" for nothing.
        common: kind of the one incident that it should be part of; "" for none.
        place: which one of that kind; "" where the step names several or none.
    """

    at: datetime
    t_s: float
    camera: str
    step: str
    fault: str
    cause: str
    common: str
    place: str


class Released(Struck, frozen=True, tag_field="event", tag="end"):
    """It is over; the fields are those of the beginning."""


TruthLine = Played | Struck | Released


class TruthLog:
    """Writes the log, in a thread of its own: a city is many lines.

    Args:
        file: open for bytes; who opened it closes it, after `close`.
        layout: the city.
    """

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._file = file
        self._layout = layout
        self._writer = ThreadPoolExecutor(1, "truth")
        self._encoder = msgspec.json.Encoder()

    def begin(self, played: Played) -> None:
        """Write the first line."""
        self._writer.submit(self._write, [played])

    def add(self, change: Change, trouble: Trouble, at: datetime) -> None:
        """Write a line for every camera of a change."""
        self._writer.submit(self._write, self._lines(change, trouble, at))

    def close(self) -> None:
        """Wait until all is written."""
        self._writer.submit(self._file.flush).result()
        self._writer.shutdown()

    def _lines(self, change: Change, trouble: Trouble, at: datetime) -> Iterator[TruthLine]:
        kind = Struck if change.begins else Released
        cameras_of, code_of = self._layout.cameras_of, self._layout.code_of
        whole = is_of_device(trouble.fault)
        for member in change.members:
            for camera in cameras_of(member) if whole else (member,):
                yield kind(
                    at=at,
                    t_s=change.at_s,
                    camera=code_of(camera),
                    step=trouble.name,
                    fault=kind_of(trouble.fault),
                    cause=trouble.cause,
                    common=trouble.common,
                    place=trouble.place,
                )

    def _write(self, lines: Iterator[TruthLine] | list[Played]) -> None:
        self._file.writelines(self._encoder.encode(line) + b"\n" for line in lines)


def read_truth(path: Path) -> Iterator[TruthLine]:
    """Read a log, line by line.

    Raises:
        TruthError: it cannot be read, or a line is none of a truth log.
    """
    decoder = msgspec.json.Decoder(TruthLine)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise TruthError(f"{path}, line {number}: {error}") from error
    except OSError as error:
        raise TruthError(f"cannot read {path}: {error.strerror}") from error
