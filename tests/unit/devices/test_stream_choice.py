from sharpeyes.devices.fault import Fault
from sharpeyes.devices.onvif_answers import MediaProfile
from sharpeyes.devices.stream_choice import StreamChoice, choose_streams


def profile(
    token: str, source: str = "lens", width_px: int | None = 1920, codec: str = "H264"
) -> MediaProfile:
    height_px = None if width_px is None else width_px * 9 // 16
    return MediaProfile(token, token, source, codec, width_px, height_px, 25.0)


def test_the_largest_picture_is_the_main_stream_and_the_smallest_the_sub_stream() -> None:
    profiles = [profile("b", width_px=640), profile("a"), profile("c", width_px=1280)]
    choice = choose_streams(profiles, 1)
    assert isinstance(choice, StreamChoice)
    assert choice.main.token == "a"
    assert choice.sub is not None
    assert choice.sub.token == "b"


def test_one_stream_or_equal_ones_have_no_sub_stream() -> None:
    for profiles in ([profile("a")], [profile("a"), profile("b")]):
        choice = choose_streams(profiles, 1)
        assert isinstance(choice, StreamChoice)
        assert choice.sub is None


def test_a_stream_of_unknown_size_is_no_sub_stream() -> None:
    choice = choose_streams([profile("a"), profile("b", width_px=None)], 1)
    assert isinstance(choice, StreamChoice)
    assert (choice.main.token, choice.sub) == ("a", None)


def test_a_channel_is_an_input_in_the_device_s_order() -> None:
    profiles = [
        profile("1a", "one"),
        profile("2a", "two"),
        profile("1b", "one", 640),
        profile("sound", "three", None, codec=""),
    ]
    choice = choose_streams(profiles, 2)
    assert isinstance(choice, StreamChoice)
    assert (choice.main.token, choice.sub) == ("2a", None)
    for channel in (0, 3):
        fault = choose_streams(profiles, channel)
        assert isinstance(fault, Fault)
        assert "2 inputs" in fault.evidence


def test_no_video_is_a_fault() -> None:
    assert isinstance(choose_streams([], 1), Fault)
    assert isinstance(choose_streams([profile("sound", codec="")], 1), Fault)
