from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.detectors.zones import ZoneKind
from sharpeyes.service.api.problem import FieldError
from sharpeyes.service.api.reading import field_errors


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 554
    password: str | None = None


def test_every_bad_field_is_named_at_once() -> None:
    errors = field_errors({"port": 0, "colour": "red"}, Sample, strict=True)
    assert [error.field for error in errors] == ["name", "port", "colour"]
    assert errors[0] == FieldError("name", "", "is missing")
    assert errors[1].value == "0"


@pytest.mark.parametrize(
    ("field", "value"), [("tier", "x"), ("tier", 7), ("kind", "x"), ("kinds", ["watch", "x"])]
)
def test_where_there_are_few_words_they_are_all_told(field: str, value: object) -> None:
    class Choice(msgspec.Struct):
        tier: Literal["city", "other"] | None = None
        kind: ZoneKind = ZoneKind.WATCH
        kinds: tuple[ZoneKind, ...] = ()

    (error,) = field_errors({field: value}, Choice, strict=True)
    words = "city, other" if field == "tier" else "watch, no_parking, ignore, privacy"
    assert error.field == field
    assert error.reason.endswith(f"; allowed: {words}")


def test_a_password_is_never_repeated() -> None:
    (error,) = field_errors({"name": "x", "password": 12345}, Sample, strict=True)
    assert error.field == "password"
    assert "12345" not in error.value + error.reason


def test_a_long_value_is_cut() -> None:
    (error,) = field_errors({"name": "x", "port": "9" * 1000}, Sample, strict=True)
    assert len(error.value) < 200


def test_text_from_a_query_is_read_as_its_type() -> None:
    assert field_errors({"name": "x", "port": "8554"}, Sample, strict=False) == ()


@given(
    st.dictionaries(
        st.sampled_from(["name", "port", "password", "x"]),
        st.none() | st.integers() | st.text() | st.lists(st.integers()),
    )
)
def test_errors_are_found_exactly_when_the_record_cannot_be_made(value: dict[str, object]) -> None:
    try:
        msgspec.convert(value, Sample)
    except msgspec.ValidationError:
        assert field_errors(value, Sample, strict=True)
    else:
        assert field_errors(value, Sample, strict=True) == ()
