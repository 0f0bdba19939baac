"""Many passwords: given, sealed with another key, rolled out to devices that check; never shown."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.login import Login, LoginOutcome
from sharpeyes.devices.simulator.camera import MAIN_STREAM_PATH
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.street import make_cameras
from sharpeyes.devices.simulator.traffic import make_scene
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.errors import RolloutRunningError
from sharpeyes.registry.rollout import Candidate, Rollout
from sharpeyes.service.cli import main
from sharpeyes.service.keys import load_or_create_key

CANARY = "c4nary-Pa55word-7f3b"
HEADING = "device_code,username,password\n"
CAMERAS = 13

AddCamera = Callable[..., Awaitable[Camera]]
Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def sharpeyes(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command; what comes back is the exit code, and all that was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHARPEYES_DATABASE_URL", database_url)
    monkeypatch.setenv("SHARPEYES_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["sharpeyes", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        printed = "".join(capsys.readouterr())
        assert "Traceback" not in printed
        assert CANARY not in printed
        return int(str(code or 0)), printed

    async def run_in_thread(*arguments: str, stdin: str = "") -> tuple[int, str]:
        return await asyncio.to_thread(run, *arguments, stdin=stdin)

    return run_in_thread


async def test_a_file_with_mistakes_is_refused_whole_and_tells_no_password(
    sharpeyes: Run, add_camera: AddCamera, pool: asyncpg.Pool
) -> None:
    cameras = [await add_camera(number) for number in (1, 2)]
    bad = (
        f"{cameras[0].device_code},admin,{CANARY}\n"
        f"{cameras[0].device_code},admin,{CANARY}2\n"
        f"42010200001320999999,admin,{CANARY}\n"
        f"123,admin,{CANARY}\n"
        f"{cameras[1].device_code},ad:min,{CANARY}\n"
        f"{CANARY}\n"
    )
    code, printed = await sharpeyes("credential", "import", "-", stdin=HEADING + bad)
    assert code == 1
    assert "nothing was stored: 5 rows cannot be taken" in printed
    for told in ("row 3:", "row 4: no camera 42010200001320999999", "row 5:", "row 6: username"):
        assert told in printed
    assert await pool.fetchval("SELECT count(*) FROM camera_credential") == 0
    code, printed = await sharpeyes("credential", "import", "-", stdin=f"{CANARY},x\n")
    assert code == 1
    assert "the first line must be device_code,username,password" in printed


async def test_passwords_are_stored_in_bulk_and_sealed_anew_with_another_key(
    sharpeyes: Run,
    add_camera: AddCamera,
    pool: asyncpg.Pool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cameras = [await add_camera(number) for number in range(1, 6)]
    rows = "".join(f"{camera.device_code},admin,{CANARY}\n" for camera in cameras)
    (tmp_path / "new.csv").write_text(HEADING + rows)
    assert (await sharpeyes("credential", "import", "new.csv"))[0] == 0
    assert (await sharpeyes("credential", "stage", "new.csv"))[0] == 0

    old, new = tmp_path / "data" / "secret.key", tmp_path / "data" / "new.key"
    monkeypatch.setenv("SHARPEYES_KEY_FILE", str(new))
    code, printed = await sharpeyes("credential", "rotate-key")
    assert code == 1
    assert "10 could not be opened with any key" in printed
    monkeypatch.setenv("SHARPEYES_OLD_KEY_FILES", f'["{old}"]')
    code, printed = await sharpeyes("credential", "rotate-key")
    assert (code, "10 secrets are now sealed" in printed) == (0, True)
    assert "0 secrets" in (await sharpeyes("credential", "rotate-key"))[1]
    monkeypatch.delenv("SHARPEYES_OLD_KEY_FILES")
    for camera in cameras:
        opened = await CredentialStore(pool, load_or_create_key(new)).get(camera.camera_id)
        assert opened == Credentials("admin", CANARY)


@pytest.fixture
def settings(own_address: IPv4Address, free_port: Callable[[], int]) -> FleetSettings:
    return FleetSettings(
        cameras=CAMERAS,
        first_address=own_address,
        rtsp_port=free_port(),
        http_port=free_port(),
    )


@pytest.mark.timeout(180)
async def test_new_passwords_are_rolled_out_until_the_first_refusal(
    sharpeyes: Run,
    pool: asyncpg.Pool,
    add_camera: AddCamera,
    tmp_path: Path,
    settings: FleetSettings,
) -> None:
    scenes = [make_scene(name, settings.seed) for name in {c.scene for c in make_cameras(settings)}]
    right = settings.password.get_secret_value()
    codes = []
    async with Fleet(settings, scenes=scenes):
        for number in range(CAMERAS):
            added = await add_camera(
                number,
                host=str(settings.first_address + number),
                rtsp_port=settings.rtsp_port,
                main_stream_path=MAIN_STREAM_PATH,
            )
            codes.append((added.host, added.device_code))
        # In the order in which addresses are tried: as text.
        in_order = [code for _, code in sorted((str(host), code) for host, code in codes)]
        old = "".join(f"{code},{settings.username},old\n" for code in in_order)
        assert (await sharpeyes("credential", "import", "-", stdin=HEADING + old))[0] == 0
        wrong = in_order[4]
        new = "".join(
            f"{code},{settings.username},{CANARY if code == wrong else right}\n"
            for code in in_order
        )
        assert (await sharpeyes("credential", "stage", "-", stdin=HEADING + new))[0] == 0

        code, printed = await sharpeyes("credential", "roll-out", "--at-once", "2")
        assert code == 1
        assert f"camera {wrong} refuses its new password" in printed
        assert "4 accepted and in use, 8 wait, 1 refused" in printed
        assert await _in_use(pool, tmp_path) == {right: 4, "old": 9}

        # Its address is left alone for a while, whatever is staged; the others go on.
        again = f"{HEADING}{wrong},{settings.username},{right}\n"
        assert (await sharpeyes("credential", "stage", "-", stdin=again))[0] == 0
        code, printed = await sharpeyes("credential", "roll-out")
        assert (code, "8 accepted and in use, 1 wait, 0 refused" in printed) == (0, True)
        # Nor does it help to forget what was refused.
        assert (await sharpeyes("credential", "discard"))[0] == 0
        assert (await sharpeyes("credential", "stage", "-", stdin=again))[0] == 0
        assert "0 accepted and in use, 1 wait" in (await sharpeyes("credential", "roll-out"))[1]
        await pool.execute("UPDATE login_rest SET since = now() - interval '36 minutes'")
        assert "1 accepted" in (await sharpeyes("credential", "roll-out"))[1]
        assert await _in_use(pool, tmp_path) == {right: CAMERAS}
    # Devices that are away refuse nothing: they wait.
    assert (await sharpeyes("credential", "stage", "-", stdin=again))[0] == 0
    code, printed = await sharpeyes("credential", "roll-out")
    assert (code, "0 accepted and in use, 1 wait, 0 refused" in printed) == (0, True)
    assert "1 passwords that waited" in (await sharpeyes("credential", "discard"))[1]


@pytest_asyncio.fixture
async def rollout(pool: asyncpg.Pool, add_camera: AddCamera) -> Rollout:
    """Two cameras at addresses of their own, whose new passwords wait."""
    cameras = [await add_camera(number, host=f"10.0.0.{number}") for number in (1, 2)]
    store = CredentialStore(pool, bytes(32))
    rollout = Rollout(pool, store, actor="test", now=lambda: datetime.now(UTC))
    async with pool.acquire() as connection:
        await rollout.stage(connection, {c.camera_id: Credentials("u", "new") for c in cameras})
    return rollout


async def test_one_roll_out_at_a_time(rollout: Rollout) -> None:
    async def accept(_: Candidate) -> Login:
        return Login(LoginOutcome.ACCEPTED, "")

    first = rollout.run(accept, at_once=1)
    await anext(first)
    with pytest.raises(RolloutRunningError, match="another roll-out is under way"):
        await anext(rollout.run(accept, at_once=1))
    assert len([tried async for tried in first]) == 1


async def test_whoever_is_killed_while_a_device_is_asked_asks_it_no_second_time(
    rollout: Rollout,
) -> None:
    asked: list[str | None] = []

    async def die(candidate: Candidate) -> Login:
        asked.append(candidate.camera.host)
        raise KeyError

    for _ in range(3):
        with contextlib.suppress(KeyError):
            await anext(rollout.run(die, at_once=1), None)
    assert asked == ["10.0.0.1", "10.0.0.2"]


async def _in_use(pool: asyncpg.Pool, tmp_path: Path) -> dict[str, int]:
    store = CredentialStore(pool, load_or_create_key(tmp_path / "data" / "secret.key"))
    counted: dict[str, int] = {}
    for row in await pool.fetch("SELECT camera_id FROM camera"):
        credentials = await store.get(row["camera_id"])
        assert credentials is not None
        counted[credentials.password] = counted.get(credentials.password, 0) + 1
    return counted
