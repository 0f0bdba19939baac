"""What the coded parts of a device code mean (GB/T 28181 Annex D, GB/T 2260).

The two editions of GB/T 28181 give some numbers different meanings. A code does not say which
edition it follows, so a meaning is only ever given for a named edition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
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


def _table(entries: dict[str, tuple[str, str]]) -> Mapping[str, Meaning]:
    return MappingProxyType({code: Meaning(zh, en) for code, (zh, en) in entries.items()})


PROVINCES = frozenset(
    str(code)
    for region in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55))
    for code in region
) | {"61", "62", "63", "64", "65", "71", "81", "82"}
"""Province codes of GB/T 2260: the first two digits of every code."""

CAMERA_TYPES = _table(
    {
        "121": ("卡口摄像机", "checkpoint camera"),
        "122": ("多目摄像机", "multi-lens camera"),
        "131": ("摄像机", "camera"),
        "132": ("网络摄像机", "network camera"),
    }
)
"""Types with a view of their own; 121 and 122 came with the 2022 edition."""

OTHER_TYPES = _table(
    {
        "111": ("DVR", "DVR"),
        "112": ("视频服务器", "video server"),
        "113": ("编码器", "encoder"),
        "118": ("NVR", "NVR"),
        "123": ("出入口设备", "gate"),
        "124": ("出入口设备", "gate"),
        "125": ("安检设备", "security check"),
        "130": ("混合硬盘录像机", "hybrid recorder"),
        "134": ("报警输入", "alarm input"),
        "135": ("报警输出", "alarm output"),
        "200": ("中心信令控制服务器", "signalling server"),
        "215": ("业务分组", "business group"),
        "216": ("虚拟组织", "virtual organisation"),
        "500": ("视频应用平台", "application platform"),
        "501": ("运维平台", "operations and maintenance platform"),
    }
)
"""Types that are no camera; a recorder's channels have camera codes of their own."""

_NETWORKS_2016 = {
    **dict.fromkeys("01234", ("监控专网", "surveillance private network")),
    "5": ("公安信息网", "police information network"),
    "6": ("政务网", "government network"),
    "7": ("互联网", "Internet"),
    "8": ("社会资源接入网", "social-resource access network"),
}
_NETWORKS_2022 = {
    **dict.fromkeys("01", ("公安视频传输网", "police video network")),
    "2": ("行业专网", "industry network"),
    "3": ("政法信息网", "political-legal network"),
    "4": ("公安移动信息网", "police mobile network"),
    "5": ("公安信息网", "police information network"),
    "6": ("电子政务外网", "government extranet"),
    "7": ("互联网", "Internet"),
    "8": ("专线", "leased line"),
}
NETWORKS: Mapping[Edition, Mapping[str, Meaning]] = MappingProxyType(
    {Edition.E2016: _table(_NETWORKS_2016), Edition.E2022: _table(_NETWORKS_2022)}
)
"""Network identifiers by edition; 9 is reserved in both."""

INDUSTRIES_2016 = _table(
    {
        "00": ("社会治安路面接入", "road security"),
        "01": ("社会治安社区接入", "community security"),
        "02": ("社会治安内部接入", "internal security"),
        "03": ("社会治安其他接入", "other security"),
        "04": ("交通路面接入", "traffic road"),
        "05": ("交通卡口接入", "traffic checkpoint"),
        "06": ("交通内部接入", "traffic internal"),
        "07": ("交通其他接入", "traffic other"),
        "08": ("城市管理接入", "city management"),
        "09": ("卫生环保接入", "health and environment"),
        "10": ("商检海关接入", "inspection and customs"),
        "11": ("教育部门接入", "education"),
        "40": ("农林牧渔业接入", "agriculture"),
        "41": ("采矿企业接入", "mining"),
        "42": ("制造企业接入", "manufacturing"),
        "43": ("冶金企业接入", "metallurgy"),
        "44": ("电力企业接入", "power"),
        "45": ("燃气企业接入", "gas"),
        "46": ("建筑企业接入", "construction"),
        "47": ("物流企业接入", "logistics"),
        "48": ("邮政企业接入", "post"),
        "49": ("信息企业接入", "information"),
        "50": ("住宿和餐饮业接入", "lodging and catering"),
        "51": ("金融企业接入", "finance"),
        "52": ("房地产业接入", "real estate"),
        "53": ("商务服务业接入", "business services"),
        "54": ("水利企业接入", "water"),
        "55": ("娱乐企业接入", "entertainment"),
        **dict.fromkeys(map(str, range(80, 90)), ("居民自建", "resident-built")),
        **dict.fromkeys(map(str, range(90, 100)), ("其他主体", "other owner")),
    }
)
"""Industries of the 2016 edition. The 2022 edition gives 43-59 other meanings (44 is construction
there), so this table must not be read for a code of that edition."""
