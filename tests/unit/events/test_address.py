"""Addresses that are never dialled, however they are written or resolved."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.abc import AbstractResolver, ResolveResult

from sharpeyes.events.address import denial, open_session
from sharpeyes.events.attempt import post
from sharpeyes.events.closed_ports import OwnPorts
from sharpeyes.events.settings import EventSettings

CLOSED = EventSettings()
OPEN = EventSettings(allow_loopback=True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "0.0.0.0",
        "::",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
    ],
)
def test_denied(address: str) -> None:
    assert denial(ipaddress.ip_address(address), 443, CLOSED) is not None


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.1.1", "100.64.0.1", "fd00::1", "8.8.8.8"])
def test_receivers_live_in_private_networks(address: str) -> None:
    assert denial(ipaddress.ip_address(address), 443, CLOSED) is None


def test_a_demonstration_may_dial_this_machine_and_nothing_else_that_is_denied() -> None:
    assert denial(ipaddress.ip_address("127.0.0.1"), 443, OPEN) is None
    assert denial(ipaddress.ip_address("::ffff:127.0.0.1"), 443, OPEN) is None
    assert denial(ipaddress.ip_address("169.254.1.1"), 443, OPEN) is not None


def test_our_own_ports_are_denied_though_their_network_is_allowed() -> None:
    settings = EventSettings.model_validate(
        {"allow_loopback": True, "allowed_networks": ("10.0.0.0/8", "127.0.0.0/8")}
    )
    own = OwnPorts(anywhere=frozenset({5432}), here=frozenset({8080}))

    def reason(address: str, port: int) -> str | None:
        return denial(ipaddress.ip_address(address), port, settings, own)

    for address in ("10.1.2.3", "127.0.0.1", "::ffff:10.1.2.3"):
        assert "our own" in str(reason(address, 5432))
    assert "our own" in str(reason("127.0.0.1", 8080))
    assert "our own" in str(reason("::ffff:127.0.0.1", 8080))
    assert "our own" in str(reason("127.9.9.9", 8080))
    # Another machine may have a receiver there.
    assert reason("10.1.2.3", 8080) is None
    assert reason("127.0.0.1", 9000) is None


async def test_our_own_port_is_not_dialled_by_whatever_name(free_port: Callable[[], int]) -> None:
    connected = asyncio.Event()

    async def canary(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        writer.close()

    port = free_port()
    async with (
        await asyncio.start_server(canary, "127.0.0.1", port),
        open_session(OPEN, OwnPorts(here=frozenset({port}))) as session,
    ):
        for host in ("127.0.0.1", "localhost", "127.0.0.1.", "0x7f000001"):
            answer = await post(session, f"http://{host}:{port}/", {}, b"{}", timeout_s=5)
            assert answer.http_status is None, host
    assert not connected.is_set()


def test_allowed_networks_exclude_all_others() -> None:
    settings = EventSettings.model_validate({"allowed_networks": ("10.7.0.0/16", "fd00::/8")})

    assert denial(ipaddress.ip_address("10.7.3.4"), 443, settings) is None
    assert denial(ipaddress.ip_address("::ffff:10.7.3.4"), 443, settings) is None
    assert denial(ipaddress.ip_address("fd00::5"), 443, settings) is None
    assert "none of the allowed" in str(denial(ipaddress.ip_address("10.8.0.1"), 443, settings))


def test_allowed_ports_exclude_all_others_wherever_they_are() -> None:
    settings = EventSettings(allowed_ports=(443, 8443), allow_loopback=True)

    for address in ("10.7.3.4", "127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert denial(ipaddress.ip_address(address), 8443, settings) is None
        assert denial(ipaddress.ip_address(address), 5432, settings) is not None


@pytest_asyncio.fixture
async def canary() -> AsyncIterator[Callable[[], tuple[int, int]]]:
    """Listen on this machine; give the port, and how many connections came."""
    connections = 0

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        writer.close()

    # One port for both families, so that no way of reaching this machine goes unheard.
    listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    server = await asyncio.start_server(count, sock=listening)
    port = listening.getsockname()[1]
    yield lambda: (port, connections)
    server.close()
    await server.wait_closed()


class RebindingResolver(AbstractResolver):
    """Says first that a name is a harmless address, and afterwards that it is this machine."""

    def __init__(self, answers: list[str]) -> None:
        self._answers = answers

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._answers.pop(0)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        pass


WAYS_TO_WRITE_THIS_MACHINE = (
    *("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "127.0.0.1.", "127.1", "127.0.1"),
    *("2130706433", "017700000001", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0x7F.0x0.0x0.0x1"),
    *("0177.1", "0177.0.0.1", "0177.0.0.01", "127.0.0.0x1", "127.0x0.1", "0", "0.0.0.0", "0.0.0.1"),
    *("000.000.000.000", "localhost", "LOCALHOST", "localhost.", "LocalHost", "127。0。0。1"),
    *("①②⑦.0.0.1", "127%2e0%2e0%2e1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::0001]"),
    *("[0000:0000:0000:0000:0000:0000:0000:0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *("[0:0:0:0:0:ffff:127.0.0.1]", "[::FFFF:127.1.2.3]", "[::127.0.0.1]", "[64:ff9b::7f00:1]"),
    *("[::ffff:0.0.0.0]", "[::1%25lo]", "[::ffff:127.0.0.1%25lo]", "169.254.169.254"),
)


async def test_no_way_of_writing_this_machine_reaches_it_hostile_73(
    canary: Callable[[], tuple[int, int]],
) -> None:
    assert len(set(WAYS_TO_WRITE_THIS_MACHINE)) >= 40
    port, _ = canary()
    async with open_session(CLOSED) as session:
        answers = await asyncio.gather(
            *(
                post(session, f"http://{host}:{port}/", {}, b"{}", 10)
                for host in WAYS_TO_WRITE_THIS_MACHINE
            )
        )

    for host, answer in zip(WAYS_TO_WRITE_THIS_MACHINE, answers, strict=True):
        assert answer.http_status is None, host
        assert answer.error, host
    assert canary()[1] == 0


async def test_a_name_that_changes_its_address_is_caught_when_it_is_dialled_hostile_72_73(
    canary: Callable[[], tuple[int, int]],
) -> None:
    port, _ = canary()
    resolver = RebindingResolver(["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    async with open_session(CLOSED) as session:
        connector = session.connector
        assert isinstance(connector, aiohttp.TCPConnector)
        # The guard is what is tested; only where names lead is replaced.
        connector._resolver = resolver
        connector._use_dns_cache = False
        for _ in range(3):
            answer = await post(session, f"http://rebinding.test:{port}/", {}, b"{}", 2)
            assert "denied" in answer.error

    assert canary()[1] == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
async def test_the_canary_sings_when_it_is_reached(
    canary: Callable[[], tuple[int, int]], host: str
) -> None:
    port, _ = canary()
    async with open_session(OPEN) as session:
        await post(session, f"http://{host}:{port}/", {}, b"{}", 20)

    assert canary()[1] == 1
