"""A signing secret is replaced without the receiver noticing."""

import os
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.errors import RotationError, UnknownEndpointError
from sharpeyes.events.outbox import Outbox
from sharpeyes.events.receiver import CaseReceiver
from sharpeyes.events.relay import Relay
from sharpeyes.events.rotation import MOST_OLD_SECRETS, rotate
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import read_secret, signature_headers
from sharpeyes.registry.sealing import Sealer
from sharpeyes.service.rekeying import reseal

DAY = timedelta(days=1)
Replace = Callable[..., Awaitable[bytes]]


@pytest.fixture
def replace(pool: asyncpg.Pool, sealer: Sealer) -> Replace:
    """Replace the secret of the endpoint `case`; give the new one."""

    async def once(keep: timedelta = DAY, sealer: Sealer = sealer) -> bytes:
        async with pool.acquire() as connection, connection.transaction():
            return read_secret(await rotate(connection, sealer, "case", keep, datetime.now(UTC)))

    return once


async def test_five_rotations_in_2000_deliveries_while_the_receiver_is_slow_to_learn(
    *,
    relay: Relay,
    replace: Replace,
    endpoints: EndpointStore,
    serve: Callable[[Any], Awaitable[str]],
    store_many: Callable[..., Awaitable[None]],
    cameras: dict[str, int],
) -> None:
    source = random.Random(random.getrandbits(32))  # its seed is what pytest-randomly prints
    known = list[bytes]()
    receiver = CaseReceiver(lambda: known)
    added = await endpoints.add("case", await serve(receiver.application()))
    secrets = [read_secret(added.secret)]
    for rotation in range(6):
        if rotation:
            secrets.append(await replace())
        await store_many(tuple(cameras), 34)
        for _ in range(34):
            # Any one secret, from the first to the present one, is enough.
            known[:] = [source.choice(secrets)]
            assert await relay.run_once() == 10

    assert receiver.refused_count == 0
    assert [event.times_received for event in receiver.events] == [1] * 2040


async def test_a_replaced_secret_ends_when_its_time_is_over(
    *, pool: asyncpg.Pool, sealer: Sealer, replace: Replace, endpoints: EndpointStore
) -> None:
    first = read_secret((await endpoints.add("case", "http://10.0.0.1/", handshake=False)).secret)
    second = await replace()
    outbox = Outbox(pool, sealer)
    now = datetime.now(UTC)

    (during,) = await outbox.targets(now)
    (after,) = await outbox.targets(now + DAY)
    third = await replace(timedelta(0))
    (at_once,) = await outbox.targets(now)

    assert during.secrets == (second, first)
    assert after.secrets == (second,)
    assert at_once.secrets == (third,)
    headers = signature_headers(after.secrets, "e", now, b"{}")
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify(b"{}", headers)


async def test_a_replaced_secret_outlives_the_key_that_sealed_it(
    pool: asyncpg.Pool, session: aiohttp.ClientSession, settings: EventSettings, replace: Replace
) -> None:
    old_key, new_key = os.urandom(32), os.urandom(32)
    endpoints = EndpointStore(pool, session, Sealer(old_key), settings)
    first = read_secret((await endpoints.add("case", "http://10.0.0.1/", handshake=False)).secret)
    second = await replace(sealer=Sealer(old_key))
    async for batch in reseal(pool, Sealer(new_key, old_keys=[old_key]), "test"):
        assert batch.unopened == ()

    (target,) = await Outbox(pool, Sealer(new_key)).targets(datetime.now(UTC))
    assert target.secrets == (second, first)


async def test_what_cannot_be_replaced_is_left_as_it_is(
    *, pool: asyncpg.Pool, sealer: Sealer, replace: Replace, endpoints: EndpointStore
) -> None:
    with pytest.raises(UnknownEndpointError, match="'case'"):
        await replace()
    await endpoints.add("case", "http://10.0.0.1/", handshake=False)
    for _ in range(MOST_OLD_SECRETS):
        present = await replace()

    with pytest.raises(RotationError, match="5 replaced secrets that still sign"):
        await replace()

    (target,) = await Outbox(pool, sealer).targets(datetime.now(UTC))
    assert target.secrets[0] == present
    assert len(target.secrets) == 1 + MOST_OLD_SECRETS
