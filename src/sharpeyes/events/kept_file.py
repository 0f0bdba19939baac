"""A file of JSON lines whose lines, once accepted, survive a crash."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from sharpeyes.events.errors import ReceiverFileError


class KeptFile:
    """Appends lines and flushes each to the disk before it counts as written.

    A line that a crash cut off was never accepted: it is removed when the file is opened.

    Args:
        path: The file; made when it is missing.

    Raises:
        ReceiverFileError: It cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            # Readable by its owner only: what happened where is nobody else's business.
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ReceiverFileError(f"cannot keep events in {path}: {error.strerror}") from error
        self._path = path
        self._end = self._end_of_last_line()
        os.ftruncate(self._descriptor, self._end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def lines(self) -> Iterator[bytes]:
        """Read the lines that were there when the file was opened, without their ends."""
        with self._path.open("rb") as file:
            for line in file:
                yield line.rstrip(b"\n")

    def append(self, line: bytes) -> None:
        """Write a line without line breaks, and return once the disk has it.

        Raises:
            OSError: The disk did not take all of it; the file is as it was before.
        """
        data = line + b"\n"
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], self._end + written)
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            raise
        self._end += len(data)

    def _end_of_last_line(self) -> int:
        block = 64 * 1024
        position = os.fstat(self._descriptor).st_size
        while position > 0:
            start = max(0, position - block)
            found = os.pread(self._descriptor, position - start, start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            position = start
        return 0
