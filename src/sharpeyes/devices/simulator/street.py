"""Who the cameras of a simulated fleet are: codes, invented places in Wuhan, tiers, scenes."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from sharpeyes.devices.simulator.camera import (
    MAIN_STREAM_PATH,
    SNAPSHOT_PATH,
    SUB_STREAM_PATH,
    SimulatedCamera,
)
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.traffic import make_scene

# GB/T 2260 code, and a point well inside the district (longitude, latitude; WGS-84).
_DISTRICTS = (
    ("420102", 114.309, 30.600),  # Jiang'an
    ("420103", 114.268, 30.602),  # Jianghan
    ("420106", 114.316, 30.554),  # Wuchang
    ("420111", 114.343, 30.500),  # Hongshan
)
_SPREAD_DEG = 0.008
# Invented: no such streets are meant.
_STREETS = (
    "柳溪路", "桐花街", "望湖巷", "青石街", "晴川里", "荷风路", "汉水东街", "云锦路",
    "梧桐里", "临江三路", "白鹭街", "书院巷", "橘园路", "鹤鸣街", "石桥北路", "紫藤巷",
    "星河路", "渡口街", "樱园路", "松涛巷",
)  # fmt: skip
_SOCIAL_PLACES = ("便利店门前", "小区东门", "停车场入口", "菜市场北口", "药店门前", "写字楼大堂外")
_CORNERS = ("东北角", "东南角", "西北角", "西南角")

# The city's own shares, and how many a small fleet has at least so that each tier can be seen.
_CITY_SHARE, _CITY_AT_LEAST = 0.02, 4
_DISTRICT_SHARE, _DISTRICT_AT_LEAST = 0.08, 8
_ON_REQUEST_EVERY = 3  # of the social points
_PARKED_EVERY = 12  # every so many cameras see the parking vehicle
_PARKED_LATER_S = 10  # and from the second on, that much later

_COLUMNS = (
    "device_code", "name", "tier", "division_code", "longitude", "latitude", "host", "rtsp_port",
    "http_port", "main_stream_path", "sub_stream_path", "snapshot_path", "poll_mode",
    "sample_source", "sample_interval_s", "username", "password",
)  # fmt: skip


def make_cameras(settings: FleetSettings) -> Iterator[SimulatedCamera]:
    """The cameras of a fleet, city points first; the same settings give the same cameras."""
    rng = np.random.default_rng(settings.seed)
    loops_s = {name: make_scene(name).loop_s for name in ("parked", "busy", "quiet")}
    for index in range(settings.cameras):
        division_code, longitude, latitude = _DISTRICTS[index % len(_DISTRICTS)]
        tier = _tier(index, settings.cameras)
        scene, offset_s = _view(index, rng, loops_s)
        on_request = tier == 3 and index % _ON_REQUEST_EVERY == 1  # noqa: PLR2004  # social points
        source = "none" if on_request else _sample_source(tier, index)
        yield SimulatedCamera(
            device_code=f"{division_code}00001320{index + 1:06d}",
            name=_name(tier, rng),
            tier=tier,
            division_code=division_code,
            longitude=round(longitude + float(rng.uniform(-_SPREAD_DEG, _SPREAD_DEG)), 6),
            latitude=round(latitude + float(rng.uniform(-_SPREAD_DEG, _SPREAD_DEG)), 6),
            host=str(settings.first_address + index),
            poll_mode="on_request" if on_request else "direct",
            sample_source=source,
            sample_interval_s=5.0 if source == "snapshot" else 1.0,
            scene=scene,
            offset_s=offset_s,
        )


def camera_file(cameras: Iterable[SimulatedCamera], settings: FleetSettings) -> str:
    """The cameras as CSV for `sharpeyes camera import`, with the credentials of their account."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    same_for_all = {
        "rtsp_port": settings.rtsp_port,
        "http_port": settings.http_port,
        "main_stream_path": MAIN_STREAM_PATH,
        "sub_stream_path": SUB_STREAM_PATH,
        "snapshot_path": SNAPSHOT_PATH,
        "username": settings.username,
        "password": settings.password.get_secret_value(),
    }
    for camera in cameras:
        own = {name: getattr(camera, name) for name in _COLUMNS if name not in same_for_all}
        writer.writerow(own | same_for_all)
    return text.getvalue()


def _tier(index: int, cameras: int) -> Literal[1, 2, 3]:
    third = max(cameras // 3, 1)
    city = max(round(cameras * _CITY_SHARE), min(_CITY_AT_LEAST, third))
    district = max(round(cameras * _DISTRICT_SHARE), min(_DISTRICT_AT_LEAST, third))
    if index < city:
        return 1
    return 2 if index < city + district else 3


def _name(tier: int, rng: np.random.Generator) -> str:
    one, other = (_STREETS[i] for i in rng.choice(len(_STREETS), 2, replace=False))
    if tier < 3:  # noqa: PLR2004  # public points stand at crossings, social ones at doors
        return f"{one}与{other}路口{_CORNERS[int(rng.integers(len(_CORNERS)))]}"
    house_number = int(rng.integers(1, 300))
    place = _SOCIAL_PLACES[int(rng.integers(len(_SOCIAL_PLACES)))]
    return f"{one}{house_number}号{place}"


def _view(index: int, rng: np.random.Generator, loops_s: dict[str, int]) -> tuple[str, float]:
    """The scene that a camera sees, and where in its loop."""
    if index % _PARKED_EVERY == 0:
        # The vehicle comes soon after the start, in an empty strip: at 30 s at the first camera.
        return "parked", -float(_PARKED_LATER_S * (index // _PARKED_EVERY % 2))
    scene = "busy" if index % 2 else "quiet"
    return scene, float(rng.integers(0, loops_s[scene]))


def _sample_source(tier: int, index: int) -> Literal["keyframe", "snapshot", "none"]:
    if tier == 1:
        return "keyframe"
    if tier == 2:  # noqa: PLR2004  # district points
        return "keyframe" if index % _PARKED_EVERY == 0 else "snapshot"
    return "keyframe" if index % _PARKED_EVERY == 0 else "none"
