import pytest

from sharpeyes.devices.simulator.city.layout import Layout

FIRST = 0x7F400000  # 127.64.0.0
SIZES = (1, 16, 17, 33, 200, 201, 216, 3_217)


@pytest.mark.parametrize("cameras", SIZES)
def test_every_camera_has_one_place_and_is_found_there(cameras: int) -> None:
    layout = Layout(cameras, FIRST)
    found = [c for device in range(layout.devices) for c in layout.cameras_of(device)]
    assert found == list(range(cameras))
    for camera in range(cameras):
        device = layout.device_of(camera)
        assert layout.camera_at(device, layout.channel_of(camera)) == camera
        assert layout.camera_of_code(layout.code_of(camera)) == camera
        assert layout.device_at(layout.address_of(device)) == device


@pytest.mark.parametrize("cameras", SIZES)
def test_nobody_is_where_nobody_is(cameras: int) -> None:
    layout = Layout(cameras, FIRST)
    taken = {layout.address_of(device) for device in range(layout.devices)}
    for address in range(FIRST - 256, FIRST + (layout.switches + 1) * 256):
        assert (layout.device_at(address) is None) == (address not in taken)


def test_a_switch_has_two_recorders_of_16_channels_and_168_cameras() -> None:
    layout = Layout(400, FIRST)
    assert (layout.switches, layout.recorders, layout.devices) == (2, 4, 340)
    recorder = layout.device_of_recorder(2)
    assert layout.host_of(recorder) == "127.64.1.1"
    assert layout.recorder_of(recorder) == 2
    assert layout.cameras_of(recorder) == range(200, 216)
    assert layout.host_of(layout.device_of(399)) == "127.64.1.170"
    assert layout.camera_at(recorder, 17) is None
    assert layout.camera_at(layout.device_of(399), 2) is None


def test_a_city_of_250_000_has_its_districts_links_and_tiers() -> None:
    layout = Layout(250_000, FIRST)
    links = dict(layout.links())
    assert (layout.switches, len(layout.districts)) == (1_250, 13)
    assert [switch for switches in links.values() for switch in switches] == list(range(1_250))
    assert all(layout.link_of_switch(s) == name for name, group in links.items() for s in group)
    assert len({layout.code_of(camera) for camera in range(0, 250_000, 7)}) == 35_715
    tiers = [layout.tier_of(camera) for camera in range(200)]
    assert (tiers.count(1), tiers.count(2)) == (4, 16)


@pytest.mark.parametrize(
    "code", ["", "42010200001320000000", "42010200001320000201", "42011700001320000001", "x" * 20]
)
def test_unknown_codes_are_nobody(code: str) -> None:
    assert Layout(200, FIRST).camera_of_code(code) is None
