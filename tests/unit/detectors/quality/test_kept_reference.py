import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharpeyes.detectors.errors import PictureError
from sharpeyes.detectors.quality import Reference, learn, measure
from sharpeyes.detectors.quality.kept_reference import KeptReference, keep, restore


def reference(seed: int, height: int = 270, width: int = 480) -> Reference:
    random, known = np.random.default_rng(seed), None
    blocks = random.integers(0, 256, (height // 30, width // 30, 3))
    for _ in range(2):
        noise = random.normal(0, 3, (height, width, 3))
        picture = np.clip(np.kron(blocks, np.ones((30, 30, 1))) + noise, 0, 255)
        known = learn(known, measure(np.asarray(picture, np.uint8)))
    assert known is not None
    return known


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 99))
def test_what_is_restored_judges_as_what_was_kept(seed: int) -> None:
    before = reference(seed)
    kept = keep(before)
    after = restore(kept)

    assert np.array_equal(after.luma, before.luma)
    assert np.array_equal(after.seen, before.seen)
    assert np.abs(after.red_green_tiles - before.red_green_tiles).max() <= 0.051
    assert (after.samples, after.noise, after.is_mono) == (2, before.noise, before.is_mono)
    assert after.is_ready is before.is_ready
    assert len(kept.png) <= 24_576
    assert len(kept.figures) <= 2048


@pytest.mark.parametrize("damage", ["png", "figures", "version"])
def test_what_is_broken_is_said_to_be(damage: str) -> None:
    kept = keep(reference(1))
    broken = {
        "png": KeptReference(b"\x89PNG", kept.figures),
        "figures": KeptReference(kept.png, kept.figures[:-40]),
        "version": KeptReference(kept.png, b"\x81\xa3new\x01"),
    }[damage]
    with pytest.raises(PictureError, match="kept reference cannot be read"):
        restore(broken)
