"""When many faults are one, and by when incidents are to be mended."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sharpeyes.events.deadline_light import LightRatios, Share

_PLACE = r"^(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]{1,253}):[0-9]{1,5}$"
Place = Annotated[str, Field(pattern=_PLACE)]
Deadline = Annotated[float, Field(gt=0, le=31_622_400)]


class CommonCauseSettings(BaseModel):
    """When cameras that fail together are one incident."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share_ratio: Share = Field(
        default=0.3, description="Share of a group that must have failed for it to be one incident."
    )
    least_cameras: int = Field(
        default=10, ge=2, le=10_000, description="And how many cameras of it at least."
    )
    within_s: float = Field(
        default=120, gt=0, le=3600, description="Within how many seconds they must have failed."
    )
    hold_s: float = Field(
        default=60,
        ge=0,
        le=3600,
        description="Seconds after its first failure for which nobody is told of a camera that "
        "does not answer, in case others do not either.",
    )
    longest_hold_s: float = Field(
        default=90, ge=0, le=3600, description="The same, while more and more of its group fail."
    )
    blind_ratio: Share = Field(
        default=0.2,
        description="Share of all cameras asked from one machine that must have failed for the "
        "fault to be ours.",
    )
    canaries: tuple[Place, ...] = Field(
        default=(),
        max_length=20,
        description="host:port of what always answers, such as a gateway or a time server. Do none "
        "answer, we are blind; do all, the cameras are to blame however many fail.",
    )
    parents: dict[str, Place] = Field(
        default={},
        description="host:port that tells whether a group can be reached, by kind and name, such "
        'as {"network:metro-7" = "10.7.0.1:22"}. Without one, some of its cameras are asked.',
    )
    probe_every_s: float = Field(
        default=15, gt=0, le=3600, description="Seconds between looks whether a group is back."
    )
    look_timeout_s: float = Field(
        default=3, gt=0, le=60, description="Seconds that a parent or camera has to answer a look."
    )
    settle_s: float = Field(
        default=90,
        gt=0,
        le=3600,
        description="Seconds after a group is back until what stays down has its own incident.",
    )
    look_every_s: float = Field(
        default=2, gt=0, le=60, description="Seconds between looks for common causes."
    )
    desk_ttl_s: float = Field(
        default=15,
        gt=0,
        le=600,
        description="Seconds after which another worker judges common causes if one has died.",
    )

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.longest_hold_s < self.hold_s:
            raise ValueError(
                f"longest_hold_s ({self.longest_hold_s:g}) must not be below hold_s "
                f"({self.hold_s:g})"
            )
        return self


class IncidentSettings(LightRatios):
    """By when incidents are to be mended, and when somebody is reminded."""

    many_deadline_s: Deadline = Field(
        default=14_400, description="Seconds to mend what takes many cameras down."
    )
    offline_deadline_s: Deadline = Field(
        default=86_400, description="Seconds to mend a camera through which nobody sees."
    )
    degraded_deadline_s: Deadline = Field(
        default=259_200, description="Seconds to mend a camera that works badly."
    )
    reopen_within_s: float = Field(
        default=3600,
        ge=0,
        le=604_800,
        description="A fault that comes back within so many seconds opens its old incident again.",
    )
    remind_every_s: float = Field(
        default=86_400,
        gt=0,
        le=31_622_400,
        description="Seconds without anybody's work on it after which an incident is brought up.",
    )
