"""The page of `sharpeyes --help`, which must not cost the import of all commands."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import typer

from sharpeyes.service import cli


def _commands() -> Iterator[tuple[str, str]]:
    group = typer.main.get_command(cli.app)
    context = typer.Context(group)
    for name in group.list_commands(context):  # type: ignore[attr-defined]  # it is a group
        yield name, group.get_command(context, name).help or ""  # type: ignore[attr-defined]


def test_the_list_says_what_each_command_says_of_itself() -> None:
    said = {name: " ".join(text.partition("\n\n")[0].split()) for name, text in _commands()}
    assert said == cli._SUMMARIES


def _usages(command: Any, name: str) -> Iterator[str]:
    context = typer.Context(command, info_name=name)
    yield command.get_usage(context)
    for below in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from _usages(command.get_command(context, below), f"{name} {below}")


def test_what_is_to_be_filled_in_is_in_capitals() -> None:
    usages = list(_usages(typer.main.get_command(cli.app), "sharpeyes"))
    assert any("endpoint test [OPTIONS] {NAME}" in usage for usage in usages)
    assert [usage for usage in usages if re.search(r"[{ ]\[?[a-z_]+[}\]]", usage)] == []


def test_no_command_is_imported_to_be_listed() -> None:
    program = (
        "import sys; from sharpeyes.service.cli import main\n"
        "try: main()\n"
        "except SystemExit: print('sharpeyes.service.cli.camera' in sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", program, "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "The registry of cameras" in output.stdout
    assert output.stdout.endswith("False\n")
