"""Settings: where they come from, and how wrong ones are refused."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from sharpeyes.service.errors import SettingsError
from sharpeyes.service.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, where no settings file of the developer lies."""
    monkeypatch.chdir(tmp_path)


def _file(content: str, name: str = "city.toml") -> Path:
    path = Path(name)
    path.write_text(content, "utf-8")
    path.chmod(0o600)
    return path


def _problems(content: str = "", **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        load_settings(_file(content), environ)
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def test_without_anything_the_defaults_hold() -> None:
    settings = load_settings(None, {})

    assert settings == Settings()
    assert settings.database_url is None
    assert settings.secret_key_file == Path("data/secret.key")


def test_a_variable_wins_over_the_file_and_the_file_over_the_default() -> None:
    file = _file('data_dir = "elsewhere"\n[http]\nport = 1000\nhost = "::1"\n')

    settings = load_settings(file, {"SHARPEYES_HTTP__PORT": "2000"})

    assert (settings.http.port, settings.http.host) == (2000, "::1")
    assert settings.secret_key_file == Path("elsewhere/secret.key")
    assert settings.log.level == "info"


def test_the_file_is_the_named_one_or_the_one_in_the_folder() -> None:
    _file("workers = 1", "sharpeyes.toml")
    named, chosen = _file("workers = 2", "named.toml"), _file("workers = 3", "chosen.toml")

    assert load_settings(None, {}).workers == 1
    assert load_settings(None, {"SHARPEYES_CONFIG": str(named)}).workers == 2
    assert load_settings(chosen, {"SHARPEYES_CONFIG": str(named)}).workers == 3


def test_lists_are_json_in_a_variable() -> None:
    assert load_settings(None, {"SHARPEYES_HEALTH__RECHECK_S": "[1, 2]"}).health.recheck_s == (1, 2)
    assert _problems(SHARPEYES_HEALTH__RECHECK_S="1, 2") == (
        "SHARPEYES_HEALTH__RECHECK_S: must be a JSON array, such as [5, 15]",
    )


def test_an_empty_variable_is_an_unset_one() -> None:
    assert load_settings(None, {"SHARPEYES_WORKERS": ""}).workers is None


def test_variables_of_the_tests_and_of_others_are_left_alone() -> None:
    others = {
        "SHARPEYES_TEST_DATABASE_URL": "x",
        "SHARPEYES_SHARED": "x",
        "SHARPEYES_SIMULATOR_PASSWORD": "x",
        "PATH": "x",
        "XSHARPEYES_Y": "x",
    }
    assert load_settings(None, others) == Settings()


@pytest.mark.parametrize(
    ("content", "environ", "line"),
    [
        (
            "[http]\nprot = 1",
            {},
            "city.toml: http.prot: no such setting; did you mean http.port?",
        ),
        (
            "",
            {"SHARPEYES_HTTP__PROT": "1"},
            "SHARPEYES_HTTP__PROT: no such setting; did you mean SHARPEYES_HTTP__PORT?",
        ),
        # 83: a length of time without its unit.
        (
            "stop_grace = 30",
            {},
            "city.toml: stop_grace: no such setting; did you mean stop_grace_s?",
        ),
        ("colour = 1", {}, "city.toml: colour: no such setting"),
        ("", {"SHARPEYES_COLOUR": "1"}, "SHARPEYES_COLOUR: no such setting"),
        (
            "",
            {"SHARPEYES_HTTP__PORT__X": "1"},
            "SHARPEYES_HTTP__PORT__X: no such setting; did you mean SHARPEYES_HTTP__PORT?",
        ),
        (
            "[http.port]\nx = 1",
            {},
            "city.toml: http.port.x: no such setting; did you mean http.port?",
        ),
    ],
)
def test_an_unknown_key_is_refused(content: str, environ: dict[str, str], line: str) -> None:
    assert _problems(content, **environ) == (line,)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        # 82: an interval of nothing.
        (
            "health.reach_interval_s = 0",
            "health.reach_interval_s: Input should be greater than 0",
        ),
        ("stop_grace_s = nan", "stop_grace_s: Input should be less than or equal to 600"),
        ("stop_grace_s = inf", "stop_grace_s: Input should be less than or equal to 600"),
        (
            'stop_grace_s = "30m"',
            "stop_grace_s: Input should be a valid number, unable to parse string as a number",
        ),
        ("health.recheck_s = [5, 0]", "health.recheck_s[1]: Input should be greater than 0"),
        ("http.port = 70000", "http.port: Input should be less than or equal to 65535"),
        (
            'log.level = "loud"',
            "log.level: Input should be 'debug', 'info', 'warning' or 'error'",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(content: str, line: str) -> None:
    assert _problems(content) == (f"city.toml: {line}",)


def test_all_problems_are_told_at_once() -> None:
    problems = _problems(
        "workers = 0", SHARPEYES_HTTP__PORT="0", SHARPEYES_EVENTS__ALLOWED_NETWORKS='["x"]'
    )

    assert [problem.partition(": ")[0] for problem in problems] == [
        "city.toml",
        "SHARPEYES_HTTP__PORT",
        "SHARPEYES_EVENTS__ALLOWED_NETWORKS[0]",
        "SHARPEYES_EVENTS__ALLOWED_NETWORKS[0]",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2secret@h/d",
        "postgresql://u:hunter2secret/@h/d",
        "hunter2secret",
        "postgresql:///d?password=hunter2secret",
        "postgresql://u:hunter2secret@[h/d",
    ],
)
def test_a_refused_database_address_is_not_repeated(url: str) -> None:
    (problem,) = _problems(SHARPEYES_DATABASE_URL=url)

    assert problem.startswith("SHARPEYES_DATABASE_URL: must be postgresql://")
    assert "hunter2" not in problem


def test_the_database_password_is_not_shown() -> None:
    settings = Settings(database_url=SecretStr("postgresql://u:hunter2secret@h/d"))

    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_file_with_a_password_that_everybody_can_read_is_refused() -> None:
    file = _file('database_url = "postgresql://u:hunter2secret@h/d"')
    assert load_settings(file, {}).database_url is not None
    file.chmod(0o644)

    with pytest.raises(SettingsError, match=r"can be read by everybody: chmod o-r city\.toml"):
        load_settings(file, {})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[http", "is not TOML: Expected ']' at the end of a table declaration"),
        (b"a = 1\na = 2", "is not TOML: Cannot overwrite a value"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"#" * 1_000_001, "is longer than 1000000 bytes"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused(content: bytes, reason: str) -> None:
    Path("city.toml").write_bytes(content)

    with pytest.raises(SettingsError) as refused:
        load_settings(Path("city.toml"), {})

    assert str(refused.value).startswith(f"city.toml: {reason}")
    assert "\n" not in str(refused.value)


def test_a_file_that_was_named_must_be_there() -> None:
    with pytest.raises(SettingsError, match=r"^gone\.toml: No such file or directory$"):
        load_settings(None, {"SHARPEYES_CONFIG": "gone.toml"})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.8.7"])
def test_without_sign_in_only_this_machine_is_served(host: str) -> None:
    environ = {"SHARPEYES_HTTP__ANONYMOUS": "true", "SHARPEYES_HTTP__HOST": host}

    assert load_settings(None, environ).http.anonymous


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_without_sign_in_nobody_else_is_served(host: str) -> None:
    (problem,) = _problems(SHARPEYES_HTTP__ANONYMOUS="true", SHARPEYES_HTTP__HOST=host)

    assert problem.startswith("http: anonymous serves everybody who reaches the port")


def test_settings_come_only_from_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARPEYES_WORKERS", "7")

    assert load_settings(None, {}).workers is None


@pytest.mark.parametrize("mark", "/#?")
def test_a_password_that_looks_like_the_end_of_the_host_is_not_taken_for_a_place(
    mark: str,
) -> None:
    """What is taken for host, port and database is told when it cannot be reached."""
    (problem,) = _problems(SHARPEYES_DATABASE_URL=f"postgresql://user:12{mark}canary@host/db")
    assert "must be postgresql://" in problem
    assert "canary" not in problem
