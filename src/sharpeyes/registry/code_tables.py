"""What coded values mean, in Chinese and English, and in which edition of GB/T 28181.

The editions of 2016 and 2022 give some numbers different meanings, and a number does not say which
edition it follows: a meaning is only ever given for a named edition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from types import MappingProxyType


class Edition(IntEnum):
    """An edition of GB/T 28181."""

    E2016 = 2016
    E2022 = 2022


@dataclass(frozen=True, slots=True)
class Meaning:
    """A coded value in words, Chinese and English."""

    zh: str
    en: str


Words = Mapping[int, tuple[str, str]]
"""Of each value its meaning: Chinese, English."""


@dataclass(frozen=True)
class CodeTable:
    """The values that a field, or a part of the device code, may have.

    Attributes:
        name: By which programs ask for it.
        zh: Its title in Chinese.
        en: Its title in English.
        editions: The meanings in each edition. Values that are the same in both stand in both.
        digits: Written with so many digits, zeros in front; 0 for as many as it needs.
    """

    name: str
    zh: str
    en: str
    editions: Mapping[Edition, Mapping[int, Meaning]]
    digits: int = 0

    @cached_property
    def values(self) -> frozenset[int]:
        """The values that mean something in at least one edition."""
        return frozenset(value for meanings in self.editions.values() for value in meanings)

    def meaning(self, value: int, edition: Edition) -> Meaning | None:
        """Return what a value means in an edition; None when it means nothing there."""
        return self.editions[edition].get(value)

    def editions_of(self, value: int) -> tuple[Edition, ...]:
        """Return the editions in which the value means something."""
        return tuple(edition for edition in Edition if value in self.editions[edition])

    def written(self, value: int) -> str:
        """Write a value as it stands in a code or a cell."""
        return f"{value:0{self.digits}}" if self.digits else str(value)


def make_table(  # a table's own parts, all named
    name: str,
    zh: str,
    en: str,
    both: Words,
    *,
    only_2016: Words = MappingProxyType({}),
    only_2022: Words = MappingProxyType({}),
    digits: int = 0,
) -> CodeTable:
    """Make a table of what both editions have and of what only one of them has."""
    editions = {Edition.E2016: {**both, **only_2016}, Edition.E2022: {**both, **only_2022}}
    return CodeTable(
        name,
        zh,
        en,
        MappingProxyType(
            {edition: _meanings(words) for edition, words in editions.items()},
        ),
        digits,
    )


def _meanings(words: Words) -> Mapping[int, Meaning]:
    return MappingProxyType({value: Meaning(*words[value]) for value in sorted(words)})


def _unnamed(numbers: Iterable[int], zh: str, en: str) -> Words:
    """Name values by their numbers, where nobody has published what they stand for."""
    return {number: (f"{zh}{number}", f"{en} {number}") for number in numbers}


_OTHER = ("其他", "other")

TIERS = make_table(
    "tier",
    "监控点位类型",
    "tier",
    {
        1: ("一类视频监控点", "city point"),
        2: ("二类视频监控点", "district point"),
        3: ("三类视频监控点", "social point"),
        9: ("其他点位", "other point"),
    },
    only_2016={4: ("公安内部视频监控点", "internal police point")},
)
MAKERS = make_table(
    "maker", "设备厂商", "maker", {**_unnamed(range(1, 16), "厂商", "maker no."), 99: _OTHER}
)
CAMERA_FORMS = make_table(
    "camera_form",
    "摄像机类型",
    "camera form",
    {
        1: ("球机", "dome (PTZ)"),
        2: ("半球", "half-dome"),
        3: ("固定枪机", "fixed bullet"),
        4: ("遥控枪机", "PTZ bullet"),
        5: ("卡口枪机", "checkpoint camera"),
        99: _OTHER,
    },
)
FUNCTIONS = make_table(
    "function",
    "摄像机功能类型",
    "function",
    {
        1: ("车辆卡口", "vehicle checkpoint"),
        2: ("人员卡口", "pedestrian checkpoint"),
        3: ("微卡口", "micro checkpoint"),
        4: ("特征摄像机", "feature camera"),
        5: ("普通监控", "ordinary"),
        6: ("高空瞭望", "high lookout"),
        99: _OTHER,
    },
)
LIGHTINGS = make_table(
    "lighting",
    "补光属性",
    "lighting",
    {
        1: ("无补光", "none"),
        2: ("红外补光", "infrared"),
        3: ("白光补光", "white"),
        9: _OTHER,
    },
    only_2022={4: ("激光补光", "laser")},
)
CODECS = make_table(
    "codec",
    "摄像机编码格式",
    "codec",
    {
        1: ("MPEG-4", "MPEG-4"),
        2: ("H.264", "H.264"),
        3: ("SVAC", "SVAC"),
        4: ("H.265", "H.265"),
    },
)
PLACE_KINDS = make_table(
    "place_kind",
    "摄像机位置类型",
    "kind of place",
    {
        1: ("省际检查站", "provincial checkpoint"),
        2: ("党政机关", "government"),
        3: ("车站码头", "station or pier"),
        4: ("中心广场", "central square"),
        5: ("体育场馆", "stadium"),
        6: ("商业中心", "commercial centre"),
        7: ("宗教场所", "religious site"),
        8: ("校园周边", "school surroundings"),
        9: ("治安复杂区域", "complex public-order area"),
        10: ("交通干线", "traffic artery"),
        11: ("医院周边", "hospital surroundings"),
        12: ("金融机构周边", "bank surroundings"),
        13: ("危险物品场所", "dangerous goods"),
        14: ("博物馆展览馆", "museum or exhibition"),
        15: ("重点水域航道", "key waterway"),
        96: ("市际公安检查站", "inter-city checkpoint"),
        97: ("涉外场所", "foreign-related"),
        98: ("边境沿线", "border"),
        99: ("旅游景区", "tourist site"),
    },
)
FACINGS = make_table(
    "facing",
    "监视方位",
    "facing",
    {
        1: ("东", "east"),
        2: ("西", "west"),
        3: ("南", "south"),
        4: ("北", "north"),
        5: ("东南", "south-east"),
        6: ("东北", "north-east"),
        7: ("西南", "south-west"),
        8: ("西北", "north-west"),
        9: ("全向", "all round"),
    },
)
DEVICE_STATES = make_table(
    "device_state",
    "设备状态",
    "device state",
    {1: ("在用", "in use"), 2: ("维修", "under repair"), 3: ("拆除", "removed")},
)
SECTORS = make_table(
    "sector", "所属部门/行业", "sector", _unnamed(range(1, 19), "部门/行业", "sector no.")
)

NETWORKED = make_table(
    "networked",
    "联网属性",
    "networked",
    {0: ("已联网", "networked"), 1: ("未联网", "not networked")},
)
INDOOR = make_table(
    "indoor", "室内外属性", "outdoor or indoor", {1: ("室外", "outdoor"), 2: ("室内", "indoor")}
)
