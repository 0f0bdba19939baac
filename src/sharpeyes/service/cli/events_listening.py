"""`sharpeyes events listen | listening | topics`: what cameras tell themselves."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sharpeyes.ingest.heard_topics import CountedTopic, TopicFate, list_topics
from sharpeyes.ingest.listening_state import (
    CameraListening,
    ListeningState,
    list_listening,
    want,
    why_unheard,
)
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, find_camera

_WANTED = {"on": True, "off": False, "rule": None}


def listen(
    device_code: CodeArgument,
    wanted: Annotated[
        Literal["on", "off", "rule"],
        typer.Argument(
            metavar="WHETHER", help="on, off, or rule: as `ingest.listening.tiers` says."
        ),
    ],
) -> None:
    """Say whether a camera is listened to: what it tells itself becomes events. Audited."""

    async def command() -> None:
        async with open_database() as database:
            camera = await find_camera(CameraStore(database.pool), device_code)
            reason = why_unheard(camera)
            if wanted == "on" and reason is not None:
                raise CliError(f"camera {camera.device_code} {reason}")
            async with database.pool.acquire() as connection, connection.transaction():
                await want(connection, camera.camera_id, _WANTED[wanted])
                await audit(
                    connection,
                    COMMAND_LINE,
                    "camera.listen",
                    camera.device_code,
                    detail={"wanted": wanted},
                )

    run(command())
    note(f"Camera {device_code}: listening is {'by rule' if wanted == 'rule' else wanted}.")


def listening(
    state: Annotated[ListeningState | None, typer.Option(help="Only those in this state.")] = None,
    camera: Annotated[str | None, typer.Option(metavar="CODE", help="Only this camera.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many at most.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """Show how it goes with cameras that are listened to, and why."""

    async def command() -> list[CameraListening]:
        async with open_database() as database:
            return await list_listening(database.pool, device_code=camera, state=state, limit=limit)

    found = run(command())
    if as_json:
        for one in found:
            print_json(one)
        return
    print_table(
        ("camera", "wanted", "state", "since (UTC)", "why"),
        (
            (
                one.device_code,
                "by rule" if one.wanted is None else "on" if one.wanted else "off",
                one.state,
                None if one.since is None else f"{one.since:%Y-%m-%d %H:%M}",
                one.evidence,
            )
            for one in found
        ),
        empty="No camera is listened to.",
    )


def topics(
    fate: Annotated[
        TopicFate | None, typer.Option(help="Only those of which this becomes.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List of what cameras told, by their own names for it: how often, and what becomes of it."""

    async def command() -> list[CountedTopic]:
        async with open_database() as database:
            return await list_topics(database.pool, fate)

    found = run(command())
    if as_json:
        for one in found:
            print_json(one)
        return
    print_table(
        ("topic", "becomes", "messages", "first (UTC)", "last", "lately of camera"),
        (
            (
                one.topic,
                one.fate,
                one.messages,
                f"{one.first_at:%Y-%m-%d %H:%M}",
                f"{one.last_at:%Y-%m-%d %H:%M}",
                one.last_device_code,
            )
            for one in found
        ),
        empty="No camera has told of anything.",
    )
