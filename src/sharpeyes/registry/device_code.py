"""The 20-digit device code (GB/T 28181 Annex D, rule A): who a camera is, digit by digit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sharpeyes.registry.code_tables import Edition
from sharpeyes.registry.device_code_tables import CAMERA_TYPES, OTHER_TYPES, PROVINCES
from sharpeyes.registry.errors import DeviceCodeError
from sharpeyes.registry.fields import name_unseen

_DIGITS = re.compile(r"[0-9]{20}", re.ASCII)
_ROUNDED = re.compile(r"[0-9.]+[eE]\+?[0-9]+", re.ASCII)
_CODE_DIGITS = 20
_RULE_B_DIGITS = 18
_DISTRICT_DIGITS = 6
_RESERVED_NETWORK = "9"


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A device code and its parts, as digits.

    Attributes:
        text: All 20 digits.
        district_code: Positions 1-6, GB/T 2260: province, city, district; `00` pairs at the end
            where the device belongs to the level above.
        unit: Positions 7-8, the grass-roots unit; `00` for none.
        industry: Positions 9-10; see `device_code_tables.INDUSTRIES`.
        type_code: Positions 11-13; see `device_code_tables.CAMERA_TYPES`.
        network: Position 14; see `device_code_tables.NETWORKS`.
        serial: Positions 15-20.
    """

    text: str
    district_code: str
    unit: str
    industry: str
    type_code: str
    network: str
    serial: str

    @classmethod
    def parse(cls, text: str) -> DeviceCode:
        """Read the code of any device.

        Industries without a name here are accepted: they are reserved in one edition only.

        Raises:
            DeviceCodeError: The text is no device code; the message says what is wrong with it.
        """
        if not has_code_digits(text):
            raise DeviceCodeError(_why_not_digits(text))
        if text[:2] not in PROVINCES:
            raise DeviceCodeError(f"no province has the code {text[:2]} (digits 1-2, GB/T 2260)")
        if text[2:4] == "00" and text[4:6] != "00":
            raise DeviceCodeError(
                f"district {text[4:6]} (digits 5-6) of no city: digits 3-4 are 00"
            )
        if text[13] == _RESERVED_NETWORK:
            raise DeviceCodeError("network 9 (digit 14) is reserved")
        return cls(
            text=text,
            district_code=text[:6],
            unit=text[6:8],
            industry=text[8:10],
            type_code=text[10:13],
            network=text[13],
            serial=text[14:],
        )

    def require_camera(self) -> None:
        """See to it that the code is that of a camera, a thing with one view.

        Raises:
            DeviceCodeError: It names another kind of device.
        """
        if int(self.type_code) in CAMERA_TYPES.values:
            return
        # The types of 2022 only add to those of 2016.
        other = OTHER_TYPES.meaning(int(self.type_code), Edition.E2022)
        what = f"means {other.en}, not camera" if other else "is no type of camera"
        known = ", ".join(map(CAMERA_TYPES.written, sorted(CAMERA_TYPES.values)))
        raise DeviceCodeError(f"type {self.type_code} (digits 11-13) {what}; cameras have {known}")

    def contradicts(self, division_code: str) -> bool:
        """Tell whether a division lies elsewhere than the code says.

        The code of a device that belongs to the city as a whole fits all its districts, and the
        other way round.

        Args:
            division_code: GB/T 2260 or below. A local division's code has letters and says
                nothing about the place, so it contradicts nothing.
        """
        if not division_code.isdigit():
            return False
        ours = _significant(self.district_code)
        theirs = _significant(division_code[:_DISTRICT_DIGITS])
        return not (ours.startswith(theirs) or theirs.startswith(ours))


def has_code_digits(text: str) -> bool:
    """Tell whether a text is 20 digits, be it that they mean something or not."""
    return _DIGITS.fullmatch(text) is not None


def _significant(district_code: str) -> str:
    """Drop the `00` pairs that stand for "the whole of it"."""
    while district_code.endswith("00"):
        district_code = district_code[:-2]
    return district_code


def _why_not_digits(text: str) -> str:
    if not text:
        return "is missing"
    if text.isascii() and text.isdecimal():
        if len(text) != _RULE_B_DIGITS:
            return f"has {len(text)} digits, not {_CODE_DIGITS}"
        return (
            "has 18 digits: it is a code of the older rule B; ask its maintainer for the "
            "20-digit code (GB/T 28181, rule A)"
        )
    if text.isdecimal():
        return "has full-width or other foreign digits; write 0-9"
    if _ROUNDED.fullmatch(text):
        return "is a rounded number: a spreadsheet has lost its last digits; format it as text"
    return name_unseen(text) or f"must be {_CODE_DIGITS} digits 0-9"
