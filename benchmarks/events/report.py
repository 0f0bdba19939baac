"""Runs the parts on a database of its own, and in full again with many events stored."""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from benchmarks.events.intake import Service, measure_intake
from benchmarks.events.latency import INTERVAL_S, measure_latency
from benchmarks.events.relaying import measure_relay
from benchmarks.events.stock import CAMERAS, add_cameras, fill
from sharpeyes.service.access import create_token
from sharpeyes.service.database import open_pool
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.roles import Role

_STORED, _QUICK_STORED = 10_000_000, 0
_SECONDS, _QUICK_SECONDS = 5.0, 1.0
_ROUNDS, _QUICK_ROUNDS = 3, 1
# How many cameras, and where the scene begins: 30 s into it the car stops, and until then the
# service has to be there and to have learned the empty street.
_STREET, _QUICK_STREET = (24, 6.0), (6, 13.0)

Figures = dict[str, dict[str, list[float]]]
"""Of each measure and way, the rates of all rounds."""


def run(quick: bool) -> dict[str, object]:
    """Measure; print a table and return the figures of the last round of all."""
    with (
        tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder,
        EmbeddedPostgres(Path(folder) / "database") as url,
    ):
        return asyncio.run(_run(url, Path(folder), quick=quick))


async def _run(url: str, folder: Path, *, quick: bool) -> dict[str, object]:
    await migrate(url)
    async with await open_pool(url, min_size=1, max_size=24, command_timeout_s=7200) as pool:
        await add_cameras(pool)
        token = await create_token(
            pool, "benchmark", Role.INGEST.scopes, datetime.now(UTC) + timedelta(days=1)
        )
        empty = await _measure(pool, url, folder, token, quick=quick)
        figures, stored = empty, await pool.fetchval("SELECT count(*) FROM event")
        if not quick:
            await fill(pool, _STORED)
            stored = await pool.fetchval("SELECT count(*) FROM event")
            figures = await _measure(pool, url, folder, token, quick=quick)
        # With what is stored, and nothing else to do: nobody hands in or delivers meanwhile.
        street = _QUICK_STREET if quick else _STREET
        latencies_ms = await measure_latency(pool, url, folder, *street)
    print(f"{CAMERAS} cameras, one endpoint; per second: least, median, most")
    last: dict[str, object] = {name: _medians(of) for name, of in figures.items()}
    if not quick:
        last["of_empty"] = {
            name: {key: round(_median(of[key]) / _median(empty[name][key]), 2) for key in of}
            for name, of in figures.items()
        }
    for name, of in figures.items():
        for key, rates in of.items():
            least, median, most = min(rates), _median(rates), max(rates)
            print(f"{name:16} {key:12} {least:9.0f} {median:9.0f} {most:9.0f}")
    latency_ms = {
        "p50": round(_median(latencies_ms)),
        "p99": round(latencies_ms[-(-99 * len(latencies_ms) // 100) - 1]),
    }
    print(
        f"{len(latencies_ms)} vehicles, from the limit to the receiver, frames every "
        f"{INTERVAL_S:g} s; ms: {[round(one) for one in latencies_ms]}"
    )
    return last | {
        "latency_ms": latency_ms,
        "batch_to_bare": _ratio(figures["intake_per_s"], "batch", "bare_insert"),
        "ndjson_to_bare": _ratio(figures["intake_per_s"], "ndjson", "bare_insert"),
        "batch_to_all_rows": _ratio(figures["intake_per_s"], "batch", "bare_all_rows"),
        "delivered_to_bare": _ratio(figures["delivered_per_s"], "ours", "bare_post"),
        "stored": stored,
    }


def _ratio(of: dict[str, list[float]], ours: str, bare: str) -> float:
    """Return the median of the ratios round by round: what slows the machine slows both."""
    return round(_median([a / b for a, b in zip(of[ours], of[bare], strict=True)]), 2)


async def _measure(
    pool: asyncpg.Pool, url: str, folder: Path, token: str, *, quick: bool
) -> Figures:
    seconds, rounds = (_QUICK_SECONDS, _QUICK_ROUNDS) if quick else (_SECONDS, _ROUNDS)
    return {
        "intake_per_s": await measure_intake(pool, Service(url, folder, token), seconds, rounds),
        "delivered_per_s": await measure_relay(pool, seconds, rounds),
    }


def _medians(of: dict[str, list[float]]) -> dict[str, int]:
    return {key: round(_median(rates)) for key, rates in of.items()}


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return (ordered[len(ordered) // 2] + ordered[(len(ordered) - 1) // 2]) / 2
