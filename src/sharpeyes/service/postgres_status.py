"""What a cluster's files say about its server: whether it runs, where, and what it logged.

All functions take the cluster's folder.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ANY_PORT = 0
# What is said before the server's own log is open.
START_LOG = "start.log"

_LINES_TOLD = 5
_TAIL_BYTES = 65_536
# Of postmaster.pid: process, folder, start time, port, socket folder, address, memory, status.
_PORT_LINE, _STATUS_LINE = 3, 7


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server.

    Attributes:
        port: TCP port; `ANY_PORT` until it is known.
        status: ``starting`` (also while it recovers from a crash), ``ready``, ``stopping``.
    """

    port: int
    status: str


def find_postmaster(folder: Path) -> Postmaster | None:
    """Return the live server; None when there is none."""
    lines = _pid_file(folder)
    if not lines or not _is_postmaster(lines[0], folder):
        return None
    # The file grows while the server starts.
    status = lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else "starting"
    return Postmaster(port=last_port(folder), status=status)


def last_port(folder: Path) -> int:
    """Return the port of a server that runs or was killed; `ANY_PORT` after an orderly stop."""
    lines = _pid_file(folder)
    known = len(lines) > _PORT_LINE and lines[_PORT_LINE].isdigit()
    return int(lines[_PORT_LINE]) if known else ANY_PORT


def forget_dead_postmaster(folder: Path) -> None:
    """Remove a stale ``postmaster.pid`` that a server would take for that of a live one.

    Its number may have been given to another process, or belong to a zombie that nobody reaps, as
    in a container without an init. A server that starts checks the shared memory as well.
    """
    lines = _pid_file(folder)
    if lines and Path("/proc", lines[0]).exists() and not _is_postmaster(lines[0], folder):
        (folder / "postmaster.pid").unlink()


def _pid_file(folder: Path) -> list[str]:
    try:
        return (folder / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []


def _is_postmaster(pid: str, folder: Path) -> bool:
    """Tell whether a process is a server of this cluster: process numbers are used again."""
    process = Path("/proc", pid)
    try:
        if (process / "comm").read_text("utf-8", "replace").strip() != "postgres":
            return False
        return (process / "cwd").samefile(folder)
    except PermissionError:
        # In a container even root may not see a folder of another's process. It is a server: ours.
        return True
    except OSError:
        return False


def log_sizes(folder: Path) -> dict[Path, int]:
    """Return how long each log is, in bytes: a mark for `log_lines`."""
    return {path: path.stat().st_size for path in _logs(folder)}


def log_lines(folder: Path, since: Mapping[Path, int] | None = None) -> str:
    """Return the last lines that were logged, after ``since`` if that is given, as one line."""
    content = ""
    for path in _logs(folder):
        with path.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max((since or {}).get(path, 0), end - _TAIL_BYTES))
            content += log.read(_TAIL_BYTES).decode("utf-8", "replace")
    return in_one_line(content)


def _logs(folder: Path) -> list[Path]:
    """Return the logs that there are, the newest last."""
    logs = [folder / START_LOG, *(folder / "log").glob("*.log")]
    return sorted((log for log in logs if log.exists()), key=lambda log: log.stat().st_mtime)


def in_one_line(output: str) -> str:
    """Return the last lines of a program's output as one, without times and process numbers."""
    lines = [line.partition("] ")[2] or line for line in output.splitlines() if line.strip()]
    return "; ".join(line.strip() for line in lines[-_LINES_TOLD:])
