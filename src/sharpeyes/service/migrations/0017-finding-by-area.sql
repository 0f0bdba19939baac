-- Counts and words by area, addresses, and look-ups that a subtree's caller may use
-- depends: 0012-finding 0013-access 0014-places 0016-availability

-- migrate: apply

-- An area is a street with all below it, or what is filed directly under a district or the city:
-- small enough to be read as a whole, and few enough to be asked one after the other.
CREATE FUNCTION area_of(path text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN COALESCE(substring(path FROM '^[^/]+/[^/]+/[^/]+/'), path);

CREATE OR REPLACE FUNCTION camera_tokens(
    name text, place_name text, address text, tier smallint, maker smallint,
    place_kinds smallint[], life text, division_path text
) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY(
        SELECT (ascii(substr(t, i, 1)) << 16) # ascii(substr(t, i + 1, 1))
        FROM unnest(ARRAY[lower(name COLLATE "C"), lower(place_name COLLATE "C"),
                          lower(address COLLATE "C")]) AS t,
             generate_series(1, length(t) - 1) AS i
    ) || ARRAY(SELECT -2000000100 - kind FROM unnest(place_kinds) AS kind)
      || CASE WHEN tier <> 3 THEN ARRAY[-2000000200 - tier] ELSE '{}' END
      || CASE WHEN maker IS NOT NULL THEN ARRAY[-2000000300 - maker] ELSE '{}' END
      || CASE WHEN life <> 'in_service'
              THEN ARRAY[-2000000400 - array_position('{planned,maintenance,removed}', life)]
              ELSE '{}' END
      -- Of its district and of its area: what many have is looked for in one after the other.
      || ('x' || left(md5(COALESCE(
              NULLIF(split_part(division_path, '/', 2), ''), split_part(division_path, '/', 1)
         )), 8))::bit(32)::integer
      || ('x' || left(md5(area_of(division_path)), 8))::bit(32)::integer
$$;
-- No camera changes by this: neither its history nor its counts need hear of it.
ALTER TABLE camera DISABLE TRIGGER USER;
DROP INDEX camera_tokens;
UPDATE camera SET tokens =
    tokens || ('x' || left(md5(area_of(division_path)), 8))::bit(32)::integer;
CREATE INDEX camera_tokens ON camera USING gin (tokens)
    WITH (fastupdate = on, gin_pending_list_limit = 32768);
ALTER TABLE camera ENABLE TRIGGER USER;
-- Nobody plans by their statistics any more, which took most of the time of an ANALYZE.
ALTER TABLE camera ALTER COLUMN tokens SET STATISTICS 0;

-- What cameras answer at, for those who know nothing else of one.
CREATE INDEX camera_host ON camera (host COLLATE "C") WHERE host IS NOT NULL;
-- Those with another address of their own: they hang on a recorder, or have two.
CREATE INDEX camera_own_ipv4 ON camera (ipv4 COLLATE "C") WHERE ipv4 <> host;
CREATE INDEX camera_own_ipv6 ON camera (ipv6 COLLATE "C") WHERE ipv6 <> host;

-- Which cameras may be meant, from indexes that a policy keeps from the caller, as their operators
-- are not leakproof. The caller reads the cameras themselves under its policies; so that it does
-- not even learn how many others there are, a subtree's caller is told of its own only.
CREATE FUNCTION cameras_with(wanted integer[], most bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path = pg_catalog, public, pg_temp
    -- Estimates of arrays are worth nothing: the index finds them, always.
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
    SELECT camera_id FROM camera
    WHERE tokens @> wanted AND (
        current_setting('role') IS DISTINCT FROM 'sharpeyes_serving'
        OR division_path >= NULLIF(current_setting('sharpeyes.scope', true), '')
            AND division_path
                < rtrim(NULLIF(current_setting('sharpeyes.scope', true), ''), '/') || '0'
    )
    LIMIT most
$$;
CREATE FUNCTION cameras_with_last_digits(first text, beyond text, most bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
    SELECT camera_id FROM camera
    WHERE reverse(right(device_code, 6)) COLLATE "C" >= first
        AND reverse(right(device_code, 6)) COLLATE "C" < beyond
        AND (
            current_setting('role') IS DISTINCT FROM 'sharpeyes_serving'
            OR division_path >= NULLIF(current_setting('sharpeyes.scope', true), '')
                AND division_path
                    < rtrim(NULLIF(current_setting('sharpeyes.scope', true), ''), '/') || '0'
        )
    LIMIT most
$$;

-- What waits in the list of new rows is filed, which only the index's owner may ask for.
CREATE FUNCTION file_waiting_tokens() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT gin_clean_pending_list('public.camera_tokens'::regclass)
$$;

-- As camera_count, for whole areas.
CREATE TABLE area_count (
    area_path text COLLATE "C" NOT NULL,
    tier smallint NOT NULL,
    life text NOT NULL,
    poll_mode text NOT NULL,
    status text NOT NULL,
    cameras bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX area_count_group ON area_count (area_path);

-- With the area, so that who has a subtree may read what is its own.
DELETE FROM map_count;
ALTER TABLE map_count ADD COLUMN area_path text COLLATE "C" NOT NULL;
DROP INDEX map_count_group;
CREATE INDEX map_count_group ON map_count (map_cell, area_path);
CREATE INDEX map_count_area ON map_count (area_path);

ALTER TYPE counted_camera ADD ATTRIBUTE area_path text;

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

CREATE OR REPLACE FUNCTION count_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, 'unknown', cameras, area_of(division_path)
    )::counted_camera))
    FROM (SELECT division_code, division_path, map_cell, tier, life, poll_mode,
              count(*) AS cameras
          FROM after GROUP BY 1, 2, 3, 4, 5, 6) AS added;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- A division that moves takes its cameras to another area.
    PERFORM add_to_counts(array_agg((
        side.division_code, side.map_cell, side.tier, side.life, side.poll_mode,
        COALESCE(known.status, 'unknown'), side.cameras, area_of(side.division_path)
    )::counted_camera))
    FROM before AS b
    JOIN after AS a USING (camera_id)
    LEFT JOIN camera_status AS known USING (camera_id)
    CROSS JOIN LATERAL (VALUES
        (b.division_code, b.division_path, b.map_cell, b.tier, b.life, b.poll_mode, -1::bigint),
        (a.division_code, a.division_path, a.map_cell, a.tier, a.life, a.poll_mode, 1)
    ) AS side (division_code, division_path, map_cell, tier, life, poll_mode, cameras)
    WHERE (b.division_code, b.division_path, b.map_cell, b.tier, b.life, b.poll_mode)
        IS DISTINCT FROM (a.division_code, a.division_path, a.map_cell, a.tier, a.life, a.poll_mode)
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_removed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, 'unknown', -1, area_of(division_path)
    )::counted_camera))
    FROM before HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_statuses(camera_ids bigint[], before text[], after text[])
    RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH its AS MATERIALIZED (
        SELECT * FROM camera WHERE camera_id = ANY (camera_ids) ORDER BY camera_id FOR SHARE
    )
    SELECT add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, side.status, side.cameras,
        area_of(division_path)
    )::counted_camera))
    FROM its
    JOIN unnest(camera_ids, before, after) AS moved (camera_id, before, after) USING (camera_id)
    CROSS JOIN LATERAL (VALUES (moved.before, -1), (moved.after, 1)) AS side (status, cameras)
    WHERE moved.before <> moved.after
    HAVING count(*) > 0
$$;

INSERT INTO area_count (area_path, tier, life, poll_mode, status, cameras)
SELECT area_of(division_path), tier, life, poll_mode, status, sum(cameras)
FROM camera_count GROUP BY 1, 2, 3, 4, 5 HAVING sum(cameras) <> 0;
INSERT INTO map_count (map_cell, area_path, tier, life, poll_mode, status, cameras)
SELECT map_cell, area_of(division_path), tier, life, poll_mode, COALESCE(status, 'unknown'),
    count(*)
FROM camera LEFT JOIN camera_status USING (camera_id)
WHERE map_cell IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6;

-- migrate: rollback

-- Of rights.sql, which is applied anew after a migration.
DROP POLICY IF EXISTS scope ON map_count;
DROP FUNCTION file_waiting_tokens;
DROP FUNCTION cameras_with_last_digits;
DROP FUNCTION cameras_with;
DROP INDEX camera_own_ipv6;
DROP INDEX camera_own_ipv4;
DROP INDEX camera_host;
DROP TABLE area_count;
DELETE FROM map_count;
DROP INDEX map_count_group;
ALTER TABLE map_count DROP COLUMN area_path;
CREATE INDEX map_count_group ON map_count (map_cell);
INSERT INTO map_count (map_cell, tier, life, poll_mode, status, cameras)
SELECT map_cell, tier, life, poll_mode, COALESCE(status, 'unknown'), count(*)
FROM camera LEFT JOIN camera_status USING (camera_id)
WHERE map_cell IS NOT NULL GROUP BY 1, 2, 3, 4, 5;
CREATE OR REPLACE FUNCTION add_to_counts(changes counted_camera[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
        SELECT map_cell, tier, life, poll_mode, status, sum(cameras)::bigint AS cameras
        FROM unnest(changes) WHERE map_cell IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(cameras) <> 0
    ), free AS MATERIALIZED (
        SELECT kept.ctid AS place, delta.* FROM map_count AS kept JOIN delta USING (map_cell)
        WHERE (kept.tier, kept.life, kept.poll_mode, kept.status)
            = (delta.tier, delta.life, delta.poll_mode, delta.status)
        FOR UPDATE OF kept SKIP LOCKED
    ), added AS (
        UPDATE map_count AS kept SET cameras = kept.cameras + chosen.cameras
        FROM (SELECT DISTINCT ON (map_cell, tier, life, poll_mode, status) * FROM free) AS chosen
        WHERE kept.ctid = chosen.place
        RETURNING kept.map_cell, kept.tier, kept.life, kept.poll_mode, kept.status
    )
    INSERT INTO map_count (map_cell, tier, life, poll_mode, status, cameras)
    SELECT delta.* FROM delta
    LEFT JOIN added USING (map_cell, tier, life, poll_mode, status)
    WHERE added.tier IS NULL;
$$;
CREATE OR REPLACE FUNCTION count_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, 'unknown', cameras)::counted_camera))
    FROM (SELECT division_code, map_cell, tier, life, poll_mode, count(*) AS cameras
          FROM after GROUP BY 1, 2, 3, 4, 5) AS added;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        side.division_code, side.map_cell, side.tier, side.life, side.poll_mode,
        COALESCE(known.status, 'unknown'), side.cameras)::counted_camera))
    FROM before AS b
    JOIN after AS a USING (camera_id)
    LEFT JOIN camera_status AS known USING (camera_id)
    CROSS JOIN LATERAL (VALUES
        (b.division_code, b.map_cell, b.tier, b.life, b.poll_mode, -1::bigint),
        (a.division_code, a.map_cell, a.tier, a.life, a.poll_mode, 1)
    ) AS side (division_code, map_cell, tier, life, poll_mode, cameras)
    WHERE (b.division_code, b.map_cell, b.tier, b.life, b.poll_mode)
        IS DISTINCT FROM (a.division_code, a.map_cell, a.tier, a.life, a.poll_mode)
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION count_removed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, 'unknown', -1)::counted_camera))
    FROM before HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION count_statuses(camera_ids bigint[], before text[], after text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH its AS MATERIALIZED (
        SELECT * FROM camera WHERE camera_id = ANY (camera_ids) ORDER BY camera_id FOR SHARE
    )
    SELECT add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, side.status, side.cameras)::counted_camera))
    FROM its
    JOIN unnest(camera_ids, before, after) AS moved (camera_id, before, after) USING (camera_id)
    CROSS JOIN LATERAL (VALUES (moved.before, -1), (moved.after, 1)) AS side (status, cameras)
    WHERE moved.before <> moved.after
    HAVING count(*) > 0
$$;
CREATE OR REPLACE FUNCTION camera_tokens(
    name text, place_name text, address text, tier smallint, maker smallint,
    place_kinds smallint[], life text, division_path text
) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY(
        SELECT (ascii(substr(t, i, 1)) << 16) # ascii(substr(t, i + 1, 1))
        FROM unnest(ARRAY[lower(name COLLATE "C"), lower(place_name COLLATE "C"),
                          lower(address COLLATE "C")]) AS t,
             generate_series(1, length(t) - 1) AS i
    ) || ARRAY(SELECT -2000000100 - kind FROM unnest(place_kinds) AS kind)
      || CASE WHEN tier <> 3 THEN ARRAY[-2000000200 - tier] ELSE '{}' END
      || CASE WHEN maker IS NOT NULL THEN ARRAY[-2000000300 - maker] ELSE '{}' END
      || CASE WHEN life <> 'in_service'
              THEN ARRAY[-2000000400 - array_position('{planned,maintenance,removed}', life)]
              ELSE '{}' END
      || ('x' || left(md5(COALESCE(
              NULLIF(split_part(division_path, '/', 2), ''), split_part(division_path, '/', 1)
         )), 8))::bit(32)::integer
$$;
ALTER TYPE counted_camera DROP ATTRIBUTE area_path;
DROP FUNCTION area_of;
ALTER TABLE camera DISABLE TRIGGER USER;
UPDATE camera SET tokens =
    camera_tokens(
        name, place_name, address, tier, maker, place_kinds, life, division_path);
ALTER TABLE camera ENABLE TRIGGER USER;
ALTER TABLE camera ALTER COLUMN tokens SET STATISTICS 1000;
