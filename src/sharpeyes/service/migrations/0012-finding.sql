-- What finds cameras among a million: words, codes, places on the map, and counts that are kept
-- depends: 0010-camera-history

-- migrate: apply

-- One index finds by text and by what few cameras have. A token is two neighbouring characters of
-- the name, the place's name or the address (ASCII in lower case), packed into a number; or a
-- trait, which is a number below -2,000,000,000. Two that share a number cost a second look, never
-- a wrong answer: who searches compares the text itself, too.
-- registry/tokens.py computes the same for imports, sixteen times as fast.
CREATE FUNCTION camera_tokens(
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
      -- Of its district: what is common in all of the city is looked for district by district.
      || ('x' || left(md5(COALESCE(
              NULLIF(split_part(division_path, '/', 2), ''), split_part(division_path, '/', 1)
         )), 8))::bit(32)::integer
$$;

ALTER TABLE camera
    ADD COLUMN tokens integer[],
    -- Which of 65,536 x 32,768 cells of 360/65536 degrees (some 530 by 610 m at Wuhan) it stands
    -- in: the column of cells from the west above 16 bits for the row from the south. So a box on
    -- the map is a few ranges, and only integers may be compared by an index before a policy.
    ADD COLUMN map_cell integer GENERATED ALWAYS AS (
        (floor(longitude / 360 * 65536)::integer * 65536)
        + floor((latitude + 90) / 360 * 65536)::integer
    ) STORED;
UPDATE camera SET tokens =
    camera_tokens(
        name, place_name, address, tier, maker, place_kinds, life, division_path);
ALTER TABLE camera ALTER COLUMN tokens SET NOT NULL, ALTER COLUMN tokens SET STATISTICS 1000;

-- New rows wait in a list until there are 32 MB of them: merged together they cost half as much.
CREATE INDEX camera_tokens ON camera USING gin (tokens)
    WITH (fastupdate = on, gin_pending_list_limit = 32768);
CREATE INDEX camera_map_cell ON camera (map_cell) WHERE map_cell IS NOT NULL;
-- The last digits of a code, read backwards.
CREATE INDEX camera_last_digits ON camera (reverse(right(device_code, 6)) COLLATE "C");
CREATE INDEX camera_status_status ON camera_status (status);

CREATE FUNCTION camera_set_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.tokens := camera_tokens(
        NEW.name, NEW.place_name, NEW.address, NEW.tier, NEW.maker, NEW.place_kinds, NEW.life,
        NEW.division_path);
    RETURN NEW;
END
$$;
-- Triggers of an event run in the order of their names: these after the one that sets the path.
CREATE TRIGGER camera_tokens_added BEFORE INSERT ON camera
    FOR EACH ROW WHEN (NEW.tokens IS NULL) EXECUTE FUNCTION camera_set_tokens();
CREATE TRIGGER camera_tokens_changed
    BEFORE UPDATE OF name, place_name, address, tier, maker, place_kinds, life, division_code,
        division_path
    ON camera FOR EACH ROW WHEN (
        (OLD.name, OLD.place_name, OLD.address, OLD.tier, OLD.maker, OLD.place_kinds, OLD.life,
         OLD.division_path)
        IS DISTINCT FROM
        (NEW.name, NEW.place_name, NEW.address, NEW.tier, NEW.maker, NEW.place_kinds, NEW.life,
         NEW.division_path)
        AND OLD.tokens = NEW.tokens
    ) EXECUTE FUNCTION camera_set_tokens();

-- How many cameras are how, by division and by cell of the map. The numbers of a group may be
-- spread over several rows: a statement adds to one that nobody holds, or else to a new one, so
-- that no two wait for each other. Reading sums up. There are about as many rows to a group as
-- there ever were writers at once.
CREATE TABLE camera_count (
    division_code text NOT NULL,
    division_path text COLLATE "C" NOT NULL,
    tier smallint NOT NULL,
    life text NOT NULL,
    poll_mode text NOT NULL,
    status text NOT NULL,
    cameras bigint NOT NULL,
    CONSTRAINT camera_count_division FOREIGN KEY (division_code, division_path)
        REFERENCES division (division_code, path) ON UPDATE CASCADE ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX camera_count_group ON camera_count (division_path);
CREATE INDEX camera_count_status ON camera_count (status, division_path);
CREATE TABLE map_count (
    map_cell integer NOT NULL,
    tier smallint NOT NULL,
    life text NOT NULL,
    poll_mode text NOT NULL,
    status text NOT NULL,
    cameras bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX map_count_group ON map_count (map_cell);

CREATE TYPE counted_camera AS (
    division_code text, map_cell integer, tier smallint, life text, poll_mode text, status text,
    cameras bigint
);

-- With the owner's rights, as all below: who changes a camera may not write the counts themselves.
CREATE FUNCTION add_to_counts(changes counted_camera[]) RETURNS void LANGUAGE sql
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

CREATE FUNCTION count_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, 'unknown', cameras)::counted_camera))
    FROM (SELECT division_code, map_cell, tier, life, poll_mode, count(*) AS cameras
          FROM after GROUP BY 1, 2, 3, 4, 5) AS added;
    RETURN NULL;
END
$$;
CREATE TRIGGER camera_count_added AFTER INSERT ON camera
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION count_added();

CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql
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
CREATE TRIGGER camera_count_changed AFTER UPDATE ON camera
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed();

-- First its status goes, which is counted while the camera is still there.
CREATE FUNCTION forget_status() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM camera_status WHERE camera_id = OLD.camera_id;
    RETURN OLD;
END
$$;
CREATE TRIGGER camera_forget_status BEFORE DELETE ON camera
    FOR EACH ROW EXECUTE FUNCTION forget_status();
CREATE FUNCTION count_removed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, 'unknown', -1)::counted_camera))
    FROM before HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER camera_count_removed AFTER DELETE ON camera
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION count_removed();

-- The cameras are locked against changes: each of two writers must see what the other has done.
CREATE FUNCTION count_statuses(camera_ids bigint[], before text[], after text[]) RETURNS void
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
CREATE FUNCTION count_status_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_statuses(array_agg(camera_id), array_agg('unknown'::text), array_agg(status))
    FROM after WHERE status <> 'unknown' HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE FUNCTION count_status_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_statuses(array_agg(camera_id), array_agg(b.status), array_agg(a.status))
    FROM before AS b JOIN after AS a USING (camera_id)
    WHERE b.status <> a.status HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE FUNCTION count_status_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_statuses(array_agg(camera_id), array_agg(status), array_agg('unknown'::text))
    FROM before WHERE status <> 'unknown' HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER camera_status_added AFTER INSERT ON camera_status
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION count_status_added();
CREATE TRIGGER camera_status_changed AFTER UPDATE ON camera_status
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_status_changed();
CREATE TRIGGER camera_status_removed AFTER DELETE ON camera_status
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION count_status_removed();

INSERT INTO camera_count (division_code, division_path, tier, life, poll_mode, status, cameras)
SELECT division_code, division_path, tier, life, poll_mode, COALESCE(status, 'unknown'), count(*)
FROM camera LEFT JOIN camera_status USING (camera_id) GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO map_count (map_cell, tier, life, poll_mode, status, cameras)
SELECT map_cell, tier, life, poll_mode, COALESCE(status, 'unknown'), count(*)
FROM camera LEFT JOIN camera_status USING (camera_id)
WHERE map_cell IS NOT NULL GROUP BY 1, 2, 3, 4, 5;

-- migrate: rollback

DROP TRIGGER camera_status_removed ON camera_status;
DROP TRIGGER camera_status_changed ON camera_status;
DROP TRIGGER camera_status_added ON camera_status;
DROP FUNCTION count_status_removed;
DROP FUNCTION count_status_changed;
DROP FUNCTION count_status_added;
DROP FUNCTION count_statuses;
DROP TRIGGER camera_count_removed ON camera;
DROP FUNCTION count_removed;
DROP TRIGGER camera_forget_status ON camera;
DROP FUNCTION forget_status;
DROP TRIGGER camera_count_changed ON camera;
DROP FUNCTION count_changed;
DROP TRIGGER camera_count_added ON camera;
DROP FUNCTION count_added;
DROP FUNCTION add_to_counts;
DROP TYPE counted_camera;
DROP TABLE map_count;
DROP TABLE camera_count;
DROP TRIGGER camera_tokens_changed ON camera;
DROP TRIGGER camera_tokens_added ON camera;
DROP FUNCTION camera_set_tokens;
DROP INDEX camera_status_status;
DROP INDEX camera_last_digits;
ALTER TABLE camera DROP COLUMN tokens, DROP COLUMN map_cell;
DROP FUNCTION camera_tokens;
