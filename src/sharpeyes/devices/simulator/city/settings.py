"""What a simulated city is like."""

from ipaddress import IPv4Address, IPv4Network

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.simulator.city.layout import SUBNET_ADDRESSES, Layout
from sharpeyes.devices.simulator.settings import PUBLIC_PASSWORD, PUBLIC_USERNAME

MAX_CAMERAS = 1_000_000
MAX_PROCESSES = 8

_LOOPBACK = IPv4Network("127.0.0.0/8")


class CitySettings(BaseModel):
    """How many cameras, where, and what is usual with them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cameras: int = Field(default=5_000, ge=1, le=MAX_CAMERAS, description="how many cameras")
    seed: int = Field(default=1, ge=0, description="of clocks, places and whom a scenario picks")
    first_network: IPv4Address = Field(
        default=IPv4Address("127.64.0.0"),
        description="the first switch's /24 network; the other switches' follow it",
    )
    rtsp_port: int = Field(default=8554, ge=1, le=65_535, description="of every device's streams")
    http_port: int = Field(
        default=8080, ge=1, le=65_535, description="of every device's ONVIF service and snapshots"
    )
    username: str = Field(
        default=PUBLIC_USERNAME, min_length=1, description="of every device's account"
    )
    password: SecretStr = Field(
        default=SecretStr(PUBLIC_PASSWORD), min_length=1, description="of every device's account"
    )
    login_ratio: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="how many of the devices want a login before they describe or show a stream",
    )
    clock_spread_s: float = Field(
        default=1.0, ge=0, le=3_600, description="how far clocks are off at most, either way"
    )
    zone_lie_ratio: float = Field(
        default=0.0, ge=0, le=1, description="how many of the devices call China's time UTC"
    )

    @property
    def layout(self) -> Layout:
        """Who is where."""
        return Layout(self.cameras, int(self.first_network))

    @property
    def credentials(self) -> Credentials:
        """Of every device's account."""
        return Credentials(self.username, self.password.get_secret_value())

    @model_validator(mode="after")
    def _stay_on_loopback(self) -> "CitySettings":
        if int(self.first_network) % SUBNET_ADDRESSES:
            raise ValueError(f"first_network: {self.first_network} does not end in .0")
        last = self.layout.last_address
        if self.first_network not in _LOOPBACK or last >= int(_LOOPBACK.broadcast_address):
            raise ValueError(
                f"{self.cameras} cameras from {self.first_network} on do not fit into 127.0.0.0/8"
            )
        if self.rtsp_port == self.http_port:
            raise ValueError(f"rtsp_port and http_port are both {self.rtsp_port}")
        return self
