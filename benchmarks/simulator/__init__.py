"""The simulated city: what a check costs it, and what its memory is; and what judges a judgement.

`python -m benchmarks.simulator scenario` writes the eight faults, `score` compares a truth log with
what a judgement said.
"""

from benchmarks.simulator.report import run

__all__ = ["run"]
