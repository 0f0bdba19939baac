"""The cameras of a simulated city as a file for the import: 27 columns, and ways to ask them."""

import csv
import random
from collections.abc import Iterator
from typing import TextIO

from sharpeyes.devices.simulator.city.http import snapshot_path
from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.rtsp import stream_path
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.encoding import Stream

_CATALOGUE = (
    "device_code", "name", "maker", "district_code", "tier", "model", "place_name", "ipv4", "ipv6",
    "mac", "camera_form", "functions", "lighting", "codec", "address", "longitude", "latitude",
    "place_kinds", "facing", "networked_code", "police_station_code", "installed_at",
    "managing_unit", "contacts", "recording_days", "device_state", "sector",
)  # fmt: skip
_WAYS = (
    "host", "rtsp_port", "http_port", "main_stream_path", "sub_stream_path", "snapshot_path",
    "poll_mode", "sample_source", "recorder_code", "recorder_channel", "network_name",
    "username", "password",
)  # fmt: skip
COLUMNS = (*_CATALOGUE, *_WAYS)

_SPREAD_DEG = 0.02
_MODELS = ("SE-2CD3T45", "SE-HFW5442", "SE-HIC5421", "SE-B314", "SE-2DE7430")
_STREETS = ("柳溪路", "桐花街", "望湖巷", "青石街", "晴川里", "荷风路", "云锦路", "白鹭街")
_PLACES = ("东北角", "东南角", "西北角", "西南角", "便利店门前", "小区东门", "停车场入口")
_PLACE_KINDS = (6, 8, 9, 10, 11, 12, 99)
_DECADE = range(2014, 2025)


def write_cameras(target: TextIO, settings: CitySettings) -> None:
    """Write the cameras of a city as CSV, with the credentials of their devices' account.

    The network's name is that of the link on which the camera's switch hangs, and the switch is the
    /24 network of its address.
    """
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(settings))


def _rows(settings: CitySettings) -> Iterator[list[object]]:
    layout = settings.layout
    rng = random.Random(settings.seed)  # noqa: S311  # chance, no secret
    for camera in range(layout.cameras):
        yield [*_catalogue(rng, layout, camera), *_ways(layout, camera, settings)]


def _catalogue(rng: random.Random, layout: Layout, camera: int) -> list[object]:
    device = layout.device_of(camera)
    switch = layout.switch_of(device)
    district = layout.district_of_switch(switch)
    street, number = rng.choice(_STREETS), rng.randint(1, 300)
    place = f"{district.name}{street}{number}号"
    return [
        layout.code_of(camera),
        f"{place}{rng.choice(_PLACES)}",
        rng.randint(1, 15),
        district.code,
        layout.tier_of(camera),
        rng.choice(_MODELS),
        street,
        # The catalogue knows no loopback address; it is told among the ways to ask.
        "",
        "",
        "3C-1B-" + "-".join(f"{byte:02X}" for byte in device.to_bytes(4)),
        rng.randint(1, 4),
        5,
        rng.randint(1, 3),
        2,
        f"武汉市{place}",
        f"{district.longitude + rng.uniform(-_SPREAD_DEG, _SPREAD_DEG):.6f}",
        f"{district.latitude + rng.uniform(-_SPREAD_DEG, _SPREAD_DEG):.6f}",
        rng.choice(_PLACE_KINDS),
        rng.randint(1, 9),
        0,
        f"{district.code}{100 + switch % 900}000",
        f"{rng.choice(_DECADE)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} 09:30:00",
        f"{place}管理处",
        f"027-8{rng.randint(1_000_000, 9_999_999)}",
        rng.choice((30, 30, 30, 90)),
        1,
        rng.randint(1, 18),
    ]


def _ways(layout: Layout, camera: int, settings: CitySettings) -> list[object]:
    device, channel = layout.device_of(camera), layout.channel_of(camera)
    recorder = layout.recorder_of(device)
    link = layout.link_of_switch(layout.switch_of(device))
    return [
        layout.host_of(device),
        settings.rtsp_port,
        settings.http_port,
        stream_path(channel, Stream.MAIN),
        stream_path(channel, Stream.SUB),
        snapshot_path(channel),
        "direct",
        "none",
        "" if recorder is None else layout.recorder_code(recorder),
        "" if recorder is None else channel,
        link,
        settings.username,
        settings.password.get_secret_value(),
    ]
