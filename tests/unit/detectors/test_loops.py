"""Each compiled loop beside a plain statement of its rule, for pictures of any size."""

import cv2
import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from sharpeyes.detectors import background, cells, light, onsets, stillness
from sharpeyes.detectors.surface import to_surface

Array = npt.NDArray[np.int64]

SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))
SEEDS = st.integers(0, 2**32 - 1)
LEVELS = st.integers(0, 40)
any_size = settings(max_examples=40, deadline=None)


def plane(
    random: np.random.Generator, size: tuple[int, ...], most: int = 255
) -> npt.NDArray[np.uint8]:
    """Draw a picture of few levels, so that they are often near each other."""
    return random.choice(random.integers(0, most + 1, 6), size).astype(np.uint8)


def windows(picture: npt.NDArray[np.uint8], radius: int) -> Array:
    """Return (h, w, n, n): what is around each pixel; mirrored beyond the borders."""
    wide = np.pad(picture.astype(np.int64), radius, mode="reflect")
    side = 2 * radius + 1
    return np.lib.stride_tricks.sliding_window_view(wide, (side, side))


@any_size
@given(SIZES, SEEDS, st.integers(1, 30))
def test_motion_is_a_mean_difference(size: tuple[int, int], seed: int, threshold: int) -> None:
    random = np.random.default_rng(seed)
    luma, learned, excess = plane(random, size), plane(random, size), plane(random, size, 64)
    means, foreground = np.empty_like(luma), np.empty_like(luma)
    moving = background._judge(luma, (learned, excess), threshold, (means, foreground))
    beyond = np.abs(luma.astype(int) - learned) - excess
    expected = np.clip(beyond, 0, 2 * threshold).astype(np.uint8)
    for _ in range(2):
        expected = np.floor(windows(expected, 1).mean((2, 3)) + 0.5).astype(np.uint8)
    assert np.array_equal(means, expected)
    assert np.array_equal(foreground, np.where(expected > threshold, 255, 0))
    assert moving == np.count_nonzero(expected > threshold)


@any_size
@given(SIZES, SEEDS, LEVELS, LEVELS, st.integers(0, 12))
def test_the_background_follows(
    size: tuple[int, int], seed: int, rise: int, sink: int, step: int
) -> None:
    random = np.random.default_rng(seed)
    luma, learned, excess = plane(random, size), plane(random, size), plane(random, size, 64)
    foreground = plane(random, size, 1) * np.uint8(255)
    kept, raised = learned.astype(int), excess.astype(int)
    background._learn(luma, foreground, 16, (rise, sink, step), (learned, excess))
    alone = (np.abs(luma - kept) - raised > 16) & (foreground == 0)
    raised = np.where(alone, np.minimum(raised + rise, 64), raised)
    assert np.array_equal(excess, np.maximum(raised - sink, 0))
    assert np.array_equal(learned, kept + np.clip(luma - kept, -step, step))


@any_size
@given(SIZES, SEEDS, st.integers(1, 85), st.integers(0, 1), st.integers(0, 8), st.integers(0, 3))
def test_a_look_of_the_stationary_model(  # noqa: PLR0917  # hypothesis gives them by place
    size: tuple[int, int], seed: int, rise: int, tick: int, step: int, sink: int
) -> None:
    random = np.random.default_rng(seed)
    surface, scenery = plane(random, (2, *size)), plane(random, (2, *size))
    candidate, count, excess = plane(random, size), plane(random, size), plane(random, size, 50)
    held = plane(random, size, 1) * np.uint8(255)
    differs = np.zeros_like(count[::2, ::2])
    noise, slack = np.array([1.0, 3.0]), np.zeros(2, np.int64)
    before = [one.astype(int) for one in (scenery, candidate, count, excess)]
    stillness._look(
        surface, held, (rise, tick, step, sink), (noise, slack),
        (scenery, candidate, count, excess, differs),
    )  # fmt: skip
    was_scenery, was_candidate, was_count, was_excess = before

    levels = np.abs(surface.astype(int) - was_scenery)
    sample = np.sort(levels[:, ::15].reshape(2, -1), axis=1)
    medians = sample[:, sample.shape[1] // 2]
    assert np.allclose(noise, [1.0, 3.0] + 0.2 * (medians - [1.0, 3.0]))
    assert slack.tolist() == [max(0, round(3.5 * one) - 8) for one in noise]
    foreign = (np.maximum(levels - slack[:, None, None], 0) > 8 + was_excess).any(axis=0)
    assert np.array_equal(differs > 0, foreign[::2, ::2])

    counted = foreign & (held == 0)
    change = np.maximum(np.abs(surface[0].astype(int) - was_candidate) - slack[0], 0)
    keeps = counted & (change <= 8 + was_excess)
    risen = np.maximum(was_count, np.minimum(was_count + rise, 240))
    counts = np.where(keeps, risen, np.maximum(was_count - max(1, rise // 2), 0))
    counts = np.where(counts >= 240, np.minimum(counts + tick, 255), counts)
    assert np.array_equal(count, counts)
    assert np.array_equal(candidate, np.where(counted & (counts == 0), surface[0], was_candidate))

    followed = was_scenery + np.clip(surface - was_scenery, -step, step)
    assert np.array_equal(scenery, np.where(foreign | (held > 0), was_scenery, followed))
    alone = foreign & (windows(foreign.astype(np.uint8), 2).sum((2, 3)) < 9)
    raised = np.where(alone, np.minimum(was_excess + 2, 50), was_excess)
    assert np.array_equal(excess, np.maximum(raised - sink, 0))


@any_size
@given(SIZES, SEEDS, st.integers(1, 255), st.integers(1, 4), st.integers(1, 9), st.booleans())
def test_cells_and_what_is_connected(  # noqa: PLR0917  # hypothesis gives them by place
    size: tuple[int, int], seed: int, level: int, least_px: int, least: int, close: bool
) -> None:
    picture = plane(np.random.default_rng(seed), size)
    even = np.pad((picture >= level).astype(int), [(0, size[0] % 2), (0, size[1] % 2)])
    expected = even.reshape(even.shape[0] // 2, 2, -1, 2).sum((1, 3)) >= least_px
    found = cells.cells_of(picture, level, least_px)
    assert np.array_equal(found, np.where(expected, 255, 0))

    if close:
        closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        found = np.asarray(closed, np.uint8).reshape(expected.shape)
    numbers, parts = cells.connected(picture, (level, least_px, least), close)
    total, labels, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    pairs = set(zip(numbers.ravel().tolist(), labels.ravel().tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({two for _, two in pairs})
    large = sorted([area, *box] for *box, area in stats[1:total].tolist() if area >= least)
    assert sorted([area, *box] for area, _, *box in parts.tolist()) == large


@any_size
@given(SIZES, SEEDS)
def test_a_light_is_found_and_finite(size: tuple[int, int], seed: int) -> None:
    random = np.random.default_rng(seed)
    found = light.find_light(plane(random, size), plane(random, size))
    assert 0.25 <= found.gain <= 4.0
    assert np.isfinite(found.offset)


@any_size
@given(SIZES, SEEDS, st.integers(1, 255))
def test_onsets_are_noted(size: tuple[int, int], seed: int, look: int) -> None:
    random = np.random.default_rng(seed)
    differs, began = plane(random, size, 1) * np.uint8(255), plane(random, size)
    expected = np.where(differs == 0, 0, np.where(began == 0, look, began))
    onsets._note(differs, look, began)
    assert np.array_equal(began, expected)
    at_s = random.uniform(0, 10, 256)
    together = np.bincount(expected.ravel(), minlength=256) * (at_s >= 5.0)
    together[0] = 0
    moment, pixels = onsets._busiest(began, at_s, 5.0)
    assert pixels == together.max()
    assert together[moment] == pixels


@any_size
@given(SIZES, SEEDS)
def test_luma_and_warmth(size: tuple[int, int], seed: int) -> None:
    picture = plane(np.random.default_rng(seed), (*size, 3))
    picture.flags.writeable = False
    luma, warmth = to_surface(picture)
    wanted = picture.astype(float) @ [0.114, 0.587, 0.299]
    assert np.abs(luma - wanted).max() <= 0.51
    difference = picture[..., 2].astype(int) - picture[..., 0]
    assert np.array_equal(warmth, np.clip(128 + difference, 0, 255))
