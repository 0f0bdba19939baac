-- Where each division lies as a path, and each camera's division as such a path
-- depends: 0008-camera-file

-- migrate: apply

ALTER TABLE division
    -- The codes from the top down to its own, each followed by a slash: '420100/420102/'. What lies
    -- below a division starts with its path, so a subtree is one range of an index.
    ADD COLUMN path text COLLATE "C",
    -- The smallest box around it, in WGS-84 degrees, where somebody supplied one.
    ADD COLUMN west double precision CHECK (west BETWEEN -180 AND 180),
    ADD COLUMN south double precision CHECK (south BETWEEN -90 AND 90),
    ADD COLUMN east double precision CHECK (east BETWEEN -180 AND 180),
    ADD COLUMN north double precision CHECK (north BETWEEN -90 AND 90),
    ADD CONSTRAINT division_box CHECK (
        num_nulls(west, south, east, north) IN (0, 4) AND west < east AND south < north
    );

WITH RECURSIVE tree AS (
    SELECT division_code, division_code || '/' AS path FROM division WHERE parent_code IS NULL
    UNION ALL
    SELECT child.division_code, tree.path || child.division_code || '/'
    FROM division AS child JOIN tree ON child.parent_code = tree.division_code
)
UPDATE division SET path = tree.path FROM tree WHERE tree.division_code = division.division_code;
-- The city's published extent, rounded outwards.
UPDATE division SET (west, south, east, north) = (113.68, 29.96, 115.09, 31.37)
WHERE division_code = '420100';

ALTER TABLE division
    ALTER COLUMN path SET NOT NULL,
    ADD CONSTRAINT division_path_unique UNIQUE (path),
    -- What cameras refer to, so that a move takes them along.
    ADD CONSTRAINT division_code_path_unique UNIQUE (division_code, path);

-- Two who change the tree take turns. Before any row is locked: who waits here holds nothing that
-- the other needs. Whoever writes many cameras takes the same lock, shared, for as long.
CREATE FUNCTION division_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('sharpeyes.division'));
    RETURN NULL;
END
$$;
CREATE TRIGGER division_lock BEFORE INSERT OR UPDATE OR DELETE ON division
    FOR EACH STATEMENT EXECUTE FUNCTION division_lock();

CREATE FUNCTION division_set_path() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above text COLLATE "C" := '';
BEGIN
    IF NEW.parent_code IS NOT NULL THEN
        SELECT path INTO above FROM division WHERE division_code = NEW.parent_code;
        IF above IS NULL THEN
            RAISE foreign_key_violation USING MESSAGE = 'no division ' || NEW.parent_code;
        END IF;
    END IF;
    IF position(('/' || NEW.division_code || '/') IN ('/' || above)) > 0 THEN
        RAISE check_violation USING
            MESSAGE = 'division ' || NEW.division_code || ' would lie below itself';
    END IF;
    NEW.path := above || NEW.division_code || '/';
    RETURN NEW;
END
$$;
CREATE TRIGGER division_set_path BEFORE INSERT OR UPDATE OF division_code, parent_code ON division
    FOR EACH ROW EXECUTE FUNCTION division_set_path();

CREATE FUNCTION division_move_below() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE division SET path = NEW.path || substr(path, length(OLD.path) + 1)
    WHERE path ^@ OLD.path;
    RETURN NULL;
END
$$;
CREATE TRIGGER division_move_below AFTER UPDATE OF parent_code ON division
    FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path)
    EXECUTE FUNCTION division_move_below();

DROP INDEX camera_division;
ALTER TABLE camera
    DROP CONSTRAINT camera_division_code_fkey,
    ADD COLUMN division_path text COLLATE "C";
UPDATE camera SET division_path = division.path FROM division
WHERE division.division_code = camera.division_code;
ALTER TABLE camera
    ALTER COLUMN division_path SET NOT NULL,
    ADD CONSTRAINT camera_division FOREIGN KEY (division_code, division_path)
        REFERENCES division (division_code, path) ON UPDATE CASCADE;
-- The order of lists.
CREATE INDEX camera_order ON camera (division_path, device_code);

-- For those who write one camera; an import looks its paths up itself, which is cheaper by far.
CREATE FUNCTION camera_set_division_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked, so that a move that is under way is waited for.
    SELECT path INTO NEW.division_path FROM division
    WHERE division_code = NEW.division_code FOR KEY SHARE;
    -- Where there is no such division, let the foreign key say so.
    NEW.division_path := COALESCE(NEW.division_path, '');
    RETURN NEW;
END
$$;
CREATE TRIGGER camera_add_division_path BEFORE INSERT ON camera
    FOR EACH ROW WHEN (NEW.division_path IS NULL) EXECUTE FUNCTION camera_set_division_path();
CREATE TRIGGER camera_set_division_path BEFORE UPDATE OF division_code ON camera
    FOR EACH ROW WHEN (OLD.division_code <> NEW.division_code)
    EXECUTE FUNCTION camera_set_division_path();

-- migrate: rollback

ALTER TABLE camera
    DROP CONSTRAINT camera_division,
    ADD CONSTRAINT camera_division_code_fkey FOREIGN KEY (division_code) REFERENCES division;
DROP TRIGGER camera_set_division_path ON camera;
DROP TRIGGER camera_add_division_path ON camera;
DROP FUNCTION camera_set_division_path;
DROP INDEX camera_order;
ALTER TABLE camera DROP COLUMN division_path;
CREATE INDEX camera_division ON camera (division_code, tier);
DROP TRIGGER division_move_below ON division;
DROP TRIGGER division_set_path ON division;
DROP TRIGGER division_lock ON division;
DROP FUNCTION division_move_below;
DROP FUNCTION division_set_path;
DROP FUNCTION division_lock;
ALTER TABLE division
    DROP COLUMN path, DROP COLUMN west, DROP COLUMN south, DROP COLUMN east, DROP COLUMN north;
