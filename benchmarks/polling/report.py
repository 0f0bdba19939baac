"""Runs all measurements of polling and prints them."""

from __future__ import annotations

import math
import multiprocessing
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.polling import references
from benchmarks.polling.city import false_transitions, kill_one, prepare
from benchmarks.polling.crowd import crowd
from benchmarks.polling.poller import Polled, poll
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.metrics_folder import MULTIPROCESS_FOLDER
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.settings import LogSettings

FEW = 5_000
MANY = 250_000
KILLED = 10_000

_Answer = TypeVar("_Answer")


def run(quick: bool) -> dict[str, object]:  # the one choice of every benchmark
    """Measure, print the tables, and return the figures of the last line."""
    configure_logging(LogSettings(level="warning", format="console"))
    with tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder:
        # As in the service: the counts of each process lie in files.
        metrics = Path(folder) / "metrics"
        metrics.mkdir()
        os.environ[MULTIPROCESS_FOLDER] = str(metrics)
        with EmbeddedPostgres(Path(folder) / "data") as url:
            figures = _rates(url, quick)
            fleet = _fleet(url, quick)
            if not quick:
                fleet["false_transitions_after_kill"] = _killed(url)
    return {**figures, "fleet": fleet}


def _rates(url: str, quick: bool) -> dict[str, object]:
    rounds = 1 if quick else 3
    prepare(url, FEW)
    with crowd(FEW) as pid:
        # In turns, so that each has its share of whatever else the machine does.
        names = ("ours", "aiortsp", "blackbox_exporter", "streams", "onvif_ours", "onvif_zeep")
        rates: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(rounds):
            polled = _alone(
                partial(
                    poll, url, pid, interval_s=1.0, warm_up_s=2.0, lasts_s=3.0 if quick else 8.0
                )
            )
            rates["ours"].append(polled.checks / polled.cpu_s)
            for name, measure, checks in (
                ("aiortsp", references.aiortsp_rate, 4_000),
                ("blackbox_exporter", references.blackbox_rate, 1_500),
                ("streams", references.streams_rate, 8_000),
                ("onvif_ours", references.onvif_rate, 2_000),
                ("onvif_zeep", references.onvif_zeep_rate, 150),
            ):
                rate = _alone(partial(measure, FEW, checks))
                if rate is not None:
                    rates[name].append(rate)
    table = Table(title="For each second of processor time", title_justify="left", box=None)
    for column in ("what", "checks", "least to most", "ours / it"):
        table.add_column(column, justify="left" if column == "what" else "right")
    known = {name: round(median(seen)) if seen else None for name, seen in rates.items()}
    for name, what in (
        ("ours", "RTSP: ours, judged, counted, planned"),
        ("aiortsp", "RTSP: aiortsp on uvloop"),
        ("streams", "RTSP: asyncio streams on uvloop, nothing read"),
        ("blackbox_exporter", "RTSP: prometheus-blackbox-exporter"),
        ("onvif_ours", "ONVIF time: ours"),
        ("onvif_zeep", "ONVIF time: onvif-zeep, its service made before"),
    ):
        rate, ours = known[name], known["onvif_ours" if name.startswith("onvif") else "ours"]
        if rate is None or ours is None:
            table.add_row(what, "not installed", "", "")
            continue
        spread = f"{min(rates[name]):,.0f} to {max(rates[name]):,.0f}"
        table.add_row(what, f"{rate:,}", spread, f"{ours / rate:.2f}")
    Console(width=110).print(table, "")
    return {
        "checks_per_cpu_s": {
            name: known[name] for name in ("ours", "aiortsp", "blackbox_exporter", "streams")
        },
        "onvif_per_cpu_s": {"ours": known["onvif_ours"], "onvif_zeep": known["onvif_zeep"]},
    }


def _fleet(url: str, quick: bool) -> dict[str, object]:
    cameras, interval_s = (FEW, 2.0) if quick else (MANY, 60.0)
    prepare(url, cameras)
    with crowd(cameras) as pid:
        polled = _alone(
            partial(
                poll,
                url,
                pid,
                interval_s=interval_s,
                warm_up_s=1.5 * interval_s + (1.0 if quick else 15.0),
                lasts_s=5.0 if quick else 300.0,
            )
        )
    figures = _fleet_figures(polled, cameras, interval_s)
    figures["false_transitions"] = false_transitions(url)
    table = Table(title=f"{cameras:,} cameras", title_justify="left", box=None)
    table.add_column("what")
    table.add_column("", justify="right")
    for name, figure in figures.items():
        table.add_row(name.replace("_", " "), f"{figure:,}")
    Console(width=110).print(table, "")
    return {**figures}


def _fleet_figures(polled: Polled, cameras: int, interval_s: float) -> dict[str, float]:
    delays_ms = sorted(delay_s * 1000 for delay_s in polled.delays_s)
    return {
        "cameras": cameras,
        "interval_s": interval_s,
        "wanted_per_s": round(cameras / interval_s, 1),
        "achieved_per_s": round(polled.checks / polled.took_s, 1),
        "delay_p50_ms": round(_percentile(delays_ms, 0.5), 1),
        "delay_p99_ms": round(_percentile(delays_ms, 0.99), 1),
        "poller_cpu_ratio": round(polled.cpu_s / polled.took_s, 3),
        "cameras_cpu_ratio": round(polled.others_cpu_s / polled.took_s, 3),
        "bytes_per_camera": round(polled.bytes_per_camera),
        "put_off": polled.put_off,
    }


def _killed(url: str) -> int:
    """Kill pollers of 10,000 cameras, and let another one go on; return what was told falsely."""
    prepare(url, KILLED)
    with crowd(KILLED) as pid:
        kill_one(url, pid, interval_s=5.0)
        _alone(partial(poll, url, pid, interval_s=5.0, warm_up_s=0.0, lasts_s=20.0))
    return false_transitions(url)


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[math.ceil(share * len(ordered)) - 1]


def _alone(measure: Callable[[], _Answer]) -> _Answer:
    """Measure in a process of its own, so that processor time and memory are its alone."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure).result()
