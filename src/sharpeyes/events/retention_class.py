"""Classes of data that are kept equally long."""

from enum import StrEnum
from types import MappingProxyType

from sharpeyes.events.event import EventType


class RetentionClass(StrEnum):
    """What is kept equally long; all but pictures are events."""

    PICTURES = "pictures"
    MOTION = "motion"
    ABANDONED_VEHICLE = "abandoned_vehicle"
    CAMERA_HEALTH = "camera_health"
    OUTSIDE_REPORT = "outside_report"


CLASS_OF = MappingProxyType[EventType, RetentionClass](
    {
        kind: {
            EventType.MOTION: RetentionClass.MOTION,
            # Most of them are of motion.
            EventType.CAMERA_ALARM: RetentionClass.MOTION,
            EventType.ABANDONED_VEHICLE: RetentionClass.ABANDONED_VEHICLE,
            EventType.OUTSIDE_REPORT: RetentionClass.OUTSIDE_REPORT,
            # Most cases are of these, and go with them.
            EventType.CASE_CHANGED: RetentionClass.ABANDONED_VEHICLE,
        }.get(kind, RetentionClass.CAMERA_HEALTH)
        for kind in EventType
    }
)
