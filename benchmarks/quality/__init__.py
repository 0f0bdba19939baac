"""Picture quality: faults found, false ones on clean footage, confusion and cost."""

from benchmarks.quality.report import run

__all__ = ["run"]
