"""Whether the cause that is named is the one that was at work: eight faults in a simulated city."""

from benchmarks.causes.report import run

__all__ = ["run"]
