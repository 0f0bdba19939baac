"""The rules and the dashboard that come along name metrics, labels and values that there are."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sharpeyes.service.metrics import exposition, read_gauges

DEPLOY = Path(__file__).parents[3] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARD = DEPLOY / "grafana" / "sharpeyes.json"
METRIC = re.compile(r"\bsharpeyes[_a-z:]*")


@pytest.mark.parametrize(
    "command", [("rules", RULES), ("config", RULES.with_name("prometheus.yml"))]
)
def test_promtool_takes_the_files(command: tuple[str, Path]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        missing = "promtool is missing: scripts/install_test_packages installs it"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    kind, path = command
    ran = subprocess.run(
        [promtool, "check", kind, path], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "SUCCESS" in ran.stdout


@pytest.mark.parametrize("path", [RULES, DASHBOARD])
async def test_every_metric_that_is_named_is_exported(pool: asyncpg.Pool, path: Path) -> None:
    text = exposition(await read_gauges(pool))[0].decode()
    # In one process prometheus-client leaves what the service counts in its own registry.
    from prometheus_client import generate_latest  # noqa: PLC0415  # beside its explanation

    text += generate_latest().decode()
    exported = set()
    for family in text_string_to_metric_families(text):
        exported |= {family.name, *(f"{family.name}_{end}" for end in ("total", "bucket"))}
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
    written = path.read_text()
    if path == DASHBOARD:
        panels = json.loads(written)["panels"]
        written = "\n".join(t["expr"] for panel in panels for t in panel["targets"])
    else:
        written = "\n".join(re.findall(r"expr: (?:>-\n)?((?:.+\n(?:          .+\n)*))", written))
    named = set(METRIC.findall(re.sub(r'"[^"]*"', "", written)))
    assert named
    assert named <= exported | recorded


def test_the_dashboard_is_one_that_grafana_loads() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    assert {"title", "uid", "schemaVersion", "panels", "templating"} <= dashboard.keys()
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
