-- What a detector must not forget over a restart: dwell served, vehicles already reported
-- depends: 0001-registry

-- migrate: apply

CREATE TABLE detector_state (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    state bytea NOT NULL,
    saved_at timestamptz NOT NULL,
    epoch bigint NOT NULL
);

-- migrate: rollback

DROP TABLE detector_state;
