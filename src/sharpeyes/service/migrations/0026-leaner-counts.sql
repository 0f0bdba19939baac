-- Counts that are kept at less cost while a registry is filled
-- depends: 0025-event-intake 0025-map-spots

-- migrate: apply

CREATE OR REPLACE FUNCTION add_to_counts(changes counted_camera[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    -- By index, whatever the planner believes: while a registry is filled there are no statistics.
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    SET enable_nestloop = on
AS $$
    -- One row of each group, and that one only: what others hold is theirs, and all of them would
    -- leave the next writer none.
    WITH delta AS MATERIALIZED (
        SELECT row_number() OVER () AS number, summed.*, path AS division_path FROM (
            SELECT division_code, tier, life, poll_mode, status, sum(cameras)::bigint AS cameras
            FROM unnest(changes) GROUP BY 1, 2, 3, 4, 5 HAVING sum(cameras) <> 0
        ) AS summed JOIN division USING (division_code)
    ), free AS MATERIALIZED (
        SELECT number, cameras, kept.place FROM delta CROSS JOIN LATERAL (
            SELECT ctid AS place FROM camera_count AS kept
            WHERE kept.division_path = delta.division_path
                AND (kept.tier, kept.life, kept.poll_mode, kept.status)
                    = (delta.tier, delta.life, delta.poll_mode, delta.status)
            LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS kept
    ), added AS (
        UPDATE camera_count AS kept SET cameras = kept.cameras + free.cameras
        FROM free WHERE kept.ctid = free.place
        RETURNING free.number
    )
    INSERT INTO camera_count (division_code, division_path, tier, life, poll_mode, status, cameras)
    SELECT division_code, division_path, tier, life, poll_mode, status, cameras FROM delta
    WHERE number NOT IN (SELECT number FROM added);

    WITH delta AS MATERIALIZED (
        SELECT row_number() OVER () AS number, summed.* FROM (
            SELECT area_path, tier, life, poll_mode, status, sum(cameras)::bigint AS cameras
            FROM unnest(changes) GROUP BY 1, 2, 3, 4, 5 HAVING sum(cameras) <> 0
        ) AS summed
    ), free AS MATERIALIZED (
        SELECT number, cameras, kept.place FROM delta CROSS JOIN LATERAL (
            SELECT ctid AS place FROM area_count AS kept
            WHERE kept.area_path = delta.area_path
                AND (kept.tier, kept.life, kept.poll_mode, kept.status)
                    = (delta.tier, delta.life, delta.poll_mode, delta.status)
            LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS kept
    ), added AS (
        UPDATE area_count AS kept SET cameras = kept.cameras + free.cameras
        FROM free WHERE kept.ctid = free.place
        RETURNING free.number
    )
    INSERT INTO area_count (area_path, tier, life, poll_mode, status, cameras)
    SELECT area_path, tier, life, poll_mode, status, cameras FROM delta
    WHERE number NOT IN (SELECT number FROM added);

    WITH delta AS MATERIALIZED (
        SELECT row_number() OVER () AS number, summed.* FROM (
            SELECT map_cell, area_path, tier, life, poll_mode, status,
                sum(cameras)::bigint AS cameras
            FROM unnest(changes) WHERE map_cell IS NOT NULL
            GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(cameras) <> 0
        ) AS summed
    ), free AS MATERIALIZED (
        SELECT number, cameras, kept.place FROM delta CROSS JOIN LATERAL (
            SELECT ctid AS place FROM map_count AS kept
            WHERE (kept.map_cell, kept.area_path) = (delta.map_cell, delta.area_path)
                AND (kept.tier, kept.life, kept.poll_mode, kept.status)
                    = (delta.tier, delta.life, delta.poll_mode, delta.status)
            LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS kept
    ), added AS (
        UPDATE map_count AS kept SET cameras = kept.cameras + free.cameras
        FROM free WHERE kept.ctid = free.place
        RETURNING free.number
    )
    INSERT INTO map_count (map_cell, area_path, tier, life, poll_mode, status, cameras)
    SELECT map_cell, area_path, tier, life, poll_mode, status, cameras FROM delta
    WHERE number NOT IN (SELECT number FROM added);
$$;

-- The same as the regular expressions, which took three times as long.
ALTER TABLE camera
    DROP CONSTRAINT camera_device_code_check,
    DROP CONSTRAINT camera_police_station_code_check,
    ADD CONSTRAINT camera_device_code_check
        CHECK (length(device_code) = 20 AND translate(device_code, '0123456789', '') = ''),
    ADD CONSTRAINT camera_police_station_code_check CHECK (
        length(police_station_code) = 12 AND translate(police_station_code, '0123456789', '') = ''
    );

-- migrate: rollback

CREATE OR REPLACE FUNCTION add_to_counts(changes counted_camera[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    -- With the path at once: joined by itself, the few tiers and states may come first in a plan,
    -- and then each change meets all groups of its tier.
    WITH delta AS MATERIALIZED (
        SELECT division_code, path AS division_path, tier, life, poll_mode, status,
            sum(changed.cameras)::bigint AS cameras
        FROM unnest(changes) AS changed JOIN division USING (division_code)
        GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(changed.cameras) <> 0
    ), free AS MATERIALIZED (
        SELECT kept.ctid AS place, delta.* FROM delta JOIN camera_count AS kept
            USING (division_path)
        WHERE (kept.tier, kept.life, kept.poll_mode, kept.status)
            = (delta.tier, delta.life, delta.poll_mode, delta.status)
        FOR UPDATE OF kept SKIP LOCKED
    ), added AS (
        UPDATE camera_count AS kept SET cameras = kept.cameras + chosen.cameras
        FROM (SELECT DISTINCT ON (division_code, tier, life, poll_mode, status) * FROM free)
            AS chosen
        WHERE kept.ctid = chosen.place
        RETURNING kept.division_code, kept.tier, kept.life, kept.poll_mode, kept.status,
            kept.division_code AS code
    )
    INSERT INTO camera_count (division_code, division_path, tier, life, poll_mode, status, cameras)
    SELECT division_code, division_path, tier, life, poll_mode, status, cameras FROM delta
    LEFT JOIN added USING (division_code, tier, life, poll_mode, status)
    WHERE added.code IS NULL;

    WITH delta AS MATERIALIZED (
        SELECT area_path, tier, life, poll_mode, status, sum(cameras)::bigint AS cameras
        FROM unnest(changes) GROUP BY 1, 2, 3, 4, 5 HAVING sum(cameras) <> 0
    ), free AS MATERIALIZED (
        SELECT kept.ctid AS place, delta.* FROM area_count AS kept JOIN delta USING (area_path)
        WHERE (kept.tier, kept.life, kept.poll_mode, kept.status)
            = (delta.tier, delta.life, delta.poll_mode, delta.status)
        FOR UPDATE OF kept SKIP LOCKED
    ), added AS (
        UPDATE area_count AS kept SET cameras = kept.cameras + chosen.cameras
        FROM (SELECT DISTINCT ON (area_path, tier, life, poll_mode, status) * FROM free) AS chosen
        WHERE kept.ctid = chosen.place
        RETURNING kept.area_path, kept.tier, kept.life, kept.poll_mode, kept.status,
            kept.tier AS found
    )
    INSERT INTO area_count (area_path, tier, life, poll_mode, status, cameras)
    SELECT area_path, tier, life, poll_mode, status, cameras FROM delta
    LEFT JOIN added USING (area_path, tier, life, poll_mode, status)
    WHERE added.found IS NULL;

    WITH delta AS MATERIALIZED (
        SELECT map_cell, area_path, tier, life, poll_mode, status, sum(cameras)::bigint AS cameras
        FROM unnest(changes) WHERE map_cell IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(cameras) <> 0
    ), free AS MATERIALIZED (
        SELECT kept.ctid AS place, delta.*
        FROM map_count AS kept JOIN delta USING (map_cell, area_path)
        WHERE (kept.tier, kept.life, kept.poll_mode, kept.status)
            = (delta.tier, delta.life, delta.poll_mode, delta.status)
        FOR UPDATE OF kept SKIP LOCKED
    ), added AS (
        UPDATE map_count AS kept SET cameras = kept.cameras + chosen.cameras
        FROM (SELECT DISTINCT ON (map_cell, area_path, tier, life, poll_mode, status) * FROM free)
            AS chosen
        WHERE kept.ctid = chosen.place
        RETURNING kept.map_cell, kept.area_path, kept.tier, kept.life, kept.poll_mode, kept.status,
            kept.tier AS found
    )
    INSERT INTO map_count (map_cell, area_path, tier, life, poll_mode, status, cameras)
    SELECT map_cell, area_path, tier, life, poll_mode, status, cameras FROM delta
    LEFT JOIN added USING (map_cell, area_path, tier, life, poll_mode, status)
    WHERE added.found IS NULL;
$$;

ALTER TABLE camera
    DROP CONSTRAINT camera_device_code_check,
    DROP CONSTRAINT camera_police_station_code_check,
    ADD CONSTRAINT camera_device_code_check CHECK (device_code ~ '^[0-9]{20}$'),
    ADD CONSTRAINT camera_police_station_code_check CHECK (police_station_code ~ '^[0-9]{12}$');
