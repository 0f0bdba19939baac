"""Our client listens to simulated cameras."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.onvif_events import EventClient, Pulled, Subscription
from sharpeyes.devices.onvif_messages import Operation
from sharpeyes.devices.simulator.control import ControlServer
from sharpeyes.devices.simulator.fault import ClockOff, Down
from sharpeyes.devices.simulator.fleet import Fleet

StartFleet = Callable[..., Awaitable[Fleet]]
MOTION = "tns1:VideoSource/MotionAlarm"
LENS = {"Source": "lens"}


@asynccontextmanager
async def listener(fleet: Fleet, password: str = "street-1") -> AsyncIterator[EventClient]:
    async with open_device_session() as session:
        yield EventClient(
            session,
            fleet.cameras[0].host,
            fleet.settings.http_port,
            Credentials("sim", password),
            timeout_s=10,
        )


async def subscribed(client: EventClient, lasting_s: float = 60) -> Subscription:
    subscription = await client.subscribe(lasting_s)
    assert isinstance(subscription, Subscription), subscription
    return subscription


async def pulled(client: EventClient, subscription: Subscription, wait_s: float = 1) -> Pulled:
    answer = await client.pull(subscription, wait_s, lambda _topic: True)
    assert isinstance(answer, Pulled), answer
    return answer


async def test_what_happens_is_heard_and_what_was_so_before_is_told_as_such(
    start_fleet: StartFleet,
) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    fleet.tell(code, MOTION, {"State": "false"}, source=LENS)
    async with listener(fleet) as client:
        subscription = await subscribed(client)
        (before,) = (await pulled(client, subscription)).messages
        assert (before.operation, before.data) == (Operation.INITIALIZED, {"State": "false"})

        tell = partial(fleet.tell, code, MOTION, {"State": "true"}, source=LENS)
        asyncio.get_running_loop().call_later(0.05, tell)
        (message,) = (await pulled(client, subscription, wait_s=10)).messages
    assert (message.topic, message.operation) == (MOTION, Operation.CHANGED)
    assert (message.source, message.data) == ((("Source", "lens"),), {"State": "true"})
    assert message.age_s is not None
    assert 0 <= message.age_s < 10


async def test_a_pull_point_is_renewed_ended_and_over(start_fleet: StartFleet) -> None:
    now_s = 0.0
    fleet = await start_fleet(monotonic=lambda: now_s)
    points = fleet.device(fleet.cameras[0].device_code).pull_points
    async with listener(fleet) as client:
        first = await subscribed(client)
        assert first.lasts_s == 60
        now_s = 50.0
        assert await client.renew(first, 60) == 60
        now_s = 100.0
        assert len(points.living(now_s)) == 1
        assert await client.unsubscribe(first) is None
        assert (points.opened, points.renewed, points.ended) == (1, 1, 1)

        second = await subscribed(client)
        now_s = 161.0
        fault = await client.pull(second, 1, bool)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.PROTOCOL


async def test_a_camera_that_is_full_says_so(start_fleet: StartFleet) -> None:
    async with listener(await start_fleet(subscription_limit=1)) as client:
        await subscribed(client)
        fault = await client.subscribe(60)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.BUSY
    assert "the maximum number of subscriptions is reached" in fault.evidence


async def test_a_camera_without_an_event_service_says_so(start_fleet: StartFleet) -> None:
    async with listener(await start_fleet(subscription_limit=0)) as client:
        fault = await client.subscribe(60)
    assert isinstance(fault, Fault)
    assert fault.evidence.endswith("offers no ONVIF events service")


async def test_a_restart_forgets_pull_points(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    async with listener(fleet) as client:
        subscription = await subscribed(client)
        await fleet.set_fault(code, Down())
        await fleet.clear(code)
        assert fleet.listeners(code) == 0
        assert isinstance(await client.pull(subscription, 1, bool), Fault)


async def test_a_wrong_clock_neither_bars_us_nor_ages_what_it_tells(
    start_fleet: StartFleet,
) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    await fleet.set_fault(code, ClockOff(offset_s=-86_400))
    async with listener(fleet) as client:
        subscription = await subscribed(client)
        assert subscription.lasts_s == 60
        fleet.tell(code, MOTION, {"State": "true"})
        (message,) = (await pulled(client, subscription)).messages
    assert message.age_s is not None
    assert message.age_s < 10
    assert fleet.device(code).bad_logins == 0


async def test_topics_are_told(start_fleet: StartFleet) -> None:
    async with listener(await start_fleet()) as client:
        assert await client.topics() == (
            "tns1:VideoSource/ImageTooDark/ImagingService",
            MOTION,
            "tns1:VideoSource/SignalLoss",
        )


async def test_another_process_lets_a_camera_tell(
    start_fleet: StartFleet, unused_tcp_port: int
) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    url = f"http://127.0.0.1:{unused_tcp_port}/cameras/"
    async with (
        ControlServer(fleet, unused_tcp_port),
        aiohttp.ClientSession() as control,
        listener(fleet) as client,
    ):
        subscription = await subscribed(client)
        body = msgspec.json.encode({"topic": MOTION, "data": {"State": "true"}})
        async with control.post(f"{url}{code}/events", data=body) as response:
            assert await response.json() == {"listeners": 1}
        assert [m.topic for m in (await pulled(client, subscription)).messages] == [MOTION]
        async with control.post(f"{url}0/events", data=body) as response:
            assert response.status == 404
        async with control.post(f"{url}{code}/events", data=b"{}") as response:
            assert response.status == 400
