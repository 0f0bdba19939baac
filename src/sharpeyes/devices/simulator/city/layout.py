"""Who is where in a simulated city, by arithmetic alone.

A switch is a /24 network with 200 cameras: two recorders with 16 channels each at .1 and .2, and
168 cameras of their own from .3 on. Switches come one after the other through the districts; up to
32 neighbours of a district hang on one link.

Numbers count from 0: cameras, devices (an address each: recorders and single cameras), switches,
recorders. Channels count from 1, as devices do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address
from typing import Literal

SUBNET_ADDRESSES = 256
CAMERAS_PER_SWITCH = 200
RECORDERS_PER_SWITCH = 2
CHANNELS_PER_RECORDER = 16
SWITCHES_PER_LINK = 32

_CHANNELS_PER_SWITCH = RECORDERS_PER_SWITCH * CHANNELS_PER_RECORDER
_DEVICES_PER_SWITCH = RECORDERS_PER_SWITCH + CAMERAS_PER_SWITCH - _CHANNELS_PER_SWITCH
# Of 200 cameras, the city's own shares: 2 % and 8 %; what recorders serve are social points.
_CITY_POINTS = range(_CHANNELS_PER_SWITCH, _CHANNELS_PER_SWITCH + 4)
_DISTRICT_POINTS = range(_CITY_POINTS.stop, _CITY_POINTS.stop + 16)
_CODE = re.compile(r"(\d{6})00001320(\d{6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class District:
    """A district of the city.

    Attributes:
        code: Of GB/T 2260.
        name: In Chinese.
        longitude: Of a point inside, degrees, WGS-84.
        latitude: Of the same.
    """

    code: str
    name: str
    longitude: float
    latitude: float


DISTRICTS = (
    District("420102", "江岸", 114.309, 30.600),
    District("420103", "江汉", 114.268, 30.602),
    District("420104", "硚口", 114.214, 30.582),
    District("420105", "汉阳", 114.219, 30.555),
    District("420106", "武昌", 114.316, 30.554),
    District("420107", "青山", 114.385, 30.640),
    District("420111", "洪山", 114.343, 30.500),
    District("420112", "东西湖", 114.137, 30.620),
    District("420113", "汉南", 114.085, 30.309),
    District("420114", "蔡甸", 114.029, 30.582),
    District("420115", "江夏", 114.322, 30.347),
    District("420116", "黄陂", 114.376, 30.882),
    District("420117", "新洲", 114.801, 30.842),
)


@dataclass(frozen=True)
class Layout:
    """The places of a city's cameras.

    Args:
        cameras: How many.
        first_network: Address of the first switch's network, as a number.
    """

    cameras: int
    first_network: int

    @cached_property
    def switches(self) -> int:
        """How many switches there are; the last may have fewer cameras."""
        return -(-self.cameras // CAMERAS_PER_SWITCH)

    @cached_property
    def devices(self) -> int:
        """How many addresses there are."""
        return self._devices_before(self.cameras)

    @property
    def recorders(self) -> int:
        """How many of the devices are recorders."""
        full, rest = divmod(self.cameras, CAMERAS_PER_SWITCH)
        return full * RECORDERS_PER_SWITCH + _recorders_of(rest)

    @property
    def last_address(self) -> int:
        """The highest address, as a number."""
        return self.address_of(self.devices - 1)

    @cached_property
    def districts(self) -> tuple[District, ...]:
        """The districts that have switches."""
        return DISTRICTS[: min(len(DISTRICTS), self.switches)]

    def device_at(self, address: int) -> int | None:
        """The device at an address; None if there is none."""
        switch, host = divmod(address - self.first_network, SUBNET_ADDRESSES)
        device = switch * _DEVICES_PER_SWITCH + host - 1
        if switch < 0 or not 1 <= host <= _DEVICES_PER_SWITCH or device >= self.devices:
            return None
        return device

    def address_of(self, device: int) -> int:
        """Where a device is, as a number."""
        switch, place = divmod(device, _DEVICES_PER_SWITCH)
        return self.first_network + switch * SUBNET_ADDRESSES + place + 1

    def host_of(self, device: int) -> str:
        """Where a device is, as people write it."""
        return str(IPv4Address(self.address_of(device)))

    def switch_of(self, device: int) -> int:
        """The switch on which a device hangs."""
        return device // _DEVICES_PER_SWITCH

    def recorder_of(self, device: int) -> int | None:
        """The number among the recorders; None for a single camera."""
        switch, place = divmod(device, _DEVICES_PER_SWITCH)
        if place >= RECORDERS_PER_SWITCH:
            return None
        return switch * RECORDERS_PER_SWITCH + place

    def device_of_recorder(self, recorder: int) -> int:
        """The device that a recorder is."""
        switch, place = divmod(recorder, RECORDERS_PER_SWITCH)
        return switch * _DEVICES_PER_SWITCH + place

    def devices_of_switch(self, switch: int) -> range:
        """The devices of a switch."""
        first = switch * _DEVICES_PER_SWITCH
        return range(first, min(first + _DEVICES_PER_SWITCH, self.devices))

    def cameras_of(self, device: int) -> range:
        """The cameras of a device: one, or a recorder's channels in their order."""
        switch, place = divmod(device, _DEVICES_PER_SWITCH)
        first = switch * CAMERAS_PER_SWITCH
        if place < RECORDERS_PER_SWITCH:
            first += place * CHANNELS_PER_RECORDER
            return range(first, min(first + CHANNELS_PER_RECORDER, self.cameras))
        first += _CHANNELS_PER_SWITCH + place - RECORDERS_PER_SWITCH
        return range(first, first + 1)

    def device_of(self, camera: int) -> int:
        """The device that carries a camera."""
        switch, place = divmod(camera, CAMERAS_PER_SWITCH)
        first = switch * _DEVICES_PER_SWITCH
        if place < _CHANNELS_PER_SWITCH:
            return first + place // CHANNELS_PER_RECORDER
        return first + RECORDERS_PER_SWITCH + place - _CHANNELS_PER_SWITCH

    def channel_of(self, camera: int) -> int:
        """The input of its device at which a camera is, from 1 on."""
        place = camera % CAMERAS_PER_SWITCH
        return place % CHANNELS_PER_RECORDER + 1 if place < _CHANNELS_PER_SWITCH else 1

    def camera_at(self, device: int, channel: int) -> int | None:
        """The camera at an input of a device; None if there is none."""
        cameras = self.cameras_of(device)
        return cameras[channel - 1] if 1 <= channel <= len(cameras) else None

    def tier_of(self, camera: int) -> Literal[1, 2, 3]:
        """1 city point, 2 district point, 3 social point."""
        place = camera % CAMERAS_PER_SWITCH
        if place in _CITY_POINTS:
            return 1
        return 2 if place in _DISTRICT_POINTS else 3

    def district_of_switch(self, switch: int) -> District:
        """The district in which a switch stands."""
        return DISTRICTS[switch * len(self.districts) // self.switches]

    def switches_of_district(self, number: int) -> range:
        """The switches of the district of that number among `districts`."""
        return range(self._first_switch(number), self._first_switch(number + 1))

    def link_of_switch(self, switch: int) -> str:
        """The name of the link on which a switch hangs, such as "420102-1"."""
        number = switch * len(self.districts) // self.switches
        link = (switch - self._first_switch(number)) // SWITCHES_PER_LINK + 1
        return f"{DISTRICTS[number].code}-{link}"

    def links(self) -> Iterator[tuple[str, range]]:
        """Every link's name and its switches."""
        for number, district in enumerate(self.districts):
            switches = self.switches_of_district(number)
            for first in range(0, len(switches), SWITCHES_PER_LINK):
                name = f"{district.code}-{first // SWITCHES_PER_LINK + 1}"
                yield name, switches[first : first + SWITCHES_PER_LINK]

    def code_of(self, camera: int) -> str:
        """The device code of a camera, 20 digits."""
        return f"{self._code_head(camera)}0000132{self._serial(camera):07d}"

    def camera_of_code(self, code: str) -> int | None:
        """The camera of a device code; None if there is none."""
        found = _CODE.fullmatch(code)
        if found is None:
            return None
        numbers = {district.code: number for number, district in enumerate(self.districts)}
        number = numbers.get(found[1])
        if number is None:
            return None
        camera = self._first_switch(number) * CAMERAS_PER_SWITCH + int(found[2]) - 1
        known = 0 <= camera < self.cameras
        return camera if known and self.code_of(camera) == code else None

    def recorder_code(self, recorder: int) -> str:
        """The device code of a recorder, 20 digits."""
        camera = self.cameras_of(self.device_of_recorder(recorder))[0]
        return f"{self._code_head(camera)}0000118{self._serial(camera):07d}"

    def _code_head(self, camera: int) -> str:
        return self.district_of_switch(camera // CAMERAS_PER_SWITCH).code

    def _serial(self, camera: int) -> int:
        number = camera // CAMERAS_PER_SWITCH * len(self.districts) // self.switches
        return camera - self._first_switch(number) * CAMERAS_PER_SWITCH + 1

    def _first_switch(self, district: int) -> int:
        return -(-district * self.switches // len(self.districts))

    def _devices_before(self, camera: int) -> int:
        full, rest = divmod(camera, CAMERAS_PER_SWITCH)
        alone = max(rest - _CHANNELS_PER_SWITCH, 0)
        return full * _DEVICES_PER_SWITCH + _recorders_of(rest) + alone


def _recorders_of(cameras: int) -> int:
    """How many recorders the first cameras of a switch take."""
    return min(-(-cameras // CHANNELS_PER_RECORDER), RECORDERS_PER_SWITCH)
