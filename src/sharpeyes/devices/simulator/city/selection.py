"""Whom a step of a scenario strikes."""

import random
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import Annotated, Literal

import msgspec

from sharpeyes.devices.simulator.city.layout import SUBNET_ADDRESSES, Layout

_Number = Annotated[int, msgspec.Meta(ge=0)]

Place = Literal["", "recorder", "switch", "link", "city"]
"""What the chosen have in common: the word for one place, "" where it is no place."""


class SelectionError(ValueError):
    """A selection does not fit the city; the message begins with the key to blame."""


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A choice of devices or cameras.

    One of the first seven keys says where; `tier`, and `share` or `count`, choose among these.

    Args:
        all: everybody.
        districts: by GB/T 2260 code.
        links: by name, such as "420102-1".
        switches: by number, from 0 on.
        subnets: the same by network, such as "127.64.3.0/24".
        recorders: by number, from 0 on.
        cameras: by device code.
        tier: only those of this tier.
        share: so many of them, 0-1, chosen by the seed.
        count: the same, as a number.
    """

    all: bool = False
    districts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    switches: tuple[_Number, ...] = ()
    subnets: tuple[str, ...] = ()
    recorders: tuple[_Number, ...] = ()
    cameras: tuple[str, ...] = ()
    tier: Literal[1, 2, 3] | None = None
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    count: Annotated[int, msgspec.Meta(ge=1)] | None = None

    @property
    def place(self) -> Place:
        """What the chosen have in common, where they are all of one place."""
        if self.tier is not None or self.share is not None or self.count is not None:
            return ""
        if self.all:
            return "city"
        one: dict[Place, int] = {
            "link": len(self.districts) + len(self.links),
            "switch": len(self.switches) + len(self.subnets),
            "recorder": len(self.recorders),
        }
        return next((place for place, number in one.items() if number), "")


def choose(
    selection: Selection, layout: Layout, rng: random.Random, *, devices: bool
) -> tuple[int, ...]:
    """The devices or cameras of a selection, in their order.

    Args:
        selection: whom.
        layout: the city.
        rng: picks for `share` and `count`.
        devices: whether devices are wanted; else cameras.

    Raises:
        SelectionError: there are no such places, or too few.
    """
    cameras = sorted(set(_cameras(selection, layout)))
    if selection.tier is not None:
        cameras = [camera for camera in cameras if layout.tier_of(camera) == selection.tier]
    numbers = sorted({layout.device_of(c) for c in cameras}) if devices else cameras
    if not numbers:
        raise SelectionError("tier: the city has no such camera there")
    what = "devices" if devices else "cameras"
    if selection.count is not None:
        if selection.count > len(numbers):
            raise SelectionError(f"count: {selection.count} of {len(numbers)} {what}")
        numbers = sorted(rng.sample(numbers, selection.count))
    elif selection.share is not None:
        numbers = sorted(rng.sample(numbers, max(round(selection.share * len(numbers)), 1)))
    return tuple(numbers)


def _cameras(selection: Selection, layout: Layout) -> Iterator[int]:
    ways = (
        selection.all,
        selection.districts,
        selection.links,
        selection.switches,
        selection.subnets,
        selection.recorders,
        selection.cameras,
    )
    if sum(map(bool, ways)) != 1:
        raise SelectionError(
            "one of all, districts, links, switches, subnets, recorders, cameras is needed, and"
            " only one"
        )
    if selection.share is not None and selection.count is not None:
        raise SelectionError("share: there is a count too; one is enough")
    if selection.all:
        yield from range(layout.cameras)
    yield from _of_switches(layout, _switches(selection, layout))
    for recorder in selection.recorders:
        if recorder >= layout.recorders:
            raise SelectionError(_no_such("recorders", recorder, layout.recorders))
        yield from layout.cameras_of(layout.device_of_recorder(recorder))
    for code in selection.cameras:
        camera = layout.camera_of_code(code)
        if camera is None:
            raise SelectionError(f"cameras: there is no {code!r} in this city")
        yield camera


def _switches(selection: Selection, layout: Layout) -> Iterator[int]:
    by_code = {d.code: number for number, d in enumerate(layout.districts)}
    for code in selection.districts:
        if code not in by_code:
            raise SelectionError(f"districts: {code!r} is none of {', '.join(by_code)}")
        yield from layout.switches_of_district(by_code[code])
    links = dict(layout.links()) if selection.links else {}
    for name in selection.links:
        if name not in links:
            raise SelectionError(f"links: {name!r} is none of {', '.join(links)}")
        yield from links[name]
    for switch in selection.switches:
        if switch >= layout.switches:
            raise SelectionError(_no_such("switches", switch, layout.switches))
        yield switch
    for subnet in selection.subnets:
        yield _switch_of_subnet(subnet, layout)


def _switch_of_subnet(subnet: str, layout: Layout) -> int:
    try:
        network = IPv4Network(subnet)
    except ValueError as error:
        raise SelectionError(f"subnets: {subnet!r} is no network ({error})") from None
    switch, rest = divmod(int(network.network_address) - layout.first_network, SUBNET_ADDRESSES)
    if network.num_addresses != SUBNET_ADDRESSES or rest or not 0 <= switch < layout.switches:
        raise SelectionError(f"subnets: {subnet!r} is not the /24 network of a switch of this city")
    return switch


def _of_switches(layout: Layout, switches: Iterable[int]) -> Iterator[int]:
    for switch in switches:
        for device in layout.devices_of_switch(switch):
            yield from layout.cameras_of(device)


def _no_such(key: str, number: int, there_are: int) -> str:
    if not there_are:
        return f"{key}: this city has none"
    return f"{key}: {number} is not one of the city's {there_are} (0-{there_are - 1})"
