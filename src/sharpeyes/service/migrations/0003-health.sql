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
    -- The check that decided; empty while ok. A restarted worker goes on from here.
    decided_by text NOT NULL DEFAULT '',
    since timestamptz NOT NULL,
    -- Of the lease under which it was written.
    epoch bigint NOT NULL
);

CREATE TABLE camera_transition (
    transition_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
    from_status text NOT NULL,
    to_status text NOT NULL,
    cause text NOT NULL DEFAULT '',
    evidence text NOT NULL DEFAULT '',
    decided_by text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    -- Null where nobody needs to hear of it: the first judgement of a camera that is well, or
    -- another cause of a status that is known.
    event_id text REFERENCES event
);
CREATE INDEX camera_transition_camera ON camera_transition (camera_id, at DESC);

-- migrate: rollback

DROP TABLE camera_transition;
DROP TABLE camera_status;
