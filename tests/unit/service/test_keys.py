"""The key file."""

import contextlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sharpeyes.service.errors import KeyFileError
from sharpeyes.service.keys import load_or_create_key


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret.key"

    key = load_or_create_key(path)

    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]


def test_two_that_start_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starters:
        for attempt in range(20):
            path = tmp_path / f"{attempt}.key"
            assert len(set(starters.map(load_or_create_key, [path] * 8))) == 1


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o620, 0o610])
def test_a_key_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret.key"
    load_or_create_key(path)
    path.chmod(mode)

    with pytest.raises(KeyFileError, match=rf"chmod 600 {path}$"):
        load_or_create_key(path)


def test_a_key_may_be_readable_by_a_group(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = load_or_create_key(path)
    path.chmod(0o440)

    assert load_or_create_key(path) == key


@pytest.mark.parametrize(
    "content", [b"", b"ab" * 31, b"ab" * 33, b"zz" * 32, b"\xff" * 64, b"\x00" * 32]
)
def test_what_is_not_a_key_is_refused_without_repeating_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(KeyFileError) as refused:
        load_or_create_key(path)

    assert str(refused.value) == f"{path}: is not a key: it must hold 64 hexadecimal digits"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(KeyFileError, match=r"Not a directory\. Name one .* data_dir"):
        load_or_create_key(tmp_path / "file" / "secret.key")
    with pytest.raises(KeyFileError, match=r"cannot create the folder .* SHARPEYES_DATA_DIR$"):
        load_or_create_key(tmp_path / "file" / "data" / "secret.key")


@contextlib.contextmanager
def _as_ordinary_user() -> Iterator[None]:
    """Lay down root's rights, which would let everything be written; nothing for others."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(own)


@pytest.fixture
def readable_folder() -> Iterator[Path]:
    """A folder that everybody may enter and nobody but root may write to; below none that hides."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o700)


def test_a_folder_that_may_not_be_written_to_is_named_with_what_to_do(
    readable_folder: Path,
) -> None:
    with _as_ordinary_user():
        with pytest.raises(
            KeyFileError, match=rf"cannot create the folder {readable_folder}/data: "
        ):
            load_or_create_key(readable_folder / "data" / "secret.key")
        with pytest.raises(
            KeyFileError, match=r"cannot create .*secret.key: .* SHARPEYES_DATA_DIR$"
        ):
            load_or_create_key(readable_folder / "secret.key")
