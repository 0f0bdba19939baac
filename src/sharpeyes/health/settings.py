"""How often cameras are asked how they are, and what is made of the answers."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sharpeyes.health.calendar import refuse_zone
from sharpeyes.health.incident_settings import CommonCauseSettings, IncidentSettings

Delay = Annotated[float, Field(gt=0, le=3600)]


class HealthSettings(BaseModel):
    """Intervals, limits and thresholds of health checks; the defaults suit a city."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reach_interval_s: float = Field(
        default=60, gt=0, le=86_400, description="Seconds between RTSP checks of one camera."
    )
    connect_interval_s: float = Field(
        default=60,
        gt=0,
        le=86_400,
        description="Seconds between connections to one camera without a word; RTSP checks "
        "connect, too, so it matters only below reach_interval_s.",
    )
    login_interval_s: float = Field(
        default=3600,
        gt=0,
        le=604_800,
        description="Seconds between RTSP checks that use the camera's password.",
    )
    picture_interval_s: float = Field(
        default=300, gt=0, le=604_800, description="Seconds between looks at a picture."
    )
    clock_interval_s: float = Field(
        default=3600, gt=0, le=604_800, description="Seconds between looks at the device's clock."
    )
    recording_interval_s: float = Field(
        default=86_400,
        gt=0,
        le=2_678_400,
        description="Seconds between questions for the recordings that a device keeps.",
    )
    recheck_s: tuple[Delay, ...] = Field(
        default=(5, 15),
        min_length=1,
        max_length=10,
        description="Delays before the next probe after the first, second, ... surprising result.",
    )
    jitter_ratio: float = Field(
        default=0.1, ge=0, le=0.5, description="Random share by which every delay varies."
    )
    failures_to_fault: int = Field(
        default=3, ge=2, le=10, description="Failures in a row before a camera is called unwell."
    )
    successes_to_ok: int = Field(
        default=2, ge=1, le=10, description="Successes in a row before a camera is called well."
    )
    successes_to_close: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Further successes in a row of a restored camera that close its incident.",
    )
    flapping_high_ratio: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Weighted share of changes among the last 21 results from which a camera is "
        "called unstable.",
    )
    flapping_low_ratio: float = Field(
        default=0.1, ge=0, le=1, description="The same, below which it no longer is."
    )
    backoff_max_s: float = Field(
        default=900, gt=0, le=86_400, description="Longest delay between probes of a dead camera."
    )
    steady_after_s: float = Field(
        default=300,
        ge=0,
        le=86_400,
        description="How long a camera must have answered before its next failure is looked at "
        "again as soon as its first was.",
    )
    recovery_ratio_per_s: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="Share of the cameras of a network that is back which is asked each second.",
    )
    recovery_limit_per_s: float = Field(
        default=200, ge=1, le=10_000, description="Most of them in a second."
    )
    slow_ms: float = Field(
        default=2000, gt=0, le=60_000, description="An RTSP answer that takes longer is slow."
    )
    clock_limit_s: float = Field(
        default=10, gt=0, le=86_400, description="How far a device's clock may be off."
    )
    frozen_after_s: float = Field(
        default=900,
        gt=0,
        le=604_800,
        description="A picture unchanged for longer, its clock apart, is frozen.",
    )
    global_limit: int = Field(
        default=256, ge=1, le=10_000, description="Probes under way at once, of one worker."
    )
    subnet_limit: int = Field(
        default=8, ge=1, le=1000, description="Probes under way at once in one /24 network."
    )
    device_limit: int = Field(
        default=2,
        ge=1,
        le=100,
        description="Probes under way at once at one address, as the channels of a recorder share.",
    )
    picture_limit: int = Field(
        default=4, ge=1, le=100, description="Pictures fetched at once, of one worker."
    )
    refusals_to_block: int = Field(
        default=2,
        ge=1,
        le=4,
        description="Refused passwords before no more are sent; devices lock at five.",
    )
    login_block_s: float = Field(
        default=3600,
        gt=0,
        le=604_800,
        description="How long no password is sent to a device that refused it; "
        "devices lock an account for 30 min.",
    )
    common_cause: CommonCauseSettings = CommonCauseSettings()
    incidents: IncidentSettings = IncidentSettings()

    time_zone: str = Field(
        default="Asia/Shanghai",
        description="The city's: where its days and months begin. A whole number of hours from "
        "UTC.",
    )
    hours_kept_days: int = Field(
        default=40,
        ge=2,
        le=400,
        description="How long availability is kept by the hour; after that by the day.",
    )
    days_kept_days: int = Field(
        default=1100, ge=32, le=36_500, description="How long availability is kept by the day."
    )

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, name: str) -> str:
        refuse_zone(name)
        return name

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.backoff_max_s < self.recheck_s[-1]:
            raise ValueError(
                f"backoff_max_s ({self.backoff_max_s:g}) must not be below the last of recheck_s "
                f"({self.recheck_s[-1]:g})"
            )
        if self.flapping_low_ratio > self.flapping_high_ratio:
            raise ValueError(
                f"flapping_low_ratio ({self.flapping_low_ratio:g}) must not be above "
                f"flapping_high_ratio ({self.flapping_high_ratio:g})"
            )
        return self
