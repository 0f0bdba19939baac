"""The registry: import beside a bare COPY, re-import, export, memory, and how quickly it finds."""

from benchmarks.registry.report import run

__all__ = ["run"]
