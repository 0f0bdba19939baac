"""JPEG pictures from devices: looked at before they are decoded."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from sharpeyes.devices.fault import Fault, FaultKind

_START = b"\xff\xd8"
_END = b"\xff\xd9"
_SCAN = b"\xff\xda"
# Start of frame, C0 to CF, without the tables C4, C8 and CC that share the range.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# Ten are usual in a progressive picture; each costs a pass over the whole of it.
_MOST_SCANS = 64
# FF 00 is no marker: decoders look for the next one right behind it, and do not step over it.
_NO_MARKER = 0x00
_MODES = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def decode_jpeg(
    data: bytes, *, max_pixels: int, reduce: Literal[1, 2, 4, 8] = 1
) -> NDArray[np.uint8] | Fault:
    """Decode a picture, unless it is broken, cut off or too costly.

    An orientation in the picture's EXIF data is ignored on purpose: zones and privacy masks are
    drawn on the sensor's picture, and a turned picture would slip from under them.

    Args:
        data: The picture as it came.
        max_pixels: Most pixels that the picture may have, before reduction.
        reduce: Decode at one half, quarter or eighth of width and height, at a fraction of the
            cost.

    Returns:
        The picture: uint8 of shape (H, W, 3), BGR.
    """
    size = jpeg_size(data)
    if size is None:
        return _unusable("is no JPEG, or has no readable header")
    width_px, height_px = size
    if width_px * height_px > max_pixels:
        told = f"claims {width_px} x {height_px} pixels, more than the {max_pixels} that are taken"
        return _unusable(told)
    # Inside scans FF is always followed by 00, so these bytes are markers wherever they stand.
    if data.count(_SCAN) > _MOST_SCANS:
        return _unusable(f"has more than {_MOST_SCANS} scans")
    if data.rfind(_END) < data.rfind(_SCAN):
        return _unusable("is cut off before its end")
    picture = cv2.imdecode(
        np.frombuffer(data, np.uint8), _MODES[reduce] | cv2.IMREAD_IGNORE_ORIENTATION
    )
    if picture is None:
        return _unusable("cannot be decoded")
    return np.asarray(picture, dtype=np.uint8)


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return a JPEG's width and height in pixels from its header; None if it has none."""
    if not data.startswith(_START):
        return None
    position = len(_START)
    while position + 4 <= len(data) and data[position] == 0xFF:  # noqa: PLR2004  # a marker's byte
        marker = data[position + 1]
        if marker == _NO_MARKER:
            return None
        if marker == 0xFF:  # noqa: PLR2004  # fill bytes before a marker
            position += 1
        elif marker in _STANDALONE:
            position += 2
        elif marker in _FRAMES:
            height_px = int.from_bytes(data[position + 5 : position + 7])
            width_px = int.from_bytes(data[position + 7 : position + 9])
            return (width_px, height_px) if width_px and height_px else None
        else:
            position += 2 + max(2, int.from_bytes(data[position + 2 : position + 4]))
    return None


def _unusable(told: str) -> Fault:
    return Fault(FaultKind.PROTOCOL, f"the picture {told}")
