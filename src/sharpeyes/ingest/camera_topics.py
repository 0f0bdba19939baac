"""What cameras' own topics are to us; pure.

Nothing about persons is taken: such topics are known by their names and go unread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from sharpeyes.detectors.quality.device import TOPICS as VERDICT_TOPICS
from sharpeyes.events.event import Severity
from sharpeyes.events.payload import AlarmKind
from sharpeyes.ingest.heard_topics import TopicFate


class AlarmTopic(msgspec.Struct, frozen=True):
    """How a topic is understood.

    Attributes:
        kind: what it is about.
        severity: of its beginning.
        items: names of what may say whether it is so; none: a moment, as of a restart.
    """

    kind: AlarmKind
    severity: Severity
    items: tuple[str, ...]


# Those of ONVIF's own, by what topics begin with. Axis tells of tampering as of a moment.
_ALARMS: Final[Mapping[str, AlarmTopic]] = {
    "tns1:RuleEngine/CellMotionDetector/Motion": AlarmTopic("motion", Severity.INFO, ("IsMotion",)),
    "tns1:RuleEngine/MotionRegionDetector/Motion": AlarmTopic(
        "motion", Severity.INFO, ("State", "IsMotion")
    ),
    "tns1:VideoSource/MotionAlarm": AlarmTopic("motion", Severity.INFO, ("State",)),
    "tns1:VideoAnalytics/MotionDetection": AlarmTopic("motion", Severity.INFO, ("State",)),
    "tns1:RuleEngine/TamperDetector/Tamper": AlarmTopic(
        "tamper", Severity.WARNING, ("IsTamper", "State")
    ),
    "tns1:VideoSource/tnsaxis:Tampering": AlarmTopic("tamper", Severity.WARNING, ("tampering",)),
    "tns1:Device/HardwareFailure/StorageFailure": AlarmTopic(
        "storage", Severity.WARNING, ("Failed",)
    ),
    "tns1:Device/HardwareFailure/FanFailure": AlarmTopic("hardware", Severity.WARNING, ("Failed",)),
    "tns1:Device/HardwareFailure/PowerSupplyFailure": AlarmTopic(
        "hardware", Severity.WARNING, ("Failed",)
    ),
    "tns1:Device/HardwareFailure/TemperatureCritical": AlarmTopic(
        "hardware", Severity.WARNING, ("Critical",)
    ),
    "tns1:Monitoring/OperatingTime/LastReboot": AlarmTopic("restart", Severity.INFO, ()),
}

# Of all makers: what counts, recognises, follows or lets in people, and what knows their plates.
_PERSONS: Final = re.compile(
    r"(?<!ter)(?<!sur)fac(e|ial)|people|person|human|body|pedestrian|passenger|visitor|crowd|gender|wearing|helmet"
    r"|(?<!tem)plate|licen[cs]e|lpr|anpr|recogni[sz]|identi|credential|access|user|login|count|queue|loiter",
    re.IGNORECASE,
)


def fate_of(topic: str) -> TopicFate:
    """Say what becomes of messages of a topic."""
    if _PERSONS.search(topic):
        return TopicFate.ABOUT_PERSONS
    if alarm_of(topic) is not None:
        return TopicFate.ALARM
    if any(is_under(topic, known) for known in VERDICT_TOPICS):
        return TopicFate.VERDICT
    return TopicFate.UNKNOWN


def is_wanted(topic: str) -> bool:
    """Say whether more than the name of a topic is to be read."""
    return fate_of(topic) in {TopicFate.ALARM, TopicFate.VERDICT}


def alarm_of(topic: str) -> AlarmTopic | None:
    """Return how a topic is understood; None: it is no alarm."""
    return next((alarm for known, alarm in _ALARMS.items() if is_under(topic, known)), None)


def is_under(topic: str, known: str) -> bool:
    """Say whether a topic is a known one, or one of its parts."""
    return topic == known or topic.startswith(f"{known}/")


_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}


def state_in(data: Mapping[str, str], items: tuple[str, ...]) -> bool | None:
    """Return whether a message says that it is so; None where it does not say."""
    told = (data[name] for name in items if name in data)
    return next((_WORDS.get(value.lower()) for value in told), None)
