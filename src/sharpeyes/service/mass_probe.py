"""Probing many cameras: bounded, polite to devices, careful with passwords."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random

import aiohttp
import asyncpg
import msgspec

from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.probe import DeviceProbe
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Cause
from sharpeyes.registry.camera import FiledCamera, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.editing import filed_camera
from sharpeyes.registry.errors import CredentialKeyError, RegistryError
from sharpeyes.registry.filling import FieldChange, filled
from sharpeyes.registry.places import division_path
from sharpeyes.registry.sealing import Sealer
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.asking import Manners, ask_camera, failure_of, why_not_ask
from sharpeyes.service.settings import Settings

WELL = "ok"
NOT_ASKED = "not_asked"
"""The cause of a camera that may not be asked."""
PASSWORD_REFUSED = "password_refused"  # noqa: S105  # a cause, no password
"""The cause of a camera whose password was refused before: it is not sent again."""

_PAGE = 500
_MATCHING = """
    FROM camera WHERE life <> 'removed' AND ($1::text IS NULL OR division_path ^@ $1)
        AND ($2::smallint IS NULL OR tier = $2)
"""
_COUNT = f"SELECT count(*) {_MATCHING}"
_PAGE_OF = f"""
    SELECT camera.*, COALESCE(
        (SELECT cause = '{Cause.AUTH}' AND since >= camera.updated_at FROM camera_status
         WHERE camera_status.camera_id = camera.camera_id), false) AS was_refused
    {_MATCHING} AND (division_path, device_code) > ($3, $4)
    ORDER BY division_path, device_code LIMIT {_PAGE}
"""  # noqa: S608  # made of our own words


class ProbeOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of probing one camera.

    Attributes:
        device_code: Its code.
        name: Its name.
        host: Whom we asked; None where nobody is on file.
        cause: `ok`, `not_asked`, `password_refused`, or the kind of the fault.
        evidence: One sentence on it; empty when all is well.
        changes: What the device says that its file does not.
        left_out: What it says that is not taken, and why.
        filled: Whether the changes were made.
    """

    device_code: str
    name: str
    host: str | None
    cause: str
    evidence: str = ""
    changes: list[FieldChange] = []
    left_out: list[str] = []
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Filling:
    """What becomes of a device's own words.

    Args:
        replace: Whether they replace what is on file.
        store: Whether the file is changed; otherwise the changes are only told.
        actor: Who changes it.
    """

    replace: bool
    store: bool
    actor: str


class MassProbe:
    """Asks cameras of a division and a tier.

    Args:
        pool: The database.
        sealer: Of the stored passwords.
        session: For devices.
        settings: Of devices and of health, whose limits hold here too.
        at_once: Cameras asked at once, in all.
        filling: None to ask only.
        random: Spreads them, so that neighbours are not asked one after the other.
        monotonic_s: A steady clock, in seconds.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        sealer: Sealer | bytes,
        session: aiohttp.ClientSession,
        settings: Settings,
        *,
        at_once: int,
        filling: Filling | None,
        random: Random,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._credentials = CredentialStore(pool, sealer)
        self._store = CameraStore(pool, self._credentials)
        self._session = session
        self._settings = settings
        self._filling = filling
        self._random = random
        self._monotonic_s = monotonic_s
        self._room = asyncio.Semaphore(at_once)
        self._manners = Manners(settings.health.subnet_limit)
        self._logins = login_guard(settings.health)

    async def count(self, division_code: str | None, tier: Tier | None) -> int:
        """Return how many cameras `run` goes through.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        path = await division_path(self._pool, division_code)
        total: int = await self._pool.fetchval(_COUNT, path, tier)
        return total

    async def run(
        self, division_code: str | None, tier: Tier | None
    ) -> AsyncIterator[ProbeOutcome]:
        """Go through the cameras; outcomes come as they are ready.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        path = await division_path(self._pool, division_code)
        after = ("", "")
        while rows := await self._pool.fetch(_PAGE_OF, path, tier, *after):
            after = (rows[-1]["division_path"], rows[-1]["device_code"])
            self._random.shuffle(rows)
            tasks = [
                asyncio.create_task(self._probe(filed_camera(row), row["was_refused"]))
                for row in rows
            ]
            try:
                for done in asyncio.as_completed(tasks):
                    yield await done
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _probe(self, camera: FiledCamera, was_refused: bool) -> ProbeOutcome:
        def outcome(cause: str, evidence: str) -> ProbeOutcome:
            return ProbeOutcome(
                device_code=camera.device_code,
                name=camera.name,
                host=camera.host,
                cause=cause,
                evidence=evidence,
            )

        if reason := why_not_ask(camera):
            return outcome(NOT_ASKED, f"may be asked {reason}")
        assert camera.host is not None  # its poll mode asks for one
        # First the device's turn, then ours: who waits for a busy network keeps nobody else.
        async with self._manners.asking(camera.host), self._room:
            try:
                credentials = await self._credentials.get(camera.camera_id)
            except CredentialKeyError as error:
                return outcome(NOT_ASKED, str(error))
            if was_refused and credentials is not None:
                self._logins.block(camera.host, credentials, self._monotonic_s())
            if credentials and not self._logins.begin(
                camera.host, credentials, self._monotonic_s()
            ):
                return outcome(
                    PASSWORD_REFUSED,
                    f"{camera.host} refused this password before, and devices lock accounts: "
                    "store the right one with `sharpeyes camera password`",
                )
            accepted: bool | None = None
            try:
                answers = await ask_camera(
                    self._session,
                    camera,
                    credentials,
                    self._settings.devices,
                    addresses=self._filling is not None,
                )
                accepted = was_accepted(answers)
            finally:
                if credentials:
                    self._logins.end(
                        camera.host, credentials, self._monotonic_s(), accepted=accepted
                    )
        failure = failure_of(camera, answers)
        plain = outcome(failure.kind if failure else WELL, failure.evidence if failure else "")
        if self._filling is None:
            return plain
        return await self._fill(camera, answers, plain, self._filling)

    async def _fill(
        self, camera: FiledCamera, answers: DeviceProbe, outcome: ProbeOutcome, how: Filling
    ) -> ProbeOutcome:
        filling = filled(camera.file, answers, replace=how.replace)
        outcome = msgspec.structs.replace(
            outcome, changes=filling.changes, left_out=filling.left_out
        )
        if not how.store or not filling.changes:
            return outcome
        try:
            async with self._store.edit(how.actor) as edit:
                await edit.replace(filling.file, revision=camera.revision)
        except RegistryError as error:
            return msgspec.structs.replace(
                outcome, left_out=[*filling.left_out, f"not filled: {error}"]
            )
        return msgspec.structs.replace(outcome, filled=True)


def login_guard(settings: HealthSettings) -> LoginGuard:
    """Return what keeps passwords from devices that refuse them."""
    return LoginGuard(refusals_to_block=settings.refusals_to_block, block_s=settings.login_block_s)


def was_accepted(answers: DeviceProbe) -> bool | None:
    """Tell whether a device took our password; None where it had no say."""
    if any(fault.kind is FaultKind.AUTH for fault in answers.faults):
        return False
    asked = (answers.rtsp, answers.keyframe, answers.information, answers.profiles)
    return True if any(a is not None and not isinstance(a, Fault) for a in asked) else None
