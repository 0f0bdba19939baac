-- How far the case of an event is, by when it is to be over, and who said what of it
-- depends: 0029-reference-pictures 0030-refused-rows

-- migrate: apply

-- Beside the event, which never changes.
CREATE TABLE event_case (
    event_id text COLLATE "C" PRIMARY KEY REFERENCES event,
    camera_id bigint NOT NULL REFERENCES camera,
    -- Of the event, and the zone that it names: false alarms are counted by them.
    type text NOT NULL,
    zone text NOT NULL DEFAULT '',
    -- dispatched, acknowledged, handled, closed; or rejected: a false alarm.
    state text NOT NULL DEFAULT 'dispatched'
        CHECK (state IN ('dispatched', 'acknowledged', 'handled', 'closed', 'rejected')),
    -- What the case system calls it; empty: it has not said.
    case_number text NOT NULL DEFAULT '',
    -- When the event was recorded: lists are in one order with those of events.
    dispatched_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    handled_at timestamptz,
    ended_at timestamptz CHECK ((ended_at IS NULL) = (state NOT IN ('closed', 'rejected'))),
    -- Null: its type has no limit, or nobody has looked yet.
    deadline_at timestamptz,
    light text NOT NULL DEFAULT '' CHECK (light IN ('', 'blue', 'yellow', 'red')),
    -- When the next light is due; a new case is looked at at once, for its deadline.
    due_at timestamptz DEFAULT '-infinity',
    revision bigint NOT NULL DEFAULT 1
);
CREATE INDEX event_case_due ON event_case (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX event_case_dispatched ON event_case (dispatched_at DESC, event_id DESC);
CREATE INDEX event_case_unclosed ON event_case (dispatched_at DESC, event_id DESC)
    WHERE state NOT IN ('closed', 'rejected');
CREATE INDEX event_case_camera ON event_case (camera_id, dispatched_at);
CREATE INDEX event_case_number ON event_case (case_number) WHERE case_number <> '';

CREATE TABLE event_case_step (
    step_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text COLLATE "C" NOT NULL REFERENCES event_case ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- An account or token, as the audit has it; empty: the service.
    actor text NOT NULL DEFAULT '',
    step text NOT NULL
        CHECK (step IN ('acknowledged', 'handled', 'closed', 'rejected', 'light')),
    words text NOT NULL DEFAULT ''
);
CREATE INDEX event_case_step_of ON event_case_step (event_id, step_id);

-- migrate: rollback

DROP TABLE event_case_step;
DROP TABLE event_case;
