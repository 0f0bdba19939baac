"""Topics as makers write them; nothing about persons gets any further than its name."""

import pytest

from sharpeyes.ingest.camera_topics import alarm_of, fate_of, is_wanted, state_in
from sharpeyes.ingest.heard_topics import TopicFate


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("tns1:RuleEngine/CellMotionDetector/Motion", "motion"),
        ("tns1:VideoSource/MotionAlarm", "motion"),
        ("tns1:RuleEngine/TamperDetector/Tamper", "tamper"),
        ("tns1:Device/HardwareFailure/StorageFailure", "storage"),
        ("tns1:Device/HardwareFailure/FanFailure", "hardware"),
        ("tns1:Monitoring/OperatingTime/LastReboot", "restart"),
    ],
)
def test_alarms(topic: str, kind: str) -> None:
    alarm = alarm_of(topic)
    assert alarm is not None
    assert alarm.kind == kind
    assert fate_of(topic) is TopicFate.ALARM
    # Another topic that begins with the same letters.
    assert alarm_of(f"{topic}Region") is None


@pytest.mark.parametrize(
    "topic",
    [
        "tns1:VideoSource/ImageTooBlurry/AnalyticsService",
        "tns1:VideoSource/ImageTooDark/ImagingService",
        "tns1:VideoSource/ImageTooBright/ImagingService",
        "tns1:VideoSource/GlobalSceneChange/AnalyticsService",
        "tns1:VideoSource/SignalLoss",
    ],
)
def test_verdicts_on_the_picture(topic: str) -> None:
    assert fate_of(topic) is TopicFate.VERDICT
    assert is_wanted(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "tns1:RuleEngine/MyRuleDetector/PeopleDetect",
        "tns1:RuleEngine/MyRuleDetector/FaceDetect",
        "tns1:RuleEngine/Recognition/LicensePlate",
        "tns1:RuleEngine/CountAggregation/Counter",
        "tns1:RuleEngine/LoiteringDetector/ObjectIsLoitering",
        "tns1:VideoAnalytics/hik:faceCapture",
        "tns1:AccessControl/AccessGranted/Credential",
        "tns1:UserAlarm/IVA/HumanShapeDetect",
        "tnsdahua:VideoAnalytics/ANPR",
        "tns1:VideoSource/MotionAlarm/Person",
        "tns1:Device/HardwareFailure/StorageFailure/Face",
    ],
)
def test_what_is_about_persons_is_known_by_its_name_and_goes_unread(topic: str) -> None:
    assert fate_of(topic) is TopicFate.ABOUT_PERSONS
    assert not is_wanted(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "tns1:Device/Trigger/DigitalInput",
        "tns1:Device/NetworkInterface",
        "tns1:VideoSource/Template",
        "tns1:VideoSource",
        "(unreadable)",
        "",
    ],
)
def test_all_else_is_unknown(topic: str) -> None:
    assert fate_of(topic) is TopicFate.UNKNOWN
    assert not is_wanted(topic)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"State": "true"}, True),
        ({"IsMotion": "1", "Other": "0"}, True),
        ({"State": "False"}, False),
        ({"State": "perhaps"}, None),
        ({"Other": "true"}, None),
        ({}, None),
    ],
)
def test_states(data: dict[str, str], state: bool | None) -> None:
    assert state_in(data, ("IsMotion", "State")) is state
