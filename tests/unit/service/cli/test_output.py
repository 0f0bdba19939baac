import asyncpg
import pytest

from sharpeyes.service.cli.expected import EXPECTED, explain
from sharpeyes.service.cli.output import print_table


def test_cells_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("na\x1b[31mme",), [("\x1b[2J\x9b1Ayes\nforged line 汉",)], empty="")
    printed = capsys.readouterr().out
    assert all(character.isprintable() for character in printed.replace("\n", ""))
    assert "forged line 汉" in printed.splitlines()[1]
    assert len(printed.splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NotADirectoryError(20, "Not a directory", "/data"), "/data: Not a directory"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (asyncpg.DataError("invalid input for $1: '\udcff'"), "invalid input for $1: '\\udcff'"),
        (asyncpg.DeadlockDetectedError("a\nb"), "the database cannot be used: a; b"),
    ],
)
def test_each_failure_is_one_line_that_says_what_it_is_about(error: Exception, line: str) -> None:
    assert isinstance(error, EXPECTED)
    assert explain(error) == line
