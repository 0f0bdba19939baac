"""What a simulated fleet is like."""

from ipaddress import IPv4Address, IPv4Network

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from sharpeyes.devices.simulator.authentication import AuthScheme

# Public on purpose: simulated cameras guard nothing, and a demonstration must be easy to follow.
PUBLIC_USERNAME = "sim"
PUBLIC_PASSWORD = "street-1"  # noqa: S105  # documented, see above

_LOOPBACK = IPv4Network("127.0.0.0/8")


class FleetSettings(BaseModel):
    """How many cameras, where, and with which credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cameras: int = Field(default=24, ge=1, le=250_000, description="how many cameras")
    seed: int = Field(default=1, ge=0, description="of names, positions, buildings and traffic")
    first_address: IPv4Address = Field(
        default=IPv4Address("127.20.0.1"), description="of the first camera; the others follow it"
    )
    rtsp_port: int = Field(default=8554, ge=1, le=65_535, description="of every camera's streams")
    http_port: int = Field(
        default=8080, ge=1, le=65_535, description="of every camera's ONVIF service and snapshots"
    )
    username: str = Field(
        default=PUBLIC_USERNAME, min_length=1, description="of every camera's account"
    )
    password: SecretStr = Field(
        default=SecretStr(PUBLIC_PASSWORD), min_length=1, description="of every camera's account"
    )
    auth: AuthScheme = Field(
        default=AuthScheme.DIGEST, description="how cameras ask for credentials"
    )
    recording_days: tuple[float, ...] = Field(
        default=(40.0,),
        max_length=64,
        description="how many days each of a camera's recordings is long; none: it has no search"
        " of recordings",
    )
    subscription_limit: int = Field(
        default=5,
        ge=0,
        le=100,
        description="how many may listen to a camera's events at once; 0: it has no event service",
    )
    scene_start_s: float = Field(
        default=0.0,
        ge=0,
        description="scene time when the fleet starts, before each camera's own offset",
    )
    speed_ratio: float = Field(
        default=1.0,
        gt=0,
        le=1_000,
        description="scene seconds that pass in a second; above 1 for tests",
    )

    @model_validator(mode="after")
    def _stay_on_loopback(self) -> "FleetSettings":
        last = int(self.first_address) + self.cameras - 1
        if self.first_address not in _LOOPBACK or last >= int(_LOOPBACK.broadcast_address):
            raise ValueError(
                f"{self.cameras} cameras from {self.first_address} on do not fit into"
                " 127.0.0.1 to 127.255.255.254"
            )
        if self.rtsp_port == self.http_port:
            raise ValueError(f"rtsp_port and http_port are both {self.rtsp_port}")
        return self
