"""Lights: how much of the time for something is gone; pure."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(gt=0, le=1)]


class Light(StrEnum):
    """How much of the time is gone: each is raised once."""

    NONE = ""
    BLUE = "blue"
    YELLOW = "yellow"
    RED = "red"
    """All of it."""


class LightRatios(BaseModel):
    """After which shares of the time the lights are raised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blue_ratio: Share = Field(
        default=0.5, description="Share of the time after which its light turns blue."
    )
    yellow_ratio: Share = Field(default=0.8, description="The same, yellow.")
    red_ratio: Share = Field(default=1.0, description="The same, red.")

    @model_validator(mode="after")
    def _check_rising(self) -> Self:
        if not self.blue_ratio < self.yellow_ratio < self.red_ratio:
            raise ValueError("blue_ratio, yellow_ratio and red_ratio must rise")
        return self


_LIGHTS: Final = (Light.NONE, Light.BLUE, Light.YELLOW, Light.RED)


def light_at(
    began_at: datetime, deadline_at: datetime, now: datetime, ratios: LightRatios
) -> Light:
    """Return which light should be on.

    Args:
        began_at: When the time began.
        deadline_at: When it ends.
        now: The present.
        ratios: After which shares of it.
    """
    light = Light.NONE
    for following, ratio in zip(_LIGHTS[1:], _rising(ratios), strict=True):
        if now >= began_at + (deadline_at - began_at) * ratio:
            light = following
    return light


def next_light_at(
    began_at: datetime, deadline_at: datetime, light: Light, ratios: LightRatios
) -> datetime | None:
    """Return when the light after the one that is on is due; None behind the last.

    Args:
        began_at: When the time began.
        deadline_at: When it ends.
        light: Which is on.
        ratios: After which shares of it.
    """
    if light is Light.RED:
        return None
    return began_at + (deadline_at - began_at) * _rising(ratios)[_LIGHTS.index(light)]


def _rising(ratios: LightRatios) -> tuple[float, float, float]:
    return ratios.blue_ratio, ratios.yellow_ratio, ratios.red_ratio
