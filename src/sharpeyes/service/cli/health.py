"""`sharpeyes health`: what is wrong, why, and what is done about it."""

from __future__ import annotations

import typer

from sharpeyes.service.cli.health_incidents import incident, incidents

app = typer.Typer(help="What is wrong, why, and what is done about it.", no_args_is_help=True)
app.command("incidents")(incidents)
app.command("incident")(incident)
