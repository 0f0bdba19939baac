-- What each camera's row looked like when it was last imported: beside the camera itself
-- depends: 0007-vehicle-widths 0017-finding-by-area

-- migrate: apply

-- A table of its own cost an import a fifth of its time. What is forgotten here costs time alone:
-- each file is read in full once more.
DROP TABLE camera_seen;
ALTER TABLE camera
    ADD COLUMN import_digest bytea,
    -- The revision that came of it: at any other one somebody has changed the camera since.
    ADD COLUMN import_revision bigint;

-- migrate: rollback

ALTER TABLE camera DROP COLUMN import_digest, DROP COLUMN import_revision;
CREATE UNLOGGED TABLE camera_seen (
    device_code text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL,
    revision bigint NOT NULL
);
