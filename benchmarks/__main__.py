"""`python -m benchmarks NAME [--quick]`: a table for people, and one line of JSON at the end."""

import argparse
import sys
from collections.abc import Callable

import msgspec

from benchmarks import (
    availability,
    causes,
    detectors,
    events,
    polling,
    quality,
    registry,
    screens,
    simulator,
)
from benchmarks.detectors import stress
from benchmarks.errors import FootageMissingError

Benchmark = Callable[[bool], dict[str, object]]

BENCHMARKS: dict[str, Benchmark] = {
    "detectors": detectors.run,
    "stress": stress.run,
    "registry": registry.run,
    "polling": polling.run,
    "causes": causes.run,
    "quality": quality.run,
    "simulator": simulator.run,
    "availability": availability.run,
    "events": events.run,
    "screens": screens.run,
}


def main() -> int:
    """Run one benchmark, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*BENCHMARKS, "all"])
    parser.add_argument("--quick", action="store_true", help="a subset that ends within 45 s")
    options = parser.parse_args()
    names = list(BENCHMARKS) if options.name == "all" else [options.name]
    try:
        figures = {name: BENCHMARKS[name](options.quick) for name in names}
    except FootageMissingError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    last = figures if options.name == "all" else figures[options.name]
    print(msgspec.json.encode(last).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
