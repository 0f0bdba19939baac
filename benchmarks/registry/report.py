"""Runs all measurements of the registry and prints them."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.registry.city import add_divisions, make_divisions, make_rows, write_csv
from benchmarks.registry.finding import CALLERS, Took, measure_finding
from benchmarks.registry.loading import Loading, measure
from sharpeyes.service.database import open_pool
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.settings import LogSettings

QUICK_ROWS = 50_000
SMALLER_ROWS = 294_000
ROWS = 1_000_000
QUICK_ROUNDS = 5
ROUNDS_EACH = 40


def run(quick: bool) -> dict[str, object]:  # the one choice of every benchmark
    """Measure, print the tables, and return the figures of the last line.

    They are those of the largest registry; of smaller ones there is a line each, by their rows.
    """
    configure_logging(LogSettings(level="warning", format="console"))
    started = time.perf_counter()
    if quick:
        figures = _measure(QUICK_ROWS, QUICK_ROUNDS)
    else:
        figures = {"smaller": [_measure(SMALLER_ROWS, ROUNDS_EACH)]}
        figures = _measure(ROWS, ROUNDS_EACH) | figures
    figures["took_s"] = round(time.perf_counter() - started, 1)
    return figures


def _measure(rows: int, rounds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder:
        sheet = Path(folder) / "cameras.csv"
        with sheet.open("w", encoding="utf-8", newline="") as target:
            write_csv(target, make_rows(rows, make_divisions()))
        with EmbeddedPostgres(Path(folder) / "data") as url:
            asyncio.run(_prepare(url))
            # In a process of its own, so that the peak is the importer's.
            spawn = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, spawn) as importer:
                loading = importer.submit(measure, url, sheet).result()
            figures = _loading_figures(rows, loading)
            return figures | _finding_figures(rows, measure_finding(url, rounds))


async def _prepare(url: str) -> None:
    await migrate(url)
    async with await open_pool(url, min_size=1, max_size=1) as pool:
        await add_divisions(pool, make_divisions())


def _finding_figures(rows: int, took: dict[str, dict[str, Took]]) -> dict[str, object]:
    table = Table(
        title=f"Finding among {rows:,}: ms, of half and of 95 in 100",
        title_justify="left",
        box=None,
    )
    table.add_column("search")
    for caller in CALLERS:
        table.add_column(f"{caller}, 50 %", justify="right")
        table.add_column("95 %", justify="right")
    figures: dict[str, dict[str, float]] = {"p50_ms": {}, "p95_ms": {}}
    for name, callers in took.items():
        cells = []
        for caller in CALLERS:
            one = callers.get(caller)
            cells += ["", ""] if one is None else [f"{one.p50_ms:.1f}", f"{one.p95_ms:.1f}"]
            if one is not None:
                own = name if caller == "city" else f"{name} ({caller})"
                figures["p50_ms"][own], figures["p95_ms"][own] = one.p50_ms, one.p95_ms
        table.add_row(name, *cells)
    Console(width=110).print(table, "")
    return dict(figures)


def _loading_figures(rows: int, loading: Loading) -> dict[str, object]:
    table = Table(title=f"{rows:,} cameras in 30 columns", title_justify="left", box=None)
    for column in ("what", "s", "rows a second", "bare COPY / it"):
        table.add_column(column)
    rates = {}
    for name, what, took_s in (
        ("copy", "bare COPY, unchecked, no index", loading.copy_s),
        ("import", "import, checked, all indexes and history", loading.import_s),
        ("reimport", "the same file again", loading.reimport_s),
        ("export", "export, all fields", loading.export_s),
    ):
        rates[f"{name}_rows_per_s"] = round(rows / took_s)
        ratio = loading.copy_s / took_s
        table.add_row(what, f"{took_s:.1f}", f"{rows / took_s:,.0f}", f"{ratio:.2f}")
    Console(width=110).print(table, f"\npeak of the importer: {loading.peak_mb:,.0f} MB\n")
    return {
        "rows": rows,
        **rates,
        "peak_mb": round(loading.peak_mb, 1),
        "refused": loading.refused,
        "ratios": {
            "copy_to_import": round(loading.copy_s / loading.import_s, 3),
            "import_to_reimport": round(loading.import_s / loading.reimport_s, 2),
        },
    }
