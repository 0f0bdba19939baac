"""Events: durable intake beside bare inserts, and one relay beside posting that keeps no record."""

from benchmarks.events.report import run

__all__ = ["run"]
