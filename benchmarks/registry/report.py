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
from benchmarks.registry.finding import measure_finding
from benchmarks.registry.loading import Loading, measure
from sharpeyes.service.database import open_pool
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.settings import LogSettings

QUICK_ROWS = 50_000
ROWS = 1_000_000
QUICK_ROUNDS = 10
ROUNDS_EACH = 40


def run(quick: bool) -> dict[str, object]:  # the one choice of every benchmark
    """Measure, print the tables, and return the figures of the last line."""
    configure_logging(LogSettings(level="warning", format="console"))
    rows = QUICK_ROWS if quick else ROWS
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder:
        sheet = Path(folder) / "cameras.csv"
        city = make_divisions()
        with sheet.open("w", encoding="utf-8", newline="") as target:
            write_csv(target, make_rows(rows, city))
        with EmbeddedPostgres(Path(folder) / "data") as url:
            asyncio.run(_prepare(url))
            # In a process of its own, so that the peak is the importer's.
            spawn = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, spawn) as importer:
                loading = importer.submit(measure, url, sheet).result()
            figures = _loading_figures(rows, loading)
            figures["p95_ms"] = _finding_figures(url, QUICK_ROUNDS if quick else ROUNDS_EACH)
    figures["took_s"] = round(time.perf_counter() - started, 1)
    return figures


async def _prepare(url: str) -> None:
    await migrate(url)
    async with await open_pool(url, min_size=1, max_size=1) as pool:
        await add_divisions(pool, make_divisions())


def _finding_figures(url: str, rounds: int) -> dict[str, float]:
    figures = measure_finding(url, rounds)
    table = Table(title="Finding, 95th percentile", title_justify="left", box=None)
    table.add_column("search")
    table.add_column("ms", justify="right")
    for name, took_ms in figures.items():
        table.add_row(name, f"{took_ms:.1f}")
    Console(width=110).print(table, "")
    return figures


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
