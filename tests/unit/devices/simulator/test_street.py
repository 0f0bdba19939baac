import csv
import io
import math
from collections import Counter

import pytest
from pydantic import ValidationError

from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.street import camera_file, make_cameras
from sharpeyes.devices.simulator.traffic import SCENE_NAMES

# District, and a circle that lies in it: longitude, latitude, radius in km.
DISTRICTS = {
    "420102": (114.309, 30.600, 1.5),
    "420103": (114.268, 30.602, 1.5),
    "420106": (114.316, 30.554, 1.5),
    "420111": (114.343, 30.500, 1.5),
}


def test_the_same_seed_gives_the_same_street_and_another_another() -> None:
    cameras = list(make_cameras(FleetSettings(cameras=40, seed=7)))
    assert cameras == list(make_cameras(FleetSettings(cameras=40, seed=7)))
    assert cameras != list(make_cameras(FleetSettings(cameras=40, seed=8)))


def test_codes_are_valid_unique_and_of_the_cameras_district() -> None:
    cameras = list(make_cameras(FleetSettings(cameras=300)))
    assert len({camera.device_code for camera in cameras}) == 300
    assert len({camera.host for camera in cameras}) == 300
    for camera in cameras:
        code = camera.device_code
        assert len(code) == 20
        assert code.isdecimal()
        assert code[:6] == camera.division_code
        assert (code[6:8], code[8:10], code[10:13], code[13]) == ("00", "00", "132", "0")


def test_cameras_stand_in_their_districts() -> None:
    for camera in make_cameras(FleetSettings(cameras=300)):
        longitude, latitude, radius_km = DISTRICTS[camera.division_code]
        east_km = (camera.longitude - longitude) * 111.3 * math.cos(math.radians(latitude))
        north_km = (camera.latitude - latitude) * 111.3
        assert math.hypot(east_km, north_km) < radius_km


def test_a_small_fleet_shows_every_tier_and_a_large_one_the_citys_shares() -> None:
    small = Counter(camera.tier for camera in make_cameras(FleetSettings(cameras=24)))
    assert small == {1: 4, 2: 8, 3: 12}
    large = Counter(camera.tier for camera in make_cameras(FleetSettings(cameras=5_000)))
    assert large == {1: 100, 2: 400, 3: 4_500}


@pytest.mark.parametrize("count", range(1, 12))
def test_every_size_of_fleet_has_cameras(count: int) -> None:
    cameras = list(make_cameras(FleetSettings(cameras=count)))
    assert len(cameras) == count
    assert cameras[0].scene == "parked"
    assert cameras[0].offset_s == 0


def test_only_social_points_wait_to_be_asked_and_those_are_not_sampled() -> None:
    cameras = list(make_cameras(FleetSettings(cameras=24)))
    on_request = [camera for camera in cameras if camera.poll_mode == "on_request"]
    assert on_request
    assert {camera.tier for camera in on_request} == {3}
    assert {camera.sample_source for camera in on_request} == {"none"}
    assert {camera.sample_source for camera in cameras} == {"keyframe", "snapshot", "none"}
    assert {camera.scene for camera in cameras} == set(SCENE_NAMES)


def test_the_camera_file_holds_what_an_import_needs() -> None:
    settings = FleetSettings(cameras=3, rtsp_port=9554, http_port=9080)
    rows = list(csv.DictReader(io.StringIO(camera_file(make_cameras(settings), settings))))
    assert [row["host"] for row in rows] == ["127.20.0.1", "127.20.0.2", "127.20.0.3"]
    first = rows[0]
    assert first.pop("name")
    assert -180 < float(first.pop("longitude")) < 180
    assert -90 < float(first.pop("latitude")) < 90
    assert first == {
        "device_code": "42010200001320000001",
        "tier": "1",
        "division_code": "420102",
        "host": "127.20.0.1",
        "rtsp_port": "9554",
        "http_port": "9080",
        "main_stream_path": "/Streaming/Channels/101",
        "sub_stream_path": "/Streaming/Channels/102",
        "snapshot_path": "/snapshot.jpg",
        "poll_mode": "direct",
        "sample_source": "keyframe",
        "sample_interval_s": "1.0",
        "username": "sim",
        "password": "street-1",
    }


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"first_address": "10.0.0.1"}, "do not fit into 127.0.0.1"),
        ({"first_address": "127.255.255.250"}, "24 cameras from 127.255.255.250 on do not fit"),
        ({"first_address": "::1"}, "first_address"),
        ({"rtsp_port": 8080}, "rtsp_port and http_port are both 8080"),
        ({"cameras": 0}, "cameras"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        FleetSettings.model_validate(settings)


def test_settings_do_not_show_the_password() -> None:
    assert "street-1" not in repr(FleetSettings())
