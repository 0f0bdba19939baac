"""How many cameras can be asked, for how much processor and memory."""

from benchmarks.polling.report import run

__all__ = ["run"]
