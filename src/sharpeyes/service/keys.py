"""The key that protects camera passwords and endpoint secrets, in a file beside the database."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from sharpeyes.registry.sealing import Sealer
from sharpeyes.service.errors import KeyFileError
from sharpeyes.service.settings import Settings

KEY_BYTES = 32

_ANOTHER_FOLDER = (
    "Name one that you may write to: data_dir in the settings file, or SHARPEYES_DATA_DIR"
)

# Others may not read it, and a group may not replace it. A group may read it: that is how
# container platforms hand secrets to a process.
_TOO_OPEN = stat.S_IRWXO | stat.S_IWGRP | stat.S_IXGRP


def load_or_create_key(path: Path) -> bytes:
    """Read the key, or make one at the first start.

    The file holds 64 hexadecimal digits, so that it can be kept on paper: without it, no password
    in the database can be opened again.

    Args:
        path: The key file. Its folder is created, closed to others, when it does not exist.

    Returns:
        32 random bytes, for AES-256.

    Raises:
        KeyFileError: The file cannot be read or made, does not hold a key, or is open to others.
    """
    try:
        if not path.exists():
            _create(path)
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(KEY_BYTES * 2 + 2)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    if mode & _TOO_OPEN:
        raise KeyFileError(f"{path}: open to others, which a key must not be: chmod 600 {path}")
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path}: is not a key: it must hold {KEY_BYTES * 2} hexadecimal digits")
    return key


def load_sealer(settings: Settings) -> Sealer:
    """Return what seals and opens secrets: with the key in force, and the old ones beside it.

    Raises:
        KeyFileError: As `load_or_create_key`; or an old key's file is not there.
    """
    old_keys = []
    for path in settings.old_key_files:
        if not path.exists():
            raise KeyFileError(f"{path}: there is no such file, and old_key_files names it")
        old_keys.append(load_or_create_key(path))
    return Sealer(load_or_create_key(settings.secret_key_file), old_keys=old_keys)


def _create(path: Path) -> None:
    folder = path.parent
    if not folder.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise KeyFileError(
                f"cannot create the folder {folder}: {error.strerror}. {_ANOTHER_FOLDER}"
            ) from error
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeyFileError(f"cannot create {path}: {error.strerror}. {_ANOTHER_FOLDER}") from error
    try:
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_hex(KEY_BYTES)}\n")
            file.flush()
            os.fsync(fd)
        # Of two that start at once, one key wins, and it is whole when the other sees it.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        _sync_folder(folder)
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    # A key that a power cut takes away takes every password with it.
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
