import pytest
from typer.testing import CliRunner

from sharpeyes.service.cli import app
from sharpeyes.service.cli.output import CliError


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--first-address", "10.0.0.1"), "do not fit into"),
        (("--cameras", "0"), "--cameras"),
        (("--auth", "none"), "--auth"),
        (("--rtsp-port", "80", "--http-port", "80"), "both 80"),
        (("--scenario", "day.toml"), "needs --city"),
        (("--city", "10", "--csv", "cameras.csv"), "is for streets"),
        (("--city", "10", "--processes", "9"), "--processes"),
        (("fault", "12", "down"), "20 digits"),
        (("fault", "1" * 20, "burnt"), "burnt"),
        (("fault", "1" * 20, "down", "--after-s", "3"), "--after-s"),
        (("fault", "1" * 20, "slow", "--after-s", "-3"), "--after-s"),
        (("fault", "1" * 20, "slow", "--after-s", "nan"), "after-s"),
    ],
)
def test_a_wrong_call_is_explained(words: tuple[str, ...], why: str) -> None:
    result = CliRunner().invoke(app, ["simulate", *words], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert result.stdout == ""
    assert why in result.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--csv", "/nonexistent/cameras.csv"), "cannot write /nonexistent/cameras.csv"),
        (("--city", "10", "--scenario", "/nonexistent/day.toml"), "cannot read /nonexistent/day"),
        (("--city", "10", "--truth", "/nonexistent/truth"), "cannot write /nonexistent/truth"),
        (("fault", "1" * 20, "down", "--control-port", "1"), "no simulator answers on 127.0.0.1"),
        (("clear", "1" * 20, "--control-port", "1"), "start one with `sharpeyes simulate`"),
    ],
)
def test_a_failure_is_one_clear_line(words: tuple[str, ...], why: str) -> None:
    result = CliRunner().invoke(app, ["simulate", *words])
    assert isinstance(result.exception, CliError)
    assert why in str(result.exception)
    assert result.stdout == ""


def test_help_never_shows_a_password_from_the_environment() -> None:
    result = CliRunner().invoke(
        app, ["simulate", "--help"], env={"SHARPEYES_SIMULATOR_PASSWORD": "canary-7Qx"}
    )
    assert result.exit_code == 0
    assert "canary-7Qx" not in result.output
