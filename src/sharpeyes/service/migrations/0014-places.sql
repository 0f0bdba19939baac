-- Key places, which cameras ought to watch
-- depends: 0009-division-paths

-- migrate: apply

CREATE TABLE place (
    place_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place_code text NOT NULL UNIQUE CHECK (place_code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
    name_zh text NOT NULL CHECK (name_zh <> ''),
    name_en text CHECK (name_en <> ''),
    -- As the sheet's kinds of place: what camera.place_kinds holds.
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 15 OR kind BETWEEN 96 AND 99),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    -- [[longitude, latitude], ...], the corners in order; instead of a position.
    polygon jsonb,
    -- How far away a camera may stand that watches it.
    radius_m double precision NOT NULL CHECK (radius_m > 0 AND radius_m <= 5000),
    division_code text NOT NULL,
    division_path text COLLATE "C" NOT NULL,
    -- The box in which its cameras stand, in degrees; as large as the radius makes it.
    west double precision NOT NULL,
    south double precision NOT NULL,
    east double precision NOT NULL,
    north double precision NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(longitude, latitude) IN (0, 2)),
    CHECK (num_nonnulls(longitude, polygon) = 1),
    CHECK (west < east AND south < north),
    CONSTRAINT place_division FOREIGN KEY (division_code, division_path)
        REFERENCES division (division_code, path) ON UPDATE CASCADE
);
CREATE INDEX place_order ON place (division_path, place_code);

-- As cameras are given their paths.
CREATE TRIGGER place_add_division_path BEFORE INSERT ON place
    FOR EACH ROW WHEN (NEW.division_path IS NULL) EXECUTE FUNCTION camera_set_division_path();
CREATE TRIGGER place_set_division_path BEFORE UPDATE OF division_code ON place
    FOR EACH ROW WHEN (OLD.division_code <> NEW.division_code)
    EXECUTE FUNCTION camera_set_division_path();

-- Whether a place that nobody watches might be watched by a camera without a position. There are
-- few of those, so the index is small.
CREATE INDEX camera_without_position ON camera (division_path) WHERE longitude IS NULL;

-- migrate: rollback

DROP INDEX camera_without_position;
DROP TABLE place;
