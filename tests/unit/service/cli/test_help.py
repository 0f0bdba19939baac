"""The page of `sharpeyes --help`, which must not cost the import of all commands."""

import subprocess
import sys
from collections.abc import Iterator

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
