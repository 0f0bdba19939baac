"""Device codes: what their digits say, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.code_tables import Edition
from sharpeyes.registry.device_code import DeviceCode
from sharpeyes.registry.device_code_tables import (
    CAMERA_TYPES,
    NETWORKS,
    OTHER_TYPES,
    PROVINCES,
    RECORDER_TYPES,
)
from sharpeyes.registry.errors import DeviceCodeError

CODE = "42010200001320000001"


def test_parts() -> None:
    code = DeviceCode.parse("42010203051327004711")
    assert code.district_code == "420102"
    assert code.unit == "03"
    assert code.industry == "05"
    assert code.type_code == "132"
    assert code.network == "7"
    assert code.serial == "004711"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is missing"),
        (CODE[:-1], "has 19 digits, not 20"),
        (CODE + "1", "has 21 digits, not 20"),
        (CODE[:18], "has 18 digits: it is a code of the older rule B"),
        ("4201020000132000000x", "must be 20 digits 0-9"),
        (" " + CODE, "must be 20 digits 0-9"),
        (CODE + "\n", "has the control character U+000A at character 21"),
        (
            "４２０１０２００００１３２０００００１",
            "has full-width or other foreign digits; write 0-9",
        ),
        (
            "4.20102E+19",
            "is a rounded number: a spreadsheet has lost its last digits; format it as",
        ),
        ("99010200001320000001", "no province has the code 99"),
        ("42000200001320000001", "district 02 (digits 5-6) of no city"),
        ("42010200001329000001", "network 9 (digit 14) is reserved"),
    ],
)
def test_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(DeviceCodeError) as caught:
        DeviceCode.parse(text)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize("type_code", sorted(CAMERA_TYPES.values))
def test_camera_types_are_accepted(type_code: int) -> None:
    DeviceCode.parse(f"4201020000{type_code}0000001").require_camera()


@pytest.mark.parametrize(
    ("type_code", "what"),
    [
        ("118", "means NVR, not camera"),
        ("111", "means DVR, not camera"),
        ("777", "is no type of camera"),
    ],
)
def test_other_devices_are_no_cameras(type_code: str, what: str) -> None:
    code = DeviceCode.parse(f"4201020000{type_code}0000001")
    with pytest.raises(DeviceCodeError, match=what) as caught:
        code.require_camera()
    assert type_code in str(caught.value)


@pytest.mark.parametrize(
    ("district_code", "division_code", "contradicts"),
    [
        ("420102", "420102", False),
        ("420102", "420102003", False),
        ("420102", "420103", True),
        ("420102", "420103001002", True),
        ("420102", "420100", False),
        ("420100", "420103", False),
        ("420100", "420200", True),
        ("420000", "420103", False),
        ("420102", "EASTLAKE", False),
    ],
)
def test_division(district_code: str, division_code: str, *, contradicts: bool) -> None:
    code = DeviceCode.parse(f"{district_code}00001320000001")
    assert code.contradicts(division_code) is contradicts


def test_tables_do_not_overlap() -> None:
    assert not CAMERA_TYPES.values & OTHER_TYPES.values
    assert OTHER_TYPES.values > RECORDER_TYPES
    assert len(PROVINCES) == 34
    for edition in Edition:
        assert set(NETWORKS.editions[edition]) == set(range(9))


@given(st.text(max_size=25))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        code = DeviceCode.parse(text)
    except DeviceCodeError:
        return
    assert code.text == text
    assert text.isascii()


@given(st.from_regex(r"\A42010[2-7][0-9]{4}13[12][0-8][0-9]{6}\Z"))
def test_parts_make_up_the_code(text: str) -> None:
    code = DeviceCode.parse(text)
    code.require_camera()
    parts = (code.unit, code.industry, code.type_code, code.network, code.serial)
    assert code.district_code + "".join(parts) == text
