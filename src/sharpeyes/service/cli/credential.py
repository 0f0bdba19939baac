"""`sharpeyes credential`: the cameras' passwords, many at a time, and the key that seals them."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.login import Login, LoginOutcome, try_login
from sharpeyes.registry.credential_file import MOST_BYTES, CredentialFile, read_credential_file
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.editing import announce
from sharpeyes.registry.history import sign
from sharpeyes.registry.rollout import Candidate, Rollout, RolloutCounts, Tried
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import Database, open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption
from sharpeyes.service.rekeying import count_by_key, reseal

app = typer.Typer(help="Cameras' passwords: many at a time, and their key.", no_args_is_help=True)

FileArgument: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="CSV, UTF-8: device_code,username,password; - is standard input."
    ),
]

_BATCH = 1_000
_PROBLEMS_SHOWN = 20


@app.command("import")
def import_file(file: FileArgument) -> None:
    """Store what is sent to many cameras, at once and untried. Nothing is sent to them now.

    A file with a mistake is refused whole; start again after an interruption.
    """

    async def command() -> int:
        async with open_database() as database:
            wanted = await _read(database, file)
            store = CredentialStore(database.pool, database.sealer)
            changed = 0
            for batch in _batches(wanted):
                async with database.pool.acquire() as connection, connection.transaction():
                    await sign(connection, COMMAND_LINE)
                    differing = await store.differing(connection, batch)
                    await store.put_many(connection, differing)
                    await connection.execute(
                        "UPDATE camera SET revision = revision + 1, updated_at = now()"
                        " WHERE camera_id = ANY($1::bigint[])",
                        list(differing),
                    )
                    await announce(connection, differing)
                    changed += len(differing)
            await _audit(database, "credential.import", changed)
            return changed

    note(f"The passwords of {run(command()):,} cameras are stored; they are shown to nobody.")


@app.command("stage")
def stage(file: FileArgument) -> None:
    """Keep new passwords beside those in use, until `credential roll-out` has tried them."""

    async def command() -> int:
        async with open_database() as database:
            wanted = await _read(database, file)
            rollout = _rollout(database)
            for batch in _batches(wanted):
                async with database.pool.acquire() as connection, connection.transaction():
                    await rollout.stage(connection, batch)
            await _audit(database, "credential.stage", len(wanted))
            return len(wanted)

    note(f"New passwords of {run(command()):,} cameras wait: `sharpeyes credential roll-out`.")


@app.command("roll-out")
def roll_out(
    at_once: Annotated[
        int, typer.Option(min=1, max=64, help="Devices tried at once in the later waves.")
    ] = 8,
    as_json: JsonOption = False,
) -> None:
    """Log in with the passwords that wait: one device, then 10, then 100, then the rest.

    What a device accepts is in use from then on. The first refusal ends it, with exit code 1; until
    a device has accepted the new password, the old one stays in use. Start it again to go on.
    """

    async def command() -> tuple[Counter[LoginOutcome], Tried | None, RolloutCounts]:
        ended: Counter[LoginOutcome] = Counter()
        refusal: Tried | None = None
        async with open_database() as database, open_device_session() as session:

            async def login(candidate: Candidate) -> Login:
                camera = candidate.camera
                return await try_login(
                    session,
                    candidate.credentials,
                    settings=database.settings.devices,
                    stream_url=camera.main_stream_url or camera.sub_stream_url,
                    snapshot_url=camera.snapshot_url,
                )

            rollout = _rollout(database)
            async for tried in rollout.run(login, at_once=at_once):
                ended[tried.login.outcome] += 1
                if tried.login.outcome is LoginOutcome.REFUSED:
                    refusal = tried
                if as_json:
                    print_json(tried)
                elif tried.login.outcome is not LoginOutcome.ACCEPTED:
                    note(f"{tried.device_code}: {tried.login.evidence}")
            detail = {str(outcome): count for outcome, count in ended.items()}
            async with database.pool.acquire() as connection:
                await audit(connection, COMMAND_LINE, "credential.roll-out", "", detail=detail)
            return ended, refusal, await rollout.counts()

    ended, refusal, left = run(command())
    note(
        f"{ended[LoginOutcome.ACCEPTED]:,} accepted and in use, {left.waiting:,} wait, "
        f"{left.refused:,} refused."
    )
    if refusal is not None:
        raise CliError(
            f"camera {refusal.device_code} refuses its new password, so no other is tried: "
            f"{refusal.login.evidence}. Stage the right one and start again"
        )


@app.command("discard")
def discard() -> None:
    """Forget the passwords that wait; those in use stay."""

    async def command() -> int:
        async with open_database() as database:
            count = await _rollout(database).discard()
            await _audit(database, "credential.discard", count)
            return count

    note(f"{run(command()):,} passwords that waited are forgotten.")


@app.command("status")
def status(as_json: JsonOption = False) -> None:
    """Show which key has sealed how many secrets, and how many passwords wait to be tried."""

    async def command() -> tuple[str, dict[str, int], RolloutCounts]:
        async with open_database() as database:
            by_key = await count_by_key(database.pool)
            return database.sealer.key_id, by_key, await _rollout(database).counts()

    present, by_key, counts = run(command())
    if as_json:
        print_json({"key": present, "sealed_by_key": by_key, "roll_out": counts})
        return
    print_table(
        ("key", "in force", "secrets"),
        ((key, "yes" if key == present else "", f"{by_key[key]:,}") for key in sorted(by_key)),
        empty="Nothing is sealed yet.",
    )
    note(f"To be rolled out: {counts.waiting:,} wait, {counts.refused:,} were refused.")


@app.command("rotate-key")
def rotate_key() -> None:
    """Seal every secret with the key in `key_file` that a key in `old_key_files` has sealed.

    It works in batches while the service runs; after an interruption it goes on where it was.
    """

    async def command() -> tuple[int, list[str], str]:
        resealed = 0
        unopened: list[str] = []
        async with open_database() as database:
            async for batch in reseal(database.pool, database.sealer, COMMAND_LINE):
                resealed += batch.resealed
                unopened += batch.unopened
            await _audit(database, "credential.rotate-key", resealed)
            return resealed, unopened, database.sealer.key_id

    resealed, unopened, key_id = run(command())
    note(f"{resealed:,} secrets are now sealed with key {key_id}.")
    if unopened:
        shown = ", ".join(unopened[:_PROBLEMS_SHOWN])
        raise CliError(
            f"{len(unopened):,} could not be opened with any key: {shown}. "
            "Name the key that sealed them in old_key_files, or set them anew"
        )


def _rollout(database: Database) -> Rollout:
    store = CredentialStore(database.pool, database.sealer)
    return Rollout(database.pool, store, actor=COMMAND_LINE, now=lambda: datetime.now(UTC))


async def _audit(database: Database, action: str, cameras: int) -> None:
    async with database.pool.acquire() as connection:
        await audit(connection, COMMAND_LINE, action, "", detail={"cameras": cameras})


async def _read(database: Database, file: Path) -> dict[int, Credentials]:
    """Return what a file holds, by camera id.

    Raises:
        CliError: Something is wrong with it; no secret is told.
    """
    if str(file) == "-":
        content = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    found = read_credential_file(content)
    rows = await database.pool.fetch(
        "SELECT device_code, camera_id FROM camera WHERE device_code = ANY($1::text[])",
        list(found.credentials),
    )
    ids = {row["device_code"]: row["camera_id"] for row in rows}
    _refuse(found, set(found.credentials) - set(ids))
    return {ids[code]: credentials for code, credentials in found.credentials.items()}


def _refuse(found: CredentialFile, unknown: set[str]) -> None:
    problems = {problem.row: problem.reason for problem in found.problems}
    problems |= {found.rows[code]: f"no camera {code} is registered" for code in unknown}
    if problems:
        for row in islice(sorted(problems), _PROBLEMS_SHOWN):
            note(f"row {row}: {problems[row]}")
        raise CliError(f"nothing was stored: {len(problems):,} rows cannot be taken")


def _batches(wanted: dict[int, Credentials]) -> list[dict[int, Credentials]]:
    ids = sorted(wanted)
    return [
        {camera_id: wanted[camera_id] for camera_id in ids[start : start + _BATCH]}
        for start in range(0, len(ids), _BATCH)
    ]
