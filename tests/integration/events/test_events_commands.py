"""`sharpeyes events`: counts and holds from the command line."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.usefixtures("cameras")
def test_counts_and_holds(sharpeyes: Callable[..., Any], cameras: dict[str, int]) -> None:
    code = next(iter(cameras))
    span = ("--since", "2026-11-01T00:00:00+08:00", "--until", "2026-11-02T00:00:00+08:00")
    kept = ("--reason", "file 7", "--expires", "2099-01-01T00:00:00+08:00")
    (proof,) = sharpeyes("events", "count", "--json").json
    assert (proof["events"], proof["intake"]) == ({}, [])
    (hold,) = sharpeyes("events", "hold", "--camera", code, *span, *kept, "--json").json
    assert (hold["device_code"], hold["placed_by"]) == (code, "command line")
    assert len(sharpeyes("events", "holds", "--json").json[0]) == 1
    assert "file 7" in sharpeyes("events", "holds").out
    assert sharpeyes("events", "release", str(hold["hold_id"])).exit_code == 0
    again = sharpeyes("events", "release", str(hold["hold_id"]))
    assert (again.exit_code, "no hold" in again.err) == (1, True)
    assert sharpeyes("events", "expire").exit_code == 0
    assert "hold.place" in sharpeyes("audit", "list").out
    for wrong in (
        ("hold", *kept),
        ("hold", "e1", "--camera", code, *span, *kept),
        ("hold", "--camera", code, *kept),
        ("hold", "e1", "--reason", "x", "--expires", "2020-01-01T00:00:00Z"),
        ("hold", "e1", "--reason", "x", "--expires", "tomorrow"),
        ("count", "--since", "2026-11-01"),
        ("release", "0"),
    ):
        done = sharpeyes("events", *wrong)
        assert (done.exit_code, len(done.err.splitlines())) == (2, 1)
