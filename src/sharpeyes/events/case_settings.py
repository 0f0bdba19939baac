"""By when cases are to be over."""

from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from sharpeyes.events.case import CASE_TYPES
from sharpeyes.events.deadline_light import LightRatios
from sharpeyes.events.event import EventType


class CaseLimit(LightRatios):
    """How long the case of an event may take."""

    limit_s: float = Field(
        gt=0, le=31_622_400, description="Seconds from the event to the end of its case."
    )


def _check_types(limits: dict[EventType, CaseLimit]) -> dict[EventType, CaseLimit]:
    if without := sorted(set(limits) - CASE_TYPES):
        having = ", ".join(sorted(CASE_TYPES))
        raise ValueError(f"events of the type {without[0]} have no cases; {having} do")
    return limits


CaseLimits = Annotated[dict[EventType, CaseLimit], AfterValidator(_check_types)]

USUAL_LIMITS = MappingProxyType[EventType, CaseLimit](
    {
        EventType.ABANDONED_VEHICLE: CaseLimit(limit_s=7200),
        EventType.OUTSIDE_REPORT: CaseLimit(limit_s=86_400),
    }
)
