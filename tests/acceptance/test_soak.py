"""T1 on a small scale: what was acknowledged arrives, in order, whatever is killed meanwhile."""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.soak.run import Plan, Soak


@pytest.mark.timeout(300)
async def test_acknowledged_means_delivered_t1(
    memory_folder: Path | None, free_port: Callable[[], int]
) -> None:
    """`make soak` runs it at its figures."""
    seed = random.SystemRandom().randrange(2**32)
    plan = Plan(events=400, cameras=40, kills=3, restarts=1, seed=seed)

    def say(line: str) -> None:
        print(line)  # noqa: T201  # shown when the test fails

    say(f"seed: {seed}")
    with tempfile.TemporaryDirectory(prefix="sharpeyes-", dir=memory_folder) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database server runs under an account of its own
        outcome = await Soak(plan, folder, free_port(), say).run()
        say((folder / "serve.log").read_text(errors="replace")[-4000:])

    assert outcome.holds, outcome
    assert outcome.ledger.accepted == 401
