"""`python -m benchmarks.simulator scenario|score`: the eight faults, and how they were judged."""

import argparse
import sys
from pathlib import Path

import msgspec

from benchmarks.errors import CityTooSmallError
from benchmarks.simulator.eight_faults import eight_faults
from benchmarks.simulator.score import read_seen, score
from sharpeyes.devices.simulator.city.truth import TruthError, read_truth


def main() -> int:
    """Write a scenario as JSON, or a score."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    scenario = commands.add_parser("scenario", help="write the eight faults as JSON")
    scenario.add_argument("--cameras", type=int, required=True)
    scenario.add_argument("--seed", type=int, default=1)
    scenario.add_argument("--first-s", type=float, default=120.0)
    scenario.add_argument("--lasts-s", type=float, default=600.0)
    scoring = commands.add_parser("score", help="compare a truth log with what was said")
    scoring.add_argument("truth", type=Path)
    scoring.add_argument("seen", type=Path, help="JSON lines of transitions and incidents")
    scoring.add_argument("--grace-s", type=float, default=120.0)
    options = parser.parse_args()
    try:
        if options.command == "scenario":
            made: object = eight_faults(
                options.cameras, options.seed, first_s=options.first_s, lasts_s=options.lasts_s
            )
        else:
            made = score(
                read_truth(options.truth), read_seen(options.seen), grace_s=options.grace_s
            )
    except (CityTooSmallError, TruthError) as error:
        print(f"benchmarks.simulator: {error}", file=sys.stderr)
        return 1
    print(msgspec.json.encode(made).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
