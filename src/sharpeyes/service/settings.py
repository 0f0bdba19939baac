"""What an operator can set, and where it is set.

A TOML file holds tables and keys; an environment variable ``SHARPEYES_HTTP__PORT`` overrides the
key ``http.port``. Lengths of time are numbers of seconds under names that end in ``_s``. Whatever
is not known here is refused: a misspelt key would otherwise be a setting that is not in force.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.events.settings import EventSettings
from sharpeyes.health.settings import HealthSettings
from sharpeyes.ingest.settings import IngestSettings
from sharpeyes.registry.settings import RegistrySettings
from sharpeyes.service.errors import SettingsError
from sharpeyes.service.settings_sources import (
    DELIMITER,
    explained,
    merged,
    path_of,
    paths,
    read_file,
    read_variables,
    unknown_keys,
)

PREFIX = "SHARPEYES_"
_DEFAULT_FILE = Path("sharpeyes.toml")
# They choose the file, or speak to the tests or the simulator: no settings.
_NO_SETTINGS = ("SHARPEYES_CONFIG", "SHARPEYES_SHARED", "SHARPEYES_SIMULATOR_PASSWORD")
_OF_TESTS = "SHARPEYES_TEST_"


class HttpSettings(BaseModel):
    """Where the dashboard and the API are served, and to whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        default="127.0.0.1", min_length=1, max_length=253, description="Address to listen on."
    )
    port: int = Field(default=8080, ge=1, le=65_535, description="TCP port to listen on.")
    anonymous: bool = Field(
        default=False,
        description="Serve without sign-in; only while `host` is this machine (demonstrations).",
    )

    tls_proxy: bool = Field(
        default=False,
        description="A TLS proxy stands in front: browsers send our cookie over https only.",
    )

    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = Field(
        default=(),
        description="Addresses or networks of the proxies whose `X-Forwarded-For` is believed.",
    )

    import_max_mb: int = Field(
        default=1024, ge=1, le=16_384, description="Longest file of cameras that is taken, in MB."
    )

    @model_validator(mode="after")
    def _check_anonymous(self) -> Self:
        if self.anonymous and not is_loopback(self.host):
            raise ValueError(
                "anonymous serves everybody who reaches the port, so host must be 127.0.0.1 "
                "(or another address of this machine only)"
            )
        return self


class LogSettings(BaseModel):
    """What is logged to standard error, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least important messages that are logged."
    )
    format: Literal["json", "console"] = Field(
        default="json", description="One JSON object per line, or coloured lines for people."
    )


class Settings(BaseSettings):
    """All settings. Made from values alone; `load_settings` reads files and variables."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
    )

    data_dir: Path = Field(
        default=Path("data"), description="Folder of the embedded database and the key file."
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="Address of a PostgreSQL server (postgresql://...); without one, our own runs.",
    )
    key_file: Path | None = Field(
        default=None,
        description="File with the key that protects camera passwords; default: secret.key in "
        "data_dir.",
    )
    old_key_files: tuple[Path, ...] = Field(
        default=(),
        description="Files of earlier keys, which still open what they have sealed; see `sharpeyes "
        "credential rotate-key`.",
    )
    audit_head_file: Path | None = Field(
        default=None,
        description="File to which the audit's last link is written down; default: "
        "audit-heads.jsonl in data_dir.",
    )
    audit_head_every_s: float = Field(
        default=600.0,
        ge=1,
        le=86_400,
        description="How often the audit's last link is written down, if it has moved on.",
    )
    workers: int | None = Field(
        default=None, ge=1, le=256, description="Worker processes; without it, as many as cores."
    )
    stop_grace_s: float = Field(
        default=20.0,
        gt=0,
        le=600,
        description="How long processes may take to finish their work when the service stops.",
    )
    lease_ttl_s: float = Field(
        default=15.0,
        ge=3,
        le=300,
        description="How long a silent worker keeps its cameras before others take them.",
    )
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    # The packages' own settings, a table for each.
    registry: RegistrySettings = RegistrySettings()
    devices: DeviceSettings = DeviceSettings()
    health: HealthSettings = HealthSettings()
    ingest: IngestSettings = IngestSettings()
    events: EventSettings = EventSettings()

    @property
    def secret_key_file(self) -> Path:
        """The key file that is in force."""
        return self.key_file or self.data_dir / "secret.key"

    @property
    def head_file(self) -> Path:
        """The file of the audit's heads that is in force."""
        return self.audit_head_file or self.data_dir / "audit-heads.jsonl"

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url.get_secret_value())
            named = parts.scheme in {"postgresql", "postgres"} and parts.hostname
            # An @ behind the host: a / or # or ? in the password was read as the host's end.
            if "@" not in parts.netloc and "@" in url.get_secret_value():
                named = None
            _ = parts.port
        except ValueError:
            # Its message would repeat what may be half of a password.
            named = None
        if not named:
            raise ValueError(
                "must be postgresql://user:password@host:port/database; "
                "in a password, write / as %2F, @ as %40, : as %3A, # as %23, ? as %3F"
            )
        return url

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # the other sources are not used
        cls,
        _settings_cls: type[BaseSettings],
        *,
        init_settings: PydanticBaseSettingsSource,
        **_others: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the given values only, so that no setting comes from where nobody looks."""
        return (init_settings,)


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings: variables win over the file, the file over defaults.

    Args:
        config: The TOML file; None for the one that ``SHARPEYES_CONFIG`` names, or else
            ``sharpeyes.toml`` in the working directory if there is one.
        environ: The environment variables.

    Raises:
        SettingsError: With a line for each key that is unknown or has a value that is not allowed,
            and no values, as some are secret.
    """
    file = _chosen_file(config, environ)
    in_file = read_file(file) if file else {}
    variables = {
        name: value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in _NO_SETTINGS and not name.startswith(_OF_TESTS)
    }
    origins = {path: f"{file}: {path}" for path in paths(in_file)}
    origins |= {path_of(name, PREFIX): name for name in variables}
    problems = unknown_keys(Settings, origins)
    from_variables, unreadable = read_variables(Settings, variables)
    problems += unreadable
    if problems:
        raise SettingsError(problems)
    try:
        return Settings(**merged(in_file, from_variables))
    except ValidationError as error:
        raise SettingsError(explained(error, origins)) from None


def _chosen_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    if config is not None:
        return config
    if named := environ.get("SHARPEYES_CONFIG"):
        return Path(named)
    return _DEFAULT_FILE if _DEFAULT_FILE.exists() else None


def is_loopback(host: str) -> bool:
    """Tell whether an address, or the name localhost, is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
