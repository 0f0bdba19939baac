import pytest
from typer.testing import CliRunner

from sharpeyes.service.cli.simulate import app


@pytest.mark.parametrize(
    ("words", "option", "why"),
    [
        (["--scenario", "day.toml"], "--scenario", "needs --city"),
        (["--city", "10", "--csv", "cameras.csv"], "--csv", "is for streets"),
    ],
)
def test_options_of_the_other_kind_of_simulation_are_refused(
    words: list[str], option: str, why: str
) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert option in result.output
    assert why in result.output


def test_a_scenario_that_cannot_be_read_is_named_before_anything_starts() -> None:
    result = CliRunner().invoke(app, ["--city", "10", "--scenario", "/nowhere/day.toml"])
    assert str(result.exception) == "cannot read /nowhere/day.toml: No such file or directory"
