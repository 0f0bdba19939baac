"""`sharpeyes health`: how cameras are and were, what is wrong, what is done about it."""

from __future__ import annotations

import typer

from sharpeyes.service.cli.health_camera import camera, explain
from sharpeyes.service.cli.health_incidents import incident, incidents
from sharpeyes.service.cli.health_report import report
from sharpeyes.service.cli.health_summary import summary

app = typer.Typer(
    help="How cameras are, what is wrong and why, what is done about it.", no_args_is_help=True
)
app.command("summary")(summary)
app.command("report")(report)
app.command("incidents")(incidents)
app.command("incident")(incident)
app.command("camera")(camera)
app.command("explain")(explain)
