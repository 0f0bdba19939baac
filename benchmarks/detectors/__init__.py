"""The detectors: cost, state, masks, events, long dwells, and the share of decoding."""

from benchmarks.detectors.report import run

__all__ = ["run"]
