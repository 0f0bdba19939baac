"""What ONVIF devices answer, read leniently: many leave parts out or write them oddly."""

from dataclasses import dataclass

from lxml import etree

_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """What a device says it is; unknown parts are empty."""

    manufacturer: str
    model: str
    firmware_version: str
    serial_number: str
    hardware_id: str


@dataclass(frozen=True, slots=True)
class MediaProfile:
    """One combination of source and encoding that a device offers.

    Args:
        token: The device's name for it, to ask for its addresses.
        name: For people.
        source_token: The device's name for the lens or input it shows.
        codec: "H264", "H265", "JPEG" ..., or "".
        width_px: Picture width, or None where not told.
        height_px: Picture height, or None where not told.
        frames_per_s: Highest frame rate, or None where not told.
    """

    token: str
    name: str
    source_token: str
    codec: str
    width_px: int | None
    height_px: int | None
    frames_per_s: float | None


def read_device_information(answer: etree._Element) -> DeviceInformation:
    """Read the answer to GetDeviceInformation."""
    return DeviceInformation(
        manufacturer=_text(answer, "{*}Manufacturer"),
        model=_text(answer, "{*}Model"),
        firmware_version=_text(answer, "{*}FirmwareVersion"),
        serial_number=_text(answer, "{*}SerialNumber"),
        hardware_id=_text(answer, "{*}HardwareId"),
    )


def read_profiles(answer: etree._Element) -> tuple[MediaProfile, ...]:
    """Read the answer to GetProfiles."""
    return tuple(_profile(element) for element in answer.iterfind("{*}Profiles"))


def _profile(element: etree._Element) -> MediaProfile:
    encoder = "{*}VideoEncoderConfiguration"
    frames_per_s = _number(element, f"{encoder}/{{*}}RateControl/{{*}}FrameRateLimit")
    width = _number(element, f"{encoder}/{{*}}Resolution/{{*}}Width")
    height = _number(element, f"{encoder}/{{*}}Resolution/{{*}}Height")
    return MediaProfile(
        token=element.get("token", ""),
        name=_text(element, "{*}Name"),
        source_token=_text(element, "{*}VideoSourceConfiguration/{*}SourceToken"),
        codec=_text(element, f"{encoder}/{{*}}Encoding").upper(),
        width_px=None if width is None else int(width),
        height_px=None if height is None else int(height),
        frames_per_s=frames_per_s,
    )


def _text(element: etree._Element, path: str) -> str:
    text = element.findtext(path) or ""
    return "".join(c for c in text if c.isprintable()).strip()[:_LONGEST_TEXT]


def _number(element: etree._Element, path: str) -> float | None:
    text = _text(element, path)
    return float(text) if text.isascii() and text.isdigit() else None
