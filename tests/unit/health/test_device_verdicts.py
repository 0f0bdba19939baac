from sharpeyes.health.device_verdicts import DeviceVerdicts


def test_what_a_camera_no_longer_says_is_forgotten() -> None:
    verdicts = DeviceVerdicts()
    verdicts.say(7, ["a", "b"])
    verdicts.say(8, {"c"})
    verdicts.say(7, ())
    verdicts.say(9, ())
    assert [verdicts.said(camera) for camera in (7, 8, 9)] == [set(), {"c"}, set()]
