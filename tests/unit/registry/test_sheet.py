"""The table of fields: the sheet's 27 in their order, and everything that a file may hold."""

import pytest

from sharpeyes.registry.camera import CameraFile, Tier
from sharpeyes.registry.code_tables import LIGHTINGS, TIERS, Edition
from sharpeyes.registry.device_code_tables import CAMERA_TYPES, INDUSTRIES, NETWORKS
from sharpeyes.registry.errors import ImportFileError
from sharpeyes.registry.sheet import BY_FIELD, BY_TARGET, CATALOGUE, SHEET
from sharpeyes.registry.sheet_layout import read_layout
from sharpeyes.registry.sheet_mapping import SheetMapping

HEADINGS = (
    "设备编码 设备名称 设备厂商 行政区域 监控点位类型 设备型号 点位俗称 IPv4地址 IPv6地址 MAC地址 "
    "摄像机类型 摄像机功能类型 补光属性 摄像机编码格式 安装地址 经度 纬度 摄像机位置类型 "
    "监视方位 联网属性 所属辖区公安机关 安装时间 管理单位 管理单位联系方式 录像保存天数 "
    "设备状态 所属部门/行业"
)


def test_the_exchanged_sheet_has_27_columns_in_its_order() -> None:
    assert [field.zh for field in CATALOGUE] == HEADINGS.split()
    assert [field.column for field in CATALOGUE] == list(range(1, 28))


def test_every_field_of_a_file_has_a_column_of_its_own() -> None:
    assert set(BY_FIELD) == {*CameraFile.__struct_fields__, "life"}
    assert {field.field for field in SHEET} == set(BY_FIELD)


def test_no_two_columns_can_be_confused() -> None:
    assert len(BY_TARGET) == len(SHEET)
    for names in ([f.zh for f in SHEET], [f.en for f in SHEET]):
        assert len(set(names)) == len(names)
    known = [name for f in SHEET for name in (f.zh, *f.aliases)]
    assert len(set(known)) == len(known)


def test_a_meaning_is_given_for_an_edition_only() -> None:
    for edition, industry in ((Edition.E2016, "power"), (Edition.E2022, "construction")):
        meaning = INDUSTRIES.meaning(44, edition)
        assert meaning is not None
        assert meaning.en == industry
    assert NETWORKS.meaning(2, Edition.E2016) != NETWORKS.meaning(2, Edition.E2022)
    assert LIGHTINGS.editions_of(4) == CAMERA_TYPES.editions_of(122) == (Edition.E2022,)
    assert TIERS.editions_of(4) == (Edition.E2016,)


def test_values_are_written_with_their_zeros() -> None:
    assert INDUSTRIES.written(4) == "04"
    assert TIERS.written(4) == "4"
    assert TIERS.values == set(Tier)


def test_every_value_has_words_in_both_languages() -> None:
    tables = [f.codes for f in SHEET if f.codes is not None]
    for table in [*tables, INDUSTRIES, NETWORKS, CAMERA_TYPES]:
        for meanings in table.editions.values():
            assert all(meaning.zh and meaning.en for meaning in meanings.values())


def test_constants_are_read_as_cells_are() -> None:
    layout = read_layout(["device_code", "name"], SheetMapping(constants={"tier": " 1 "}))
    assert layout.constants == {"tier": "1"}
    with pytest.raises(ImportFileError, match="grid_code is empty"):
        read_layout(["device_code", "name"], SheetMapping(constants={"grid_code": " "}))
    with pytest.raises(ImportFileError, match="device_code"):
        read_layout(["name", "tier"], SheetMapping(constants={"device_code": "1"}))
