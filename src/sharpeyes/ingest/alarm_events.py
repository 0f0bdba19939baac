"""From what a camera tells to events; pure."""

from sharpeyes.events.event import EventType, NewEvent, RandomBits, Severity, new_event_id
from sharpeyes.events.payload import CameraAlarm
from sharpeyes.ingest.alarm_book import Step
from sharpeyes.registry.camera import Camera


def event_of(camera: Camera, step: Step, random: RandomBits) -> NewEvent:
    """Make the event of a step of an alarm.

    Args:
        camera: who told of it.
        step: what it told.
        random: for the event's identity.
    """
    name = f"{step.topic}:{step.told_at}:{step.source}:{step.phase}"
    return NewEvent(
        event_id=new_event_id(step.at, random),
        type=EventType.CAMERA_ALARM,
        camera_id=camera.camera_id,
        device_code=camera.device_code,
        severity=Severity.INFO if step.phase == "end" else step.alarm.severity,
        occurred_at=step.at,
        dedup_key=f"alarm:{camera.camera_id}:{name}",
        data=CameraAlarm(
            kind=step.alarm.kind,
            phase=step.phase,
            topic=step.topic,
            source=step.source,
            started_at=step.started_at,
            camera_time=step.camera_time,
        ),
    )
