import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sharpeyes.devices.fault import Fault
from sharpeyes.devices.jpeg import decode_jpeg, jpeg_size

MAX_PIXELS = 1_000_000


def picture() -> NDArray[np.uint8]:
    """Return 48 rows of 64 columns, blue on the left and red on the right."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, :32, 0] = 255
    pixels[:, 32:, 2] = 255
    return pixels


def encoded(*flags: int) -> bytes:
    done, data = cv2.imencode(".jpg", picture(), list(flags))
    assert done
    return data.tobytes()


def evidence(data: bytes) -> str:
    fault = decode_jpeg(data, max_pixels=MAX_PIXELS)
    assert isinstance(fault, Fault)
    return fault.evidence


@pytest.mark.parametrize("flags", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
def test_decodes(flags: tuple[int, ...]) -> None:
    decoded = decode_jpeg(encoded(*flags), max_pixels=MAX_PIXELS)

    assert isinstance(decoded, np.ndarray)
    assert decoded.shape == (48, 64, 3)
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - picture())[:, 8:-8].mean() < 10


@pytest.mark.parametrize(("reduce", "shape"), [(2, (24, 32, 3)), (4, (12, 16, 3)), (8, (6, 8, 3))])
def test_decodes_reduced(reduce: int, shape: tuple[int, int, int]) -> None:
    decoded = decode_jpeg(encoded(), max_pixels=MAX_PIXELS, reduce=reduce)  # type: ignore[arg-type]  # parametrized

    assert isinstance(decoded, np.ndarray)
    assert decoded.shape == shape
    assert decoded[3, 1, 0] > 200


def test_reads_the_size_of_the_header() -> None:
    assert jpeg_size(encoded()) == (64, 48)
    assert jpeg_size(b"\xff\xd8\xff\xff" + encoded()[3:]) == (64, 48)


def test_hostile_56_a_picture_that_claims_too_much_is_refused_before_decoding_it() -> None:
    data = encoded()
    start = data.index(b"\xff\xc0")
    huge = data[: start + 5] + struct.pack(">HH", 65_500, 65_500) + data[start + 9 :]

    assert "claims 65500 x 65500 pixels" in evidence(huge[:400])


def test_refuses_a_picture_that_hides_its_size_behind_a_marker_that_is_none() -> None:
    """FF 00 is no marker: we would step over what the decoder goes on to read."""
    data = encoded()
    start = data.index(b"\xff\xc0")
    hidden = data[2 : start + 5] + struct.pack(">HH", 2_000, 2_000) + data[start + 9 :]
    evil = b"\xff\xd8\xff\x00" + struct.pack(">H", len(hidden) + 2) + hidden + data[2:]
    # What the decoder sees is what must be refused, or this would show nothing.
    seen = cv2.imdecode(np.frombuffer(evil, np.uint8), cv2.IMREAD_COLOR)
    assert seen is not None
    assert seen.shape == (2_000, 2_000, 3)

    assert "no JPEG" in evidence(evil)


@pytest.mark.parametrize("missing", [2, 10, 50])
def test_hostile_57_a_picture_that_is_cut_off_is_refused(missing: int) -> None:
    data = encoded()
    assert data.rindex(b"\xff\xda") < len(data) - missing

    assert "cut off" in evidence(data[:-missing])


def test_bears_what_some_cameras_append() -> None:
    assert isinstance(decode_jpeg(encoded() + b"\0" * 100, max_pixels=MAX_PIXELS), np.ndarray)


def test_hostile_58_endless_scans_are_refused() -> None:
    data = encoded(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    start, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")

    assert "more than 64 scans" in evidence(data[:start] + data[start:end] * 10_000 + data[end:])


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"<html>", b"\xff\xd8\xff\xe0\xff", b"\xff\xd8" + b"\xff" * 100, b"GIF89a"],
)
def test_refuses_what_is_no_jpeg(data: bytes) -> None:
    assert "no JPEG" in evidence(data)


def test_refuses_what_only_begins_like_one() -> None:
    data = encoded()
    start = data.index(b"\xff\xc0")

    assert "cannot be decoded" in evidence(data[: start + 19] + b"\xff\xda\xff\xd9")


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_hostile_63_an_orientation_that_would_move_the_mask_is_ignored(orientation: int) -> None:
    tag = struct.pack("<HHII", 0x0112, 3, 1, orientation)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + tag + b"\0\0\0\0"
    turned = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + encoded()[2:]
    # The tag is one that others obey, or this would show nothing.
    obeyed = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
    upright = decode_jpeg(encoded(), max_pixels=MAX_PIXELS)
    assert obeyed is not None
    assert isinstance(upright, np.ndarray)
    assert not np.array_equal(obeyed, upright)

    decoded = decode_jpeg(turned, max_pixels=MAX_PIXELS)
    reduced = decode_jpeg(turned, max_pixels=MAX_PIXELS, reduce=2)

    assert isinstance(decoded, np.ndarray)
    assert isinstance(reduced, np.ndarray)
    assert np.array_equal(decoded, upright)
    assert reduced[12, 4, 0] > 200
    assert reduced[12, 28, 2] > 200


@given(st.binary(max_size=100), st.integers(0, 700))
def test_bears_any_damage(damage: bytes, place: int) -> None:
    data = encoded()

    decoded = decode_jpeg(
        data[:place] + damage + data[place + len(damage) :], max_pixels=MAX_PIXELS
    )

    assert isinstance(decoded, Fault | np.ndarray)
