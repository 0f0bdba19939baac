-- What is known of each camera's health: one current row, and every transition
-- depends: 0002-events

-- migrate: apply

CREATE TABLE camera_status (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('unknown', 'ok', 'degraded', 'offline')),
    -- Empty while ok.
    cause text NOT NULL DEFAULT '',
    -- In words that an operator can act on.
    evidence text NOT NULL DEFAULT '',
    since timestamptz NOT NULL,
    epoch bigint NOT NULL
);

CREATE TABLE camera_transition (
    transition_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
    from_status text NOT NULL,
    to_status text NOT NULL,
    cause text NOT NULL DEFAULT '',
    evidence text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    -- Null for the first judgement of a camera that is well: nobody needs to hear of it.
    event_id text REFERENCES event
);
CREATE INDEX camera_transition_camera ON camera_transition (camera_id, at DESC);

-- migrate: rollback

DROP TABLE camera_transition;
DROP TABLE camera_status;
