-- What cameras tell themselves, by ONVIF
-- depends: 0033-leaner-events

-- migrate: apply

-- Of cameras that are listened to or were, and of those of which an engineer has said so.
CREATE TABLE camera_listening (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    -- Null: the settings decide.
    wanted boolean,
    -- How it goes; null while nobody has tried.
    state text CHECK (state IN ('listening', 'away', 'refused', 'no_room', 'unfit', 'off')),
    evidence text NOT NULL DEFAULT '' CHECK (length(evidence) <= 2000),
    since timestamptz,
    -- Alarms that were told as begun and not yet as over.
    open_alarms jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(open_alarms) = 'array'),
    CHECK ((state IS NULL) = (since IS NULL))
);

-- Names and numbers of messages alone: what they said is not kept. A few hundred rows at most.
CREATE TABLE camera_topic (
    topic text COLLATE "C" PRIMARY KEY CHECK (length(topic) <= 120),
    fate text NOT NULL CHECK (fate IN ('alarm', 'verdict', 'unknown', 'about_persons')),
    messages bigint NOT NULL CHECK (messages > 0),
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    last_device_code text NOT NULL
);

-- migrate: rollback

DROP TABLE camera_topic;
DROP TABLE camera_listening;
