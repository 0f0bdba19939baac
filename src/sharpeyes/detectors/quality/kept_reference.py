"""A reference as bytes, to be kept between pictures: a small grey picture and its figures."""

import cv2
import msgspec
import numpy as np

from sharpeyes.detectors.errors import PictureError
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.quality.reference import Reference
from sharpeyes.detectors.quality.tiles import TILES, Tiles

_NUMBERS = (
    "samples",
    "brightness",
    "lit_level",
    "sharpness",
    "noise",
    "stripe_peak",
    "line_unrest",
    "bright_share",
    "red_green",
    "yellow_blue",
    "is_mono",
)


class _Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All but the picture; tiles row by row, Lab units in tenths."""

    samples: int
    brightness: float
    lit_level: float
    sharpness: float
    noise: float
    stripe_peak: float
    line_unrest: float
    bright_share: float
    red_green: float
    yellow_blue: float
    is_mono: bool
    seen: bytes
    red_green_tiles: bytes
    yellow_blue_tiles: bytes


class KeptReference(msgspec.Struct, frozen=True):
    """What is kept of a reference.

    Attributes:
        png: its picture, grey, at most 160 pixels long, without privacy zones: 16 kB at most.
        figures: MessagePack, less than 1 kB.
    """

    png: bytes
    figures: bytes


def keep(reference: Reference) -> KeptReference:
    """Return what `restore` needs."""
    _, png = cv2.imencode(".png", reference.luma)
    figures = _Figures(
        **{name: getattr(reference, name) for name in _NUMBERS},
        seen=np.packbits(reference.seen).tobytes(),
        red_green_tiles=_packed(reference.red_green_tiles),
        yellow_blue_tiles=_packed(reference.yellow_blue_tiles),
    )
    return KeptReference(png.tobytes(), msgspec.msgpack.encode(figures))


def restore(kept: KeptReference) -> Reference:
    """Return the reference that was kept.

    Raises:
        PictureError: it is broken, or of another version of this program.
    """
    try:
        figures = msgspec.msgpack.decode(kept.figures, type=_Figures)
        return Reference(
            **{name: getattr(figures, name) for name in _NUMBERS},
            luma=_picture(kept.png),
            seen=np.unpackbits(np.frombuffer(figures.seen, np.uint8), count=TILES[0] * TILES[1])
            .reshape(TILES)
            .astype(np.bool_),
            red_green_tiles=_unpacked(figures.red_green_tiles),
            yellow_blue_tiles=_unpacked(figures.yellow_blue_tiles),
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise PictureError(f"the kept reference cannot be read: {error}") from error


def _picture(png: bytes) -> Plane:
    luma = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    if luma is None:
        raise ValueError("it holds no picture")
    return np.asarray(luma, np.uint8)


def _packed(tiles: Tiles) -> bytes:
    return np.asarray(np.rint(tiles * 10), "<i2").tobytes()


def _unpacked(data: bytes) -> Tiles:
    return np.asarray(np.frombuffer(data, "<i2").reshape(TILES) / 10, np.float32)
