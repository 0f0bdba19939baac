"""Runs all measurements of the detectors and prints them."""

import dataclasses
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
from rich.console import Console
from rich.table import Table

from benchmarks.detectors import composed, events, masks, speed
from benchmarks.detectors.clips import footage_folder, read_clips
from benchmarks.detectors.models import MODELS
from sharpeyes.detectors.verifier import Verifier

HIGHWAY_RATES = (25, 5, 1)
MODEL_NAME = "nanodet_m.onnx"


def run(quick: bool) -> dict[str, object]:  # the one choice of every benchmark
    """Measure, print the tables, and return the figures of the last line."""
    cv2.setNumThreads(1)
    started = time.perf_counter()
    figures: dict[str, object] = {}
    figures |= _speed(300 if quick else 1700)
    figures |= _cameras(6 if quick else 40)
    # What is not timed may use a second core.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, cv2.setNumThreads, (1,)) as beside:
        highway = beside.submit(masks.highway_f1, HIGHWAY_RATES)
        trees = beside.submit(masks.trees_f1)
        figures |= _events(quick=quick)
        figures |= _composed(1 if quick else composed.SCENES)
        figures |= _masks(highway.result(), trees.result())
    figures["took_s"] = round(time.perf_counter() - started, 1)
    return figures


def _speed(frames: int) -> dict[str, object]:
    costs = speed.model_costs(frames)
    costs["ours_colour"] = speed.colour_cost(frames)
    costs["ours_colour_1fps"] = speed.colour_cost(frames, 1.0)
    mog2 = costs["mog2"].mean_us
    rows = [
        (
            name,
            f"{cost.mean_us:.0f}",
            f"{cost.median_us:.0f}",
            f"{cost.p99_us:.0f}",
            f"{mog2 / cost.mean_us:.1f}",
            f"{cost.state_bytes / 1024:.0f}",
        )
        for name, cost in costs.items()
    ]
    title = "One frame of the busiest clip at 320 x 180, one thread"
    _print(title, ("model", "mean us", "median us", "p99 us", "MOG2 / it", "state kB"), rows)
    ours = costs["ours"]
    return {
        "us_per_frame": {name: round(cost.mean_us, 1) for name, cost in costs.items()},
        "us_per_frame_median": {name: round(cost.median_us, 1) for name, cost in costs.items()},
        "us_per_frame_p99": {name: round(cost.p99_us, 1) for name, cost in costs.items()},
        "state_bytes": {name: costs[name].state_bytes for name in MODELS},
        "ratios": {
            "mog2_mean_to_ours_mean": round(mog2 / ours.mean_us, 2),
            "mog2_mean_to_ours_p99": round(mog2 / ours.p99_us, 2),
            "mog2_median_to_ours_median": round(costs["mog2"].median_us / ours.median_us, 2),
        },
    }


def _cameras(frames: int) -> dict[str, object]:
    costs = speed.camera_costs(frames)
    rows = [
        (
            cost.source,
            f"{cost.decode_us:.0f}",
            f"{cost.detect_us:.0f}",
            f"{cost.share:.0%}",
            cost.cameras_per_core,
        )
        for cost in costs
    ]
    columns = ("source", "decode us", "detect us", "detector's share", "cameras per core")
    _print("One frame in 5 s from each camera", columns, rows)
    return {
        "decode_share": {cost.source: round(1 - cost.share, 3) for cost in costs},
        "cameras_per_core": {cost.source: cost.cameras_per_core for cost in costs},
    }


def _masks(highway: dict[str, dict[str, float]], trees: dict[str, float]) -> dict[str, object]:
    scores = {"cdnet-highway": highway, "wallflower-wavingtrees": {"4": trees}}
    rows = [
        (name, rate, *(f"{score:.3f}" for score in by_model.values()))
        for name, by_rate in scores.items()
        for rate, by_model in by_rate.items()
    ]
    _print("Foreground F1", ("clip", "frames a second", *masks.COMPARED), rows)
    return {"f1": scores}


def _events(*, quick: bool) -> dict[str, object]:
    runs: dict[str, tuple[float, Verifier | None]] = {"events": (events.DWELL_S, None)}
    if not quick:
        runs["events_dwell_12"] = (2 * events.DWELL_S, None)
        if (model := _model_path()).is_file():
            runs["events_with_model"] = (events.DWELL_S, Verifier(model.read_bytes()))
    tallies = {name: events.Tally() for name in runs}
    for name, (dwell_s, verifier) in runs.items():
        for clip in read_clips():
            events.look_through(clip, tallies[name], dwell_s, verifier)
    rows = [
        (name, len(one.found), len(one.missed), len(one.false), len(one.others), one.tiny)
        for name, one in tallies.items()
    ]
    columns = ("run", "found", "missed", "false", "people, bags", "tiny vehicle (delay s)")
    _print("Abandoned vehicles over all clips, 2 frames a second", columns, rows)
    return {name: _event_figures(tally) for name, tally in tallies.items()}


def _event_figures(tally: events.Tally) -> dict[str, object]:
    counts = {name: len(value) for name, value in dataclasses.asdict(tally).items()}
    return counts | {
        "delays_s": tally.found,
        "missed_clips": tally.missed,
        "false_clips": tally.false,
        "tiny_delays_s": tally.tiny,
    }


def _composed(scenes: int) -> dict[str, object]:
    result = composed.run_scenes(scenes)
    rows = [
        (
            result.scenes,
            result.found,
            result.missed,
            result.repeated,
            result.false,
            f"{result.camera_hours:.1f}",
        )
    ]
    columns = ("scenes", "found", "missed", "told twice", "false", "camera hours")
    _print("Composed half hours and more", columns, rows)
    return {"composed": dataclasses.asdict(result)}


def _model_path() -> Path:
    return footage_folder().parent / "models" / MODEL_NAME


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(title=title, title_justify="left", box=None)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*map(str, row))
    Console(width=130).print(table, "")
