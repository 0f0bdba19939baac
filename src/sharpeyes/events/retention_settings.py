"""How long events and their pictures are kept."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sharpeyes.events.retention_class import RetentionClass

Days = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4} days$")]


class LeastKept(BaseModel):
    """How long each class must be kept, by the law of the place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Days = Field(default="30 days", description="Pictures of events.")
    motion: Days = Field(default="30 days", description="Events of motion.")
    abandoned_vehicle: Days = Field(default="180 days", description="Of abandoned vehicles.")
    camera_health: Days = Field(default="90 days", description="Of cameras' health; incidents.")
    outside_report: Days = Field(default="30 days", description="Reports of other systems.")


class MostKept(BaseModel):
    """When each class must be gone, by the law of the place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Days = Field(default="365 days", description="Pictures of events.")
    motion: Days = Field(default="365 days", description="Events of motion.")
    abandoned_vehicle: Days = Field(default="1825 days", description="Of abandoned vehicles.")
    camera_health: Days = Field(default="3650 days", description="Of cameras' health; incidents.")
    outside_report: Days = Field(default="1825 days", description="Reports of other systems.")


class RetentionSettings(BaseModel):
    """How long each class is kept, such as "90 days": from `least` to `most`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pictures: Days = Field(default="90 days", description="Pictures of events.")
    motion: Days = Field(default="90 days", description="Events of motion.")
    abandoned_vehicle: Days = Field(default="730 days", description="Of abandoned vehicles.")
    camera_health: Days = Field(default="730 days", description="Of cameras' health; incidents.")
    outside_report: Days = Field(default="365 days", description="Reports of other systems.")
    least: LeastKept = Field(default=LeastKept(), description="By the law of the place.")
    most: MostKept = Field(default=MostKept(), description="By the law of the place.")

    def kept(self, of: RetentionClass) -> timedelta:
        """Return how long a class is kept."""
        return _days(getattr(self, of))

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for one in RetentionClass:
            least, keep, most = (getattr(of, one) for of in (self.least, self, self.most))
            if not _days(least) <= _days(keep) <= _days(most):
                raise ValueError(
                    f"{one} ({keep}) must be from least.{one} ({least}) to most.{one} ({most})"
                )
        return self


def _days(text: str) -> timedelta:
    return timedelta(days=int(text.removesuffix(" days")))
