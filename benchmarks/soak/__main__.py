"""`python -m benchmarks.soak`: T1 in full; the last line is the outcome in JSON."""

import argparse
import asyncio
import random
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.soak.run import Outcome, Plan, Soak


def main() -> int:
    """Run a soak and say how it ended; 1 where something was lost, repeated wrongly or late."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    plan = msgspec.convert(vars(parser.parse_args()), Plan)
    print(f"seed: {plan.seed}", flush=True)
    # So that the servers are ended as well.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began_s = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began_s:7.1f} s  {line}", flush=True)

    with tempfile.TemporaryDirectory(prefix="sharpeyes-soak-") as folder:
        Path(folder).chmod(0o755)  # the database server runs under an account of its own
        outcome = asyncio.run(Soak(plan, Path(folder), _free_port(), say).run())
        if not outcome.holds:
            print((Path(folder) / "serve.log").read_text(errors="replace")[-4000:])
    _show(outcome)
    return 0 if outcome.holds else 1


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _show(outcome: Outcome) -> None:
    for name, count in msgspec.structs.asdict(outcome.ledger).items():
        print(f"{name:>11} {count:>8,}")
    print(f"a fresh event arrived after {outcome.fresh_s:.2f} s; {outcome.took_s:.0f} s in all")
    print(msgspec.json.encode(outcome).decode())


if __name__ == "__main__":
    sys.exit(main())
