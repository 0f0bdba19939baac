"""The fields of a camera file as people exchange them: names, numbers, kinds and codes.

One table, from which the import, the export, the reference and the screens are made. Its first 27
columns are the sheet that video catalogues exchange, in its order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sharpeyes.registry.code_tables import (
    CAMERA_FORMS,
    CODECS,
    DEVICE_STATES,
    FACINGS,
    FUNCTIONS,
    INDOOR,
    LIGHTINGS,
    MAKERS,
    NETWORKED,
    PLACE_KINDS,
    SECTORS,
    TIERS,
    CodeTable,
)


class Kind(StrEnum):
    """How a cell of a field is written."""

    TEXT = "text"
    DIGITS = "digits"
    """A code: a text of digits, for its zeros in front count."""
    ADDRESS = "address"
    """Of a device: IPv4, IPv6, MAC, host name or a path."""
    NUMBER = "number"
    WHOLE = "whole number"
    CODE = "code"
    """A value of the field's table: its number, or its label."""
    CODES = "codes"
    """The same, several with `/` between them."""
    TEXTS = "texts"
    """Several texts with `/` between them."""
    WORD = "word"
    """One of a few English words."""
    YES_NO = "yes or no"
    TIME = "time"
    """Date and time of day; without a zone, China's."""
    DAY = "day"


@dataclass(frozen=True, slots=True)
class SheetField:
    """One column that a file of cameras may have.

    Attributes:
        target: Its name, as the header of our own files has it.
        field: The field of `CameraFile` that it says, or a part of; `life` for the life.
        column: Its number in the exchanged sheet, 1-27; None for an extension.
        zh: Its heading in Chinese, as the sheet has it.
        en: Its heading in English.
        kind: How it is written.
        codes: What its numbers mean.
        aliases: Other headings by which it is known.
    """

    target: str
    field: str
    column: int | None
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    codes: CodeTable | None = None
    aliases: tuple[str, ...] = ()


def _own(  # a line of the table below
    target: str,
    zh: str,
    en: str,
    kind: Kind = Kind.TEXT,
    codes: CodeTable | None = None,
    *,
    field: str | None = None,
    aliases: str = "",
) -> SheetField:
    """Make an extension; its aliases have spaces between them."""
    return SheetField(target, field or target, None, zh, en, kind, codes, tuple(aliases.split()))


def _columns(*fields: SheetField) -> tuple[SheetField, ...]:
    """Number the columns of the exchanged sheet."""
    return tuple(
        SheetField(f.target, f.field, number, f.zh, f.en, f.kind, f.codes, f.aliases)
        for number, f in enumerate(fields, start=1)
    )


CATALOGUE = _columns(
    _own("device_code", "设备编码", "device code", Kind.DIGITS,
         aliases="设备国标编码 国标编码 国标ID"),
    _own("name", "设备名称", "name", aliases="摄像机名称 监控点名称 点位名称"),
    _own("maker", "设备厂商", "maker", Kind.CODE, MAKERS, aliases="厂商"),
    _own("district_code", "行政区域", "district", Kind.DIGITS,
         field="division_code", aliases="行政区划 行政区划代码 行政区域代码"),
    _own("tier", "监控点位类型", "tier", Kind.CODE, TIERS, aliases="点位类型"),
    _own("model", "设备型号", "model", aliases="型号"),
    _own("place_name", "点位俗称", "common name of the place", aliases="俗称"),
    _own("ipv4", "IPv4地址", "IPv4 address", Kind.ADDRESS, aliases="IPv4 IP地址 IP 设备IP"),
    _own("ipv6", "IPv6地址", "IPv6 address", Kind.ADDRESS, aliases="IPv6"),
    _own("mac", "MAC地址", "MAC address", Kind.ADDRESS, aliases="MAC"),
    _own("camera_form", "摄像机类型", "camera form", Kind.CODE, CAMERA_FORMS),
    _own("functions", "摄像机功能类型", "functions", Kind.CODES, FUNCTIONS, aliases="功能类型"),
    _own("lighting", "补光属性", "lighting", Kind.CODE, LIGHTINGS),
    _own("codec", "摄像机编码格式", "codec", Kind.CODE, CODECS, aliases="编码格式"),
    _own("address", "安装地址", "address", aliases="地址 安装位置"),
    _own("longitude", "经度", "longitude", Kind.NUMBER),
    _own("latitude", "纬度", "latitude", Kind.NUMBER),
    _own("place_kinds", "摄像机位置类型", "kinds of place", Kind.CODES, PLACE_KINDS,
         aliases="位置类型"),
    _own("facing", "监视方位", "facing", Kind.CODE, FACINGS),
    _own("networked_code", "联网属性", "networked (0 yes, 1 no)", Kind.CODE, NETWORKED,
         field="networked"),
    _own("police_station_code", "所属辖区公安机关", "police station in charge", Kind.DIGITS),
    _own("installed_at", "安装时间", "installed at", Kind.TIME),
    _own("managing_unit", "管理单位", "managing unit"),
    _own("contacts", "管理单位联系方式", "contacts of the managing unit", Kind.TEXTS,
         aliases="联系方式"),
    _own("recording_days", "录像保存天数", "recording days", Kind.WHOLE),
    _own("device_state", "设备状态", "device state", Kind.CODE, DEVICE_STATES, field="life"),
    _own("sector", "所属部门/行业", "sector", Kind.CODE, SECTORS, aliases="所属部门行业 所属部门"),
)  # fmt: skip
"""The exchanged sheet: 27 columns in their order."""

EXTENSIONS = (
    _own("code_edition", "编码标准版本", "edition of the codes", Kind.WHOLE),
    _own("division_code", "所属区划", "division", Kind.DIGITS),
    _own("street_code", "所属街道", "street", Kind.DIGITS,
         field="division_code", aliases="街道 街道代码"),
    _own("community_code", "所属社区", "community", Kind.DIGITS,
         field="division_code", aliases="社区 社区代码"),
    _own("grid_code", "所属网格", "grid", Kind.DIGITS,
         field="division_code", aliases="网格 网格代码"),
    _own("maker_name", "厂商名称", "maker's name"),
    _own("firmware", "固件版本", "firmware"),
    _own("networked", "是否联网", "networked", Kind.YES_NO),
    _own("host", "接入地址", "host", Kind.ADDRESS, aliases="接入IP"),
    _own("rtsp_port", "RTSP端口", "RTSP port", Kind.WHOLE),
    _own("http_port", "HTTP端口", "HTTP port", Kind.WHOLE),
    _own("main_stream_path", "主码流路径", "path of the main stream", Kind.ADDRESS),
    _own("sub_stream_path", "子码流路径", "path of the sub stream", Kind.ADDRESS),
    _own("snapshot_path", "抓图路径", "path of the snapshot", Kind.ADDRESS),
    _own("poll_mode", "轮询方式", "poll mode", Kind.WORD),
    _own("sample_source", "抽帧来源", "sample source", Kind.WORD),
    _own("sample_interval_s", "抽帧间隔(秒)", "sample interval (s)", Kind.NUMBER),
    _own("recorder_code", "所属录像机编码", "recorder", Kind.DIGITS, aliases="NVR编码 录像机编码"),
    _own("recorder_channel", "录像机通道号", "channel of the recorder", Kind.WHOLE,
         aliases="通道号"),
    _own("network_name", "网络名称", "network name", aliases="VPN名称 所属网络"),
    _own("pole_number", "立杆编号", "pole number", aliases="杆号 杆件编号"),
    _own("landmark", "标志物", "landmark", aliases="参照物"),
    _own("power_source", "取电方式", "power source", aliases="取电点 供电方式"),
    _own("maintenance_unit", "维护单位", "maintenance unit", aliases="运维单位"),
    _own("maintenance_phone", "维护电话", "maintenance phone",
         aliases="维护单位电话 运维电话"),
    _own("scene_photo", "实景照片", "scene photo"),
    _own("osd_text", "OSD字幕", "OSD text", aliases="OSD"),
    _own("indoor_code", "室内外", "outdoor or indoor (1, 2)", Kind.CODE, INDOOR,
         field="indoor", aliases="室内外属性"),
    _own("indoor", "是否室内", "indoor", Kind.YES_NO),
    _own("field_angle_deg", "视场角(度)", "field angle (degrees)", Kind.NUMBER, aliases="视场角"),
    _own("view_distance_m", "最大可视距离(米)", "view distance (m)", Kind.NUMBER,
         aliases="可视距离 最大可视距离"),
    _own("purpose", "建设用途", "purpose", aliases="用途"),
    _own("filing_number", "备案编号", "filing number", aliases="备案号"),
    _own("filed_on", "备案日期", "filed on", Kind.DAY),
    _own("sign_in_place", "是否设置提示标识", "sign in place", Kind.YES_NO, aliases="提示标识"),
    _own("accepted_until", "验收有效期至", "accepted until", Kind.DAY, aliases="验收有效期"),
)  # fmt: skip
"""What else files of cameras hold."""

SHEET = (*CATALOGUE, *EXTENSIONS)
"""Every column that we know."""

BY_TARGET: Mapping[str, SheetField] = MappingProxyType({field.target: field for field in SHEET})

BY_FIELD: Mapping[str, SheetField] = MappingProxyType(
    # Last wins: our own way of writing a field before the sheet's.
    {field.field: field for field in SHEET if field.field in {field.target, "life"}}
)
"""The column that says the whole of a field of `CameraFile`, and of `life`."""
