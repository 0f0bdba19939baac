"""The folder through which the processes of one machine share their metrics."""

from pathlib import Path

# prometheus-client reads this when a metric is made: each process writes its figures to a file
# there, and whichever is scraped adds all of them up.
MULTIPROCESS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def prepare_folder(folder: Path) -> None:
    """Empty the folder of metric files that an earlier run left, so that its sums do not add."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.db"):
        stale.unlink()
