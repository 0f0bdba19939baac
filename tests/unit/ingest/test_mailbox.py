"""One subscription, by a clock that only moves when it is waited for."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

import pytest

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_events import Pulled, Subscription
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.health.logins import LoginGuard
from sharpeyes.ingest.listening_context import ListeningContext
from sharpeyes.ingest.listening_settings import ListeningSettings
from sharpeyes.ingest.mailbox import Mailbox
from sharpeyes.registry.camera import Camera, Life, Tier

AT = datetime(2026, 11, 21, tzinfo=UTC)
HOST = "10.0.0.5"
ADMIN = Credentials("admin", "canary")
CAMERA = Camera(
    camera_id=7,
    device_code="42010650001327000123",
    name="a",
    tier=Tier.CITY,
    division_code="420106",
    host=HOST,
    shard=1,
    revision=1,
    life=Life.IN_SERVICE,
    created_at=AT,
    updated_at=AT,
)
NETWORK = Fault(FaultKind.NETWORK, "it is away")
REFUSED = Fault(FaultKind.AUTH, "it refuses")
UNKNOWN = Fault(FaultKind.PROTOCOL, "it knows no such thing")


class Device:
    """Keeps a pull point for two minutes, and longer only if it is renewed."""

    has_proved_password = True

    def __init__(self) -> None:
        self.now_s = 0.0
        self.asked: list[str] = []
        self.lasts_s: float | None = None
        self.faults: dict[str, Fault] = {}

    def monotonic_s(self) -> float:
        return self.now_s

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        yield 30.0

    def _note(self, operation: str) -> Fault | None:
        self.asked.append(operation)
        return self.faults.get(operation)

    async def subscribe(self, lasting_s: float) -> Subscription | Fault:
        made = Subscription(DeviceAddress.of_http(f"http://{HOST}/s"), "", (), lasting_s)
        return self._note("subscribe") or made

    async def pull(
        self, subscription: Subscription, wait_s: float, wants: Callable[[str], bool]
    ) -> Pulled | Fault:
        assert subscription.lasts_s
        assert wants("tns1:VideoSource/MotionAlarm")
        self.now_s += wait_s
        return self._note("pull") or Pulled((), 0, self.lasts_s)

    async def renew(self, subscription: Subscription, lasting_s: float) -> float | Fault:
        return self._note("renew") or min(lasting_s, subscription.lasts_s)

    async def unsubscribe(self, subscription: Subscription) -> Fault | None:
        assert subscription.lasts_s
        return self._note("unsubscribe")


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def logins() -> LoginGuard:
    return LoginGuard(refusals_to_block=2, block_s=3600)


@pytest.fixture
def mailbox(device: Device, logins: LoginGuard) -> Mailbox:
    async def credentials(camera_id: int) -> Credentials:
        assert camera_id == CAMERA.camera_id
        return ADMIN

    context = ListeningContext(
        pool=None,  # type: ignore[arg-type]  # nothing is stored in these tests
        http=None,  # type: ignore[arg-type]  # the device is no real one
        worker_id="worker",
        settings=ListeningSettings(),
        devices=DeviceSettings(),
        credentials=credentials,
        logins=logins,
        verdicts=None,  # type: ignore[arg-type]  # nor told
        topics=None,  # type: ignore[arg-type]
        metrics=None,  # type: ignore[arg-type]
        now=lambda: AT,
        monotonic_s=device.monotonic_s,
        sleep=None,  # type: ignore[arg-type]
        random=Random(1),
    )
    return Mailbox(context, device, lambda _camera, _credentials: device, CAMERA)


async def test_it_is_renewed_before_its_end_and_made_once(device: Device, mailbox: Mailbox) -> None:
    assert await mailbox.open() is None
    for _ in range(8):
        assert isinstance(await mailbox.take(), Pulled)
    assert device.asked == [
        "subscribe",
        *("pull", "pull", "renew") * 3,
        *("pull", "pull"),
    ]
    await mailbox.end()
    assert device.asked[-1] == "unsubscribe"


async def test_asking_keeps_it_where_the_camera_says_so(device: Device, mailbox: Mailbox) -> None:
    device.lasts_s = 1e9
    await mailbox.open()
    for _ in range(8):
        await mailbox.take()
    assert "renew" not in device.asked
    device.now_s += 121
    assert not mailbox.is_open


async def test_that_asking_does_not_keep_it_is_seen_by_the_time_that_is_left(
    device: Device, mailbox: Mailbox
) -> None:
    await mailbox.open()
    for left_s in (90, 60, 90, 60, 90):
        device.lasts_s = left_s
        assert isinstance(await mailbox.take(), Pulled)
    assert device.asked == ["subscribe", *("pull", "pull", "renew") * 2, "pull"]


async def test_one_that_cannot_be_renewed_is_used_to_its_end(
    device: Device, mailbox: Mailbox
) -> None:
    device.faults["renew"] = UNKNOWN
    await mailbox.open()
    answers = [await mailbox.take() for _ in range(5)]
    assert [isinstance(answer, Pulled) for answer in answers] == [True, True, True, True, False]
    assert device.asked.count("renew") == 1
    assert not mailbox.is_open


async def test_it_outlives_a_lost_connection_but_not_its_own_end(
    device: Device, mailbox: Mailbox
) -> None:
    await mailbox.open()
    device.faults["pull"] = NETWORK
    assert await mailbox.take() is NETWORK
    still_open = mailbox.is_open
    assert still_open
    device.faults.clear()
    assert isinstance(await mailbox.take(), Pulled)
    assert device.asked.count("subscribe") == 1

    device.now_s += 120
    assert not mailbox.is_open


async def test_what_a_camera_may_still_keep_is_ended_before_another_is_made(
    device: Device, mailbox: Mailbox
) -> None:
    await mailbox.open()
    device.now_s += 1_000
    device.faults["unsubscribe"] = NETWORK
    assert await mailbox.open() is NETWORK
    device.faults["unsubscribe"] = UNKNOWN
    assert await mailbox.open() is None
    assert device.asked == ["subscribe", "unsubscribe", "unsubscribe", "subscribe"]


async def test_one_that_would_end_while_the_camera_waits_is_renewed_first(
    device: Device, mailbox: Mailbox
) -> None:
    device.lasts_s = 30
    await mailbox.open()
    for _ in range(3):
        assert isinstance(await mailbox.take(), Pulled)
    assert device.asked == ["subscribe", "pull", "renew", "pull", "renew", "pull"]


async def test_a_password_that_is_refused_is_counted_and_not_sent_a_third_time(
    device: Device, mailbox: Mailbox, logins: LoginGuard
) -> None:
    device.faults["subscribe"] = REFUSED
    for _ in range(2):
        assert await mailbox.open() is REFUSED
    fault = await mailbox.open()
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.AUTH
    assert device.asked == ["subscribe"] * 2
    assert logins.blocked_for_s(HOST, ADMIN, device.now_s) == 3600


async def test_a_password_that_changes_meanwhile_is_counted_as_refused(
    device: Device, mailbox: Mailbox, logins: LoginGuard
) -> None:
    await mailbox.open()
    device.faults["pull"] = REFUSED
    assert await mailbox.take() is REFUSED
    mailbox.forget()
    device.faults["subscribe"] = REFUSED
    await mailbox.open()
    assert logins.blocked_for_s(HOST, ADMIN, device.now_s) > 0


async def test_once_others_were_refused_nothing_more_is_sent(
    device: Device, mailbox: Mailbox, logins: LoginGuard
) -> None:
    await mailbox.open()
    logins.block(HOST, ADMIN, device.now_s)
    fault = await mailbox.take()
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.AUTH
    await mailbox.end()
    assert device.asked == ["subscribe"]


async def test_a_long_wait_holds_up_nobody_elses_login(
    device: Device, mailbox: Mailbox, logins: LoginGuard
) -> None:
    await mailbox.open()
    for _ in range(3):
        assert logins.begin(HOST, ADMIN, device.now_s)
        logins.end(HOST, ADMIN, device.now_s, accepted=None)
        await mailbox.take()
