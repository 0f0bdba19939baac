"""What the parts of a device code mean (GB/T 28181 Annex D of 2016, Annex E of 2022; GB/T 2260).

The industries of 2022 follow the twenty sections of GB/T 4754, in their order from 40 on.
"""

from sharpeyes.registry.code_tables import CodeTable, Words, make_table

PROVINCES = frozenset(
    str(code)
    for region in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55))
    for code in region
) | {"61", "62", "63", "64", "65", "71", "81", "82"}
"""Province codes of GB/T 2260: the first two digits of every code."""

RECORDER_TYPES = frozenset({111, 112, 113, 118, 130})
"""Types of devices on which cameras hang; the channels have camera codes of their own."""

CAMERA_TYPES: CodeTable = make_table(
    "camera_type",
    "摄像机类型编码",
    "type of camera (digits 11-13)",
    {131: ("摄像机", "camera"), 132: ("网络摄像机", "network camera")},
    only_2022={121: ("卡口摄像机", "checkpoint camera"), 122: ("多目摄像机", "multi-lens camera")},
    digits=3,
)
"""Types with a view of their own."""

OTHER_TYPES: CodeTable = make_table(
    "other_type",
    "其他设备类型编码",
    "type of another device (digits 11-13)",
    {
        111: ("DVR", "DVR"),
        112: ("视频服务器", "video server"),
        113: ("编码器", "encoder"),
        118: ("NVR", "NVR"),
        130: ("混合硬盘录像机", "hybrid recorder"),
        134: ("报警输入", "alarm input"),
        135: ("报警输出", "alarm output"),
        200: ("中心信令控制服务器", "signalling server"),
        215: ("业务分组", "business group"),
        216: ("虚拟组织", "virtual organisation"),
        500: ("视频应用平台", "application platform"),
        501: ("运维平台", "operations and maintenance platform"),
    },
    only_2022={
        123: ("出入口设备", "gate"),
        124: ("出入口设备", "gate"),
        125: ("安检设备", "security check"),
    },
    digits=3,
)
"""Types that are no camera."""

_POLICE_INFORMATION = ("公安信息网", "police information network")
_INTERNET = ("互联网", "Internet")

NETWORKS: CodeTable = make_table(
    "network",
    "网络标识",
    "network (digit 14)",
    {5: _POLICE_INFORMATION, 7: _INTERNET},
    only_2016={
        **dict.fromkeys(range(5), ("监控专网", "surveillance private network")),
        6: ("政务网", "government network"),
        8: ("社会资源接入网", "social-resource access network"),
    },
    only_2022={
        **dict.fromkeys(range(2), ("公安视频传输网", "police video network")),
        2: ("行业专网", "industry network"),
        3: ("政法信息网", "political-legal network"),
        4: ("公安移动信息网", "police mobile network"),
        6: ("电子政务外网", "government extranet"),
        8: ("专线", "leased line"),
    },
    digits=1,
)
"""9 is reserved in both editions."""

_BOTH: Words = {
    0: ("社会治安路面接入", "road security"),
    1: ("社会治安社区接入", "community security"),
    2: ("社会治安内部接入", "internal security"),
    3: ("社会治安其他接入", "other security"),
    4: ("交通路面接入", "traffic road"),
    5: ("交通卡口接入", "traffic checkpoint"),
    6: ("交通内部接入", "traffic internal"),
    7: ("交通其他接入", "traffic other"),
    8: ("城市管理接入", "city management"),
    9: ("卫生环保接入", "health and environment"),
    10: ("商检海关接入", "inspection and customs"),
    11: ("教育部门接入", "education"),
    40: ("农林牧渔业接入", "agriculture"),
    41: ("采矿业接入", "mining"),
    42: ("制造业接入", "manufacturing"),
    **dict.fromkeys(range(80, 90), ("居民自建", "resident-built")),
    **dict.fromkeys(range(90, 100), ("其他主体", "other owner")),
}
INDUSTRIES: CodeTable = make_table(
    "industry",
    "行业编码",
    "industry (digits 9-10)",
    _BOTH,
    only_2016={
        43: ("冶金企业接入", "metallurgy"),
        44: ("电力企业接入", "power"),
        45: ("燃气企业接入", "gas"),
        46: ("建筑企业接入", "construction"),
        47: ("物流企业接入", "logistics"),
        48: ("邮政企业接入", "post"),
        49: ("信息企业接入", "information"),
        50: ("住宿和餐饮业接入", "lodging and catering"),
        51: ("金融企业接入", "finance"),
        52: ("房地产业接入", "real estate"),
        53: ("商务服务业接入", "business services"),
        54: ("水利企业接入", "water"),
        55: ("娱乐企业接入", "entertainment"),
    },
    only_2022={
        12: ("民航接入", "civil aviation"),
        13: ("铁路接入", "railway"),
        14: ("航运接入", "shipping"),
        43: ("电力、热力、燃气及水生产和供应业接入", "power, heat, gas and water supply"),
        44: ("建筑业接入", "construction"),
        45: ("批发和零售业接入", "wholesale and retail"),
        46: ("交通运输、仓储和邮政业接入", "transport, storage and post"),
        47: ("住宿和餐饮业接入", "lodging and catering"),
        48: ("信息传输、软件和信息技术服务业接入", "information and software"),
        49: ("金融业接入", "finance"),
        50: ("房地产业接入", "real estate"),
        51: ("租赁和商务服务业接入", "leasing and business services"),
        52: ("科学研究和技术服务业接入", "research and technical services"),
        53: ("水利、环境和公共设施管理业接入", "water, environment and public facilities"),
        54: ("居民服务、修理和其他服务业接入", "repair and other services"),
        55: ("教育接入", "education"),
        56: ("卫生和社会工作接入", "health and social work"),
        57: ("文化、体育和娱乐业接入", "culture, sport and entertainment"),
        58: ("公共管理、社会保障和社会组织接入", "public administration"),
        59: ("国际组织接入", "international organisations"),
    },
    digits=2,
)
"""What stands in neither edition is reserved."""
