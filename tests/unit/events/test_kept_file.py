"""A line that was accepted is there after a crash; half a line is not."""

import errno
import os
from pathlib import Path

import pytest

from sharpeyes.events.errors import ReceiverFileError
from sharpeyes.events.kept_file import KeptFile


def test_lines_are_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    for line in (b"one", b"two"):
        with KeptFile(path) as file:
            file.append(line)

    with KeptFile(path) as file:
        assert list(file.lines()) == [b"one", b"two"]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("torn", [b"x", b"x" * 200_000])
def test_half_a_line_is_removed(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"one\n" + torn)

    with KeptFile(path) as file:
        file.append(b"two")

    assert path.read_bytes() == b"one\ntwo\n"


def test_a_file_of_half_a_line_becomes_empty(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"half")

    with KeptFile(path) as file:
        assert list(file.lines()) == []


def test_a_full_disk_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept"
    with KeptFile(path) as file:
        file.append(b"one")

        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                file.append(b"two")
        assert path.read_bytes() == b"one\n"
        file.append(b"three")

    assert path.read_bytes() == b"one\nthree\n"


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReceiverFileError, match="missing/kept"):
        KeptFile(tmp_path / "missing" / "kept")
