-- What a camera's picture is like when it is well, and what it showed last
-- depends: 0028-camera-recording 0028-event-months

-- migrate: apply

-- At most three rows and 60 kB a camera. Privacy zones are black in all of it.
CREATE TABLE camera_picture (
    camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
    -- References by day and by night, and the last picture.
    kind text NOT NULL CHECK (kind IN ('day', 'night', 'last')),
    at timestamptz NOT NULL,
    -- PNG of a reference, JPEG of the last picture.
    picture bytea NOT NULL CHECK (octet_length(picture) <= 24576),
    -- Of a reference: what was measured, and of how many pictures it was learned.
    figures bytea CHECK (octet_length(figures) <= 2048),
    samples smallint CHECK (samples > 0),
    -- Whether pictures are compared with it yet.
    is_ready boolean,
    CHECK (num_nulls(figures, samples, is_ready) = CASE kind WHEN 'last' THEN 3 ELSE 0 END),
    PRIMARY KEY (camera_id, kind)
) WITH (fillfactor = 90);
ALTER TABLE camera_picture ALTER COLUMN picture SET STORAGE EXTERNAL;

-- What was stored with other privacy zones goes in the transaction that changes them. Whoever
-- stores a picture holds the camera's revision, which zones raise.
CREATE FUNCTION forget_camera_pictures() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    camera bigint := COALESCE(NEW.camera_id, OLD.camera_id);
BEGIN
    IF 'privacy' IN (NEW.kind, OLD.kind) THEN
        DELETE FROM camera_picture WHERE camera_id = camera;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_camera_pictures AFTER INSERT OR UPDATE OR DELETE ON zone
    FOR EACH ROW EXECUTE FUNCTION forget_camera_pictures();

-- migrate: rollback

DROP TRIGGER forget_camera_pictures ON zone;
DROP FUNCTION forget_camera_pictures;
DROP TABLE camera_picture;
