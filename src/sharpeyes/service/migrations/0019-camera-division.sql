-- A camera's division: kept right by statement, not row by row
-- depends: 0018-import-digest

-- migrate: apply

-- A foreign key looks its row up for each camera: a tenth of what an import costs the database,
-- whose cameras share a few divisions. These triggers keep the same promises, and hold the same
-- locks: no camera without its division, none left behind when a division goes or moves.
ALTER TABLE camera DROP CONSTRAINT camera_division;

CREATE FUNCTION camera_require_divisions(codes text[], paths text[]) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    missing text;
BEGIN
    -- Until we commit nobody takes these divisions away, or moves them.
    WITH held AS MATERIALIZED (
        SELECT division_code, path FROM division WHERE division_code = ANY (codes) FOR KEY SHARE
    )
    SELECT named.code INTO missing FROM unnest(codes, paths) AS named (code, path)
    WHERE NOT EXISTS (
        SELECT FROM held WHERE (held.division_code, held.path) = (named.code, named.path)
    ) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'no division ' || missing || ' there', TABLE = 'camera',
            CONSTRAINT = 'camera_division';
    END IF;
END
$$;

CREATE FUNCTION camera_added_to_division() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM camera_require_divisions(array_agg(division_code), array_agg(division_path))
    FROM (SELECT DISTINCT division_code, division_path FROM after) AS named
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER camera_division_added AFTER INSERT ON camera
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION camera_added_to_division();

-- A plan is kept for the rest of a session. One that was made for a single row would compare each row
-- of a later batch with each other one.
CREATE FUNCTION camera_changed_division() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_nestloop = off AS $$
BEGIN
    PERFORM camera_require_divisions(array_agg(division_code), array_agg(division_path))
    FROM (
        SELECT DISTINCT a.division_code, a.division_path
        FROM before AS b JOIN after AS a USING (camera_id)
        WHERE (a.division_code, a.division_path)
            IS DISTINCT FROM (b.division_code, b.division_path)
    ) AS named
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER camera_division_changed AFTER UPDATE ON camera
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION camera_changed_division();

ALTER FUNCTION camera_edited() SET enable_nestloop = off;

-- The same without comparing the rows before with those after: what did not change adds up to nothing.
CREATE OR REPLACE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM add_to_counts(array_agg((
        division_code, map_cell, tier, life, poll_mode, status, cameras, area_of(division_path)
    )::counted_camera))
    FROM (
        SELECT division_code, division_path, map_cell, tier, life, poll_mode,
            COALESCE(status, 'unknown') AS status, sum(cameras)::bigint AS cameras
        FROM (
            SELECT camera_id, division_code, division_path, map_cell, tier, life, poll_mode,
                -1 AS cameras
            FROM before
            UNION ALL
            SELECT camera_id, division_code, division_path, map_cell, tier, life, poll_mode, 1
            FROM after
        ) AS side LEFT JOIN camera_status USING (camera_id)
        GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(cameras) <> 0
    ) AS changed
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;

CREATE FUNCTION division_take_cameras() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE camera SET division_code = NEW.division_code, division_path = NEW.path
    WHERE division_path = OLD.path;
    RETURN NULL;
END
$$;
CREATE TRIGGER division_take_cameras AFTER UPDATE ON division
    FOR EACH ROW WHEN ((OLD.division_code, OLD.path) IS DISTINCT FROM (NEW.division_code, NEW.path))
    EXECUTE FUNCTION division_take_cameras();

CREATE FUNCTION division_keep_cameras() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM camera WHERE division_path = OLD.path) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'there are cameras in division ' || OLD.division_code, TABLE = 'camera',
            CONSTRAINT = 'camera_division';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER division_keep_cameras AFTER DELETE ON division
    FOR EACH ROW EXECUTE FUNCTION division_keep_cameras();

-- migrate: rollback

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

ALTER FUNCTION camera_edited() RESET enable_nestloop;
DROP TRIGGER division_keep_cameras ON division;
DROP FUNCTION division_keep_cameras;
DROP TRIGGER division_take_cameras ON division;
DROP FUNCTION division_take_cameras;
DROP TRIGGER camera_division_changed ON camera;
DROP FUNCTION camera_changed_division;
DROP TRIGGER camera_division_added ON camera;
DROP FUNCTION camera_added_to_division;
DROP FUNCTION camera_require_divisions;
ALTER TABLE camera ADD CONSTRAINT camera_division FOREIGN KEY (division_code, division_path)
    REFERENCES division (division_code, path) ON UPDATE CASCADE;
