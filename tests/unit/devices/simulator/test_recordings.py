"""Our client asks simulated devices which recordings they keep."""

from collections.abc import Awaitable, Callable

import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.onvif import OnvifClient
from sharpeyes.devices.recordings_kept import RecordingsKept
from sharpeyes.devices.simulator.fleet import Fleet

StartFleet = Callable[..., Awaitable[Fleet]]
RIGHT = Credentials("sim", "street-1")


async def ask(
    fleet: Fleet, credentials: Credentials | None = RIGHT
) -> RecordingsKept | Fault | None:
    async with open_device_session() as session:
        client = OnvifClient(
            session,
            fleet.cameras[0].host,
            fleet.settings.http_port,
            credentials,
            timeout_s=10,
        )
        return await client.recordings()


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ((31.5,), (1, 31.5, 31.5)),
        # A recorder: its summary would say 45 days of all of them.
        ((45.0, 45.0, 12.0), (3, 12.0, 45.0)),
    ],
)
async def test_each_recording_counts_for_itself(
    start_fleet: StartFleet, days: tuple[float, ...], told: tuple[int, float, float]
) -> None:
    kept = await ask(await start_fleet(recording_days=days))
    assert isinstance(kept, RecordingsKept)
    assert (kept.count, kept.least_days, kept.most_days) == told
    assert kept.since is not None
    assert kept.until is not None
    assert (kept.until - kept.since).days == int(max(days))


async def test_a_device_without_profile_g_does_not_say(start_fleet: StartFleet) -> None:
    assert await ask(await start_fleet(recording_days=())) is None


async def test_a_wrong_password_is_sent_once(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    fault = await ask(fleet, Credentials("sim", "wrong"))
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.AUTH
    assert fleet.device(fleet.cameras[0].device_code).bad_logins == 1
