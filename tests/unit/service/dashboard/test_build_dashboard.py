"""The build script: what it does to a package's files, and what it says when it cannot."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[4]


def load() -> ModuleType:
    path = ROOT / "scripts" / "build_dashboard.py"
    spec = importlib.util.spec_from_file_location("build_dashboard", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load()


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A node_modules folder with every file that is copied."""
    folder = tmp_path / "node_modules"
    for source in build.FILES.values():
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        (folder / source).write_text("export const answer = 42;\n")
    (folder / build.FILES["preact-hooks.mjs"]).write_text('import{options as o}from"preact";\n')
    return folder


@pytest.mark.parametrize(
    ("given", "served"),
    [
        ('import{options as n}from"preact";', 'import{options as n}from"./preact.mjs";'),
        ("import { h } from 'preact'", "import { h } from './preact.mjs'"),
        ('import "./beside.mjs"', 'import "./beside.mjs"'),
        ("let a=1;\n//# sourceMappingURL=a.mjs.map", "let a=1;\n"),
    ],
)
def test_modules_become_loadable_as_they_are(given: str, served: str) -> None:
    assert build.as_served(given, "some.mjs") == served


def test_a_package_that_is_not_copied_is_named() -> None:
    with pytest.raises(build.BuildError, match=r"some\.mjs imports 'left-pad'"):
        build.as_served('import pad from "left-pad"', "some.mjs")


def test_copies_have_a_stamp(modules: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    assert not build.is_built(vendor, "one")
    build.copy(modules, vendor, "one")
    assert build.is_built(vendor, "one")
    assert not build.is_built(vendor, "two")
    assert '"./preact.mjs"' in (vendor / "preact-hooks.mjs").read_text()


def test_a_failed_build_leaves_the_last_good_one(modules: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    build.copy(modules, vendor, "one")
    (modules / build.FILES["htm.mjs"]).unlink()
    with pytest.raises(build.BuildError, match=r"htm/dist/htm\.mjs is not in the package"):
        build.copy(modules, vendor, "two")
    assert build.is_built(vendor, "one")
    assert [path.name for path in tmp_path.glob(".vendor-*")] == []


def test_what_npm_complains_of_is_one_line(tmp_path: Path) -> None:
    complain = "import sys; print('npm error code E404\\nnpm error more', file=sys.stderr); exit(1)"
    with pytest.raises(build.BuildError, match="npm error code E404") as caught:
        build.install(tmp_path, [sys.executable, "-c", complain])
    assert "\n" not in str(caught.value)


def test_npm_is_found_without_one_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: object())
    assert build.npm_command()[0] == sys.executable
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(build.BuildError, match=r"install Node\.js, or run"):
        build.npm_command()


def test_the_lock_file_pins_contents_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "dashboard" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert {name for name, entry in packages.items() if "integrity" not in entry} == set()
    assert {name for name, entry in packages.items() if "resolved" in entry} == set()
