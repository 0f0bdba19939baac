import asyncpg

from sharpeyes.registry.history import sign
from sharpeyes.service.metrics import exposition, read_gauges


async def test_what_waits_and_what_is_dead_is_counted(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        await connection.execute(
            """
            WITH camera AS (
                INSERT INTO camera (device_code, name, tier, division_code, poll_mode)
                VALUES ('42010200001320000001', 'a', 1, '420102', 'none')
                RETURNING camera_id, device_code
            ), endpoint AS (
                INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id)
                VALUES ('case', 'http://10.0.0.1/', '', decode(repeat('00', 12), 'hex'), 'k')
                RETURNING endpoint_id
            ), event AS (
                INSERT INTO event (event_id, type, camera_id, device_code, sequence, severity,
                                   occurred_at, dedup_key, data)
                SELECT 'e' || n, 't', camera_id, device_code, n, 'info', now(), 'e' || n, '{}'
                FROM camera, generate_series(1, 6) n RETURNING event_id, camera_id, sequence
            )
            INSERT INTO delivery (event_id, endpoint_id, camera_id, sequence, state)
            SELECT event_id, endpoint_id, camera_id, sequence,
                   CASE sequence WHEN 1 THEN 'dead' WHEN 2 THEN 'delivered' ELSE 'pending' END
            FROM event, endpoint
            """
        )
    await pool.execute(
        "INSERT INTO camera_listening (camera_id, state, since)"
        " SELECT camera_id, 'no_room', now() FROM camera"
    )
    text = exposition(await read_gauges(pool))[0].decode()
    assert 'sharpeyes_listening{state="no_room"} 1.0' in text
    assert 'sharpeyes_deliveries{state="pending"} 4.0' in text
    assert 'sharpeyes_deliveries{state="dead"} 1.0' in text
    assert 'sharpeyes_cameras{status="not_measured",tier="1"} 1.0' in text
    assert "42010200001320000001" not in text


async def test_an_empty_outbox_is_counted_as_nothing(pool: asyncpg.Pool) -> None:
    text = exposition(await read_gauges(pool))[0].decode()
    assert 'sharpeyes_deliveries{state="pending"} 0.0' in text
    assert 'sharpeyes_deliveries{state="dead"} 0.0' in text
