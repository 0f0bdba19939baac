"""Which cameras are listened to, and how patiently."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sharpeyes.registry.camera import Tier


class ListeningSettings(BaseModel):
    """Listening to what cameras tell themselves (ONVIF events)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tiers: tuple[str, ...] = Field(
        default=(),
        description="Tiers whose cameras are listened to (`city`, `district`, ...); besides, those "
        "that `sharpeyes events listen` names.",
    )
    wait_s: float = Field(
        default=30,
        ge=1,
        le=300,
        description="How long a camera may wait for something to happen before it answers.",
    )
    lasting_s: float = Field(
        default=120,
        ge=20,
        le=3600,
        description="How long a camera keeps our subscription if we do not ask, as after a crash.",
    )
    pull_limit: int = Field(
        default=500,
        ge=1,
        le=10_000,
        description="Cameras asked at once, of one worker; of more each may wait for less long.",
    )
    retry_min_s: float = Field(
        default=5, gt=0, le=600, description="First delay before a camera is listened to again."
    )
    retry_max_s: float = Field(
        default=300, gt=0, le=86_400, description="Longest such delay while it cannot be reached."
    )
    unfit_retry_s: float = Field(
        default=3600,
        gt=0,
        le=604_800,
        description="Longest such delay of a camera that does not do what is asked.",
    )
    no_room_retry_s: float = Field(
        default=1800,
        gt=0,
        le=604_800,
        description="Delay before a camera that has no room for another listener is asked again.",
    )
    jitter_ratio: float = Field(
        default=0.2, ge=0, le=0.5, description="Random share by which these delays vary."
    )
    motion_min_interval_s: float = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Least seconds between two beginnings of motion that one camera tells of.",
    )

    @field_validator("tiers")
    @classmethod
    def _check_tiers(cls, tiers: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(Tier.parse(tier).word for tier in tiers)

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.retry_max_s < self.retry_min_s:
            raise ValueError(
                f"retry_max_s ({self.retry_max_s:g}) must not be below retry_min_s "
                f"({self.retry_min_s:g})"
            )
        if self.lasting_s < 2 * self.wait_s:
            raise ValueError(
                f"lasting_s ({self.lasting_s:g}) must be twice wait_s ({self.wait_s:g}) at least, "
                "or subscriptions end between two questions"
            )
        return self
