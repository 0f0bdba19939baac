"""Where settings are read from, and how an operator is told what is wrong with them.

Keys are named by dotted paths (``http.port``). An origin is the place of a value as an operator
would look for it: ``sharpeyes.toml: http.port`` or ``SHARPEYES_HTTP__PORT``. No message holds a
value: some are secret.
"""

import difflib
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings import SettingsError as UnreadableVariable

from sharpeyes.service.errors import SettingsError

DELIMITER = "__"

_MAX_FILE_BYTES = 1_000_000
_SIMILARITY = 0.75


def read_file(file: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        SettingsError: It cannot be read, is not TOML, or lets everybody read a password.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_FILE_BYTES + 1)
            mode = os.fstat(opened.fileno()).st_mode
        if len(content) > _MAX_FILE_BYTES:
            raise SettingsError([f"{file}: is longer than {_MAX_FILE_BYTES} bytes"])
        values = tomllib.loads(content.decode())
    except OSError as error:
        raise SettingsError([f"{file}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{file}: is not UTF-8 text"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{file}: is not TOML: {error}"]) from None
    if "database_url" in values and mode & stat.S_IROTH:
        raise SettingsError(
            [f"{file}: holds database_url and can be read by everybody: chmod o-r {file}"]
        )
    return values


def read_variables(
    settings: type[BaseSettings], variables: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Read environment variables; an empty one, as compose files pass them on, counts as unset.

    Returns:
        The values, table by table, and a line for each variable that cannot be read.
    """
    values: dict[str, Any] = {}
    problems = []
    for name, value in variables.items():
        # One at a time: the reader's error does not say which variable it is about.
        try:
            values = merged(values, _Variables(settings, {name: value} if value else {})())
        except UnreadableVariable:
            problems.append(f"{name}: must be a JSON array, such as [5, 15]")
    return values, problems


class _Variables(EnvSettingsSource):
    """Reads variables that it is given instead of those of the process."""

    def __init__(self, settings: type[BaseSettings], variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        # Its keys are in lower case, as those of the models.
        return {name.lower(): value for name, value in self._variables.items()}


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the values of ``over`` in their places, table by table."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = (
            merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
        )
    return result


def paths(values: dict[str, Any], table: str = "") -> Iterator[str]:
    """Yield the path of every value."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from paths(value, f"{table}{key}.")
        else:
            yield f"{table}{key}"


def path_of(variable: str, prefix: str) -> str:
    """Return the path of the key that an environment variable sets."""
    return variable.removeprefix(prefix).lower().replace(DELIMITER, ".")


def unknown_keys(settings: type[BaseSettings], origins: Mapping[str, str]) -> list[str]:
    """Return a line for each key that there is not, with the one that was probably meant.

    Args:
        settings: The settings that there are.
        origins: Of every key that is set, by path.
    """
    known = set(_keys(settings))
    problems = []
    for path, origin in origins.items():
        if path in known:
            continue
        line = f"{origin}: no such setting"
        for meant in difflib.get_close_matches(path, known, n=1, cutoff=_SIMILARITY):
            variable = settings.model_config["env_prefix"] + meant.upper().replace(".", DELIMITER)
            line += f"; did you mean {meant if origin.endswith(path) else variable}?"
        problems.append(line)
    return problems


def _keys(model: type[BaseModel], table: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{table}{name}.")
        else:
            yield f"{table}{name}"


def explained(error: ValidationError, origins: Mapping[str, str]) -> list[str]:
    """Return a line for each value that is not allowed."""
    lines = []
    for detail in error.errors(include_input=False, include_url=False):
        steps = [str(step) for step in detail["loc"]]
        # The key may be followed by what is wrong below it: an item, a kind of a union.
        lengths = range(len(steps), 0, -1)
        candidates = [".".join(steps[:length]) for length in lengths]
        path = next((path for path in candidates if path in origins), ".".join(steps))
        item = "".join(f"[{step}]" for step in detail["loc"] if isinstance(step, int))
        reason = detail["msg"].removeprefix("Value error, ")
        lines.append(f"{origins.get(path, path)}{item}: {reason}")
    # A value that is neither of two kinds is refused twice, perhaps in the same words.
    return list(dict.fromkeys(lines))
