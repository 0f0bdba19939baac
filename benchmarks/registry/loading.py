"""Getting cameras in and out: a bare COPY, an import, the same again, an export, in one process."""

from __future__ import annotations

import asyncio
import resource
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from benchmarks.registry.city import HEADER
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.exporting import ExportQuery, export
from sharpeyes.registry.import_job import ImportJob
from sharpeyes.registry.sheet_opening import open_sheet
from sharpeyes.service.database import open_pool
from sharpeyes.service.garbage import collect_seldom

_KEY = bytes(32)
_COPY_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Loading:
    """What was measured; seconds, and megabytes at most of the process that imports."""

    copy_s: float
    import_s: float
    reimport_s: float
    export_s: float
    peak_mb: float
    refused: int


def measure(url: str, sheet: Path) -> Loading:
    """Measure with a sheet on a database that has the city's divisions and no cameras."""
    collect_seldom()
    return asyncio.run(_measure(url, sheet))


async def _measure(url: str, sheet: Path) -> Loading:
    async with await open_pool(url, min_size=1, max_size=4) as pool:
        copy_s = await _copy(pool, sheet)
        import_s, first = await _import(pool, sheet)
        reimport_s, again = await _import(pool, sheet)
        # So that what follows finds the tables as autovacuum leaves them.
        await pool.execute("VACUUM ANALYZE camera", timeout=_COPY_TIMEOUT_S)
        export_s = await _export(pool)
    if again.total.unchanged != first.total.added:
        raise AssertionError(f"imported again, not all is unchanged: {again.total}")
    return Loading(
        copy_s=copy_s,
        import_s=import_s,
        reimport_s=reimport_s,
        export_s=export_s,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        refused=first.total.refused_rows,
    )


async def _copy(pool: asyncpg.Pool, sheet: Path) -> float:
    """Copy the sheet into a table of texts without an index, which checks nothing."""
    columns = [f"c{number}" for number in range(len(HEADER))]
    await pool.execute(f"CREATE TABLE bare ({', '.join(f'{c} text' for c in columns)})")
    started = time.perf_counter()
    with sheet.open("rb") as source:
        await pool.copy_to_table(
            "bare", source=source, format="csv", header=True, timeout=_COPY_TIMEOUT_S
        )
    took_s = time.perf_counter() - started
    await pool.execute("DROP TABLE bare")
    return took_s


async def _import(pool: asyncpg.Pool, sheet: Path) -> tuple[float, ImportJob]:
    started = time.perf_counter()
    with sheet.open("rb") as source:
        job = ImportJob(
            pool,
            CredentialStore(pool, _KEY),
            open_sheet(source, sheet.name),
            actor="benchmark",
            now=datetime.now(UTC),
        )
        await job.start()
        async for _ in job.run():
            pass
    return time.perf_counter() - started, job


async def _export(pool: asyncpg.Pool) -> float:
    started = time.perf_counter()
    async for _ in export(pool, ExportQuery()):
        pass
    return time.perf_counter() - started
