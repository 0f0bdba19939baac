"""How events are delivered, and to which addresses."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sharpeyes.events.case_settings import USUAL_LIMITS, CaseLimits
from sharpeyes.events.retention_settings import RetentionSettings

Delay = Annotated[float, Field(ge=0, le=604_800)]
Port = Annotated[int, Field(ge=1, le=65_535)]

# A lease must outlast an attempt by the time that it may wait for its turn, and that recording its
# result may take.
_WAITING_S = 5
_RECORDING_S = 10


class EventSettings(BaseModel):
    """Names, addresses, limits and times of deliveries; the defaults try for about 76 hours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: str = Field(
        default="main",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="Name of this installation; events carry it in `source` as /sharpeyes/<name>.",
    )
    origin: str = Field(
        default="sharpeyes",
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        description="DNS name by which receivers know us when they are asked for consent.",
    )
    allow_loopback: bool = Field(
        default=False, description="Deliver to receivers on this machine (demonstrations, tests)."
    )
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        max_length=1000,
        description="Networks (CIDR) that receivers may be in; empty: any but the denied ones.",
    )
    allowed_ports: tuple[Port, ...] = Field(
        default=(),
        max_length=1000,
        description="Ports that receivers may listen on, in whichever network; empty: any.",
    )
    schedule_s: tuple[Delay, ...] = Field(
        default=(0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400),
        min_length=1,
        max_length=50,
        description="Delay before each attempt, from the one before; after the last it is dead.",
    )
    jitter_ratio: float = Field(
        default=0.2, ge=0, le=0.5, description="Random share by which every delay varies."
    )
    refusals_to_dead: int = Field(
        default=3,
        ge=1,
        le=50,
        description="Attempts after which an event that is refused for itself (413, 415, 422) "
        "is dead.",
    )
    attempt_timeout_s: float = Field(
        default=15, gt=0, le=60, description="How long one attempt may take in all."
    )
    lease_s: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="How long a relay holds a delivery before another may take it.",
    )
    posts_per_endpoint: int = Field(
        default=16, ge=1, le=256, description="Attempts under way at once to one endpoint."
    )
    breaker_failed_ratio: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="Share of the attempts at an endpoint that must fail for it to be deferred.",
    )
    breaker_least_attempts: int = Field(
        default=10,
        ge=1,
        le=100_000,
        description="Attempts within the window below which none is deferred.",
    )
    breaker_window_s: float = Field(
        default=300, gt=0, le=86_400, description="How far back attempts count for that."
    )
    breaker_interval_s: float = Field(
        default=60,
        gt=0,
        le=86_400,
        description="A deferred endpoint is sent one delivery in this time, until one arrives.",
    )
    poll_interval_s: float = Field(
        default=1, gt=0, le=60, description="Longest wait before due deliveries are looked for."
    )
    most_waiting: int = Field(
        default=5_000_000,
        ge=1,
        le=1_000_000_000,
        description="Deliveries that may wait before events of other systems are put off "
        "(503); our own are always taken.",
    )
    retention: RetentionSettings = Field(
        default=RetentionSettings(), description="How long events and pictures are kept."
    )

    case_limits: CaseLimits = Field(
        default=dict(USUAL_LIMITS),
        description="How long the case of an event may take, by type: `limit_s`, and the shares "
        "of it after which its light turns `blue_ratio` (0.5), `yellow_ratio` (0.8), `red_ratio` "
        "(1). A type that is not named has no limit.",
    )

    @property
    def source(self) -> str:
        """The CloudEvents `source` of everything that this installation sends."""
        return f"/sharpeyes/{self.instance}"

    @property
    def longest_wait_s(self) -> float:
        """How long a delivery that is claimed may wait before it is begun."""
        return self.lease_s - self.attempt_timeout_s - _RECORDING_S

    @model_validator(mode="after")
    def _check_lease(self) -> Self:
        least = self.attempt_timeout_s + _WAITING_S + _RECORDING_S
        if self.lease_s < least:
            raise ValueError(
                f"lease_s ({self.lease_s:g}) must be at least {least:g}: attempt_timeout_s "
                f"({self.attempt_timeout_s:g}), {_WAITING_S} to wait for its turn and "
                f"{_RECORDING_S} to record the result"
            )
        return self
