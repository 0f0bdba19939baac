-- Incidents as work, cameras that are unreachable for a common cause, and who judges that
-- depends: 0012-finding 0013-access 0014-places

-- migrate: apply

ALTER TABLE camera_status
    DROP CONSTRAINT camera_status_status_check,
    -- unreachable: it does not answer, and it is not (yet) known to be its own fault.
    ADD CONSTRAINT camera_status_status_check
        CHECK (status IN ('unknown', 'ok', 'degraded', 'unreachable', 'offline')),
    -- When the first of the results was seen that led to it; null where nothing is wrong.
    ADD COLUMN began_at timestamptz,
    -- The status of which the case system was told last; empty where that is "restored", or nothing.
    ADD COLUMN told text NOT NULL DEFAULT '';
UPDATE camera_status SET told = status WHERE status IN ('degraded', 'offline');
ALTER TABLE camera_transition
    ADD COLUMN began_at timestamptz;

CREATE TABLE incident (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- camera: one camera's own fault. The others: many at once, which share what is named.
    kind text NOT NULL
        CHECK (kind IN ('camera', 'recorder', 'subnet', 'network', 'district', 'poller')),
    -- The camera's id; or the recorder's address, the /24, the network's name, the district's
    -- code, the machine that asks.
    group_key text NOT NULL,
    -- What people call it.
    title text NOT NULL,
    cause text NOT NULL,
    -- In words that an operator can act on.
    evidence text NOT NULL,
    -- The check that decided; empty where there are many cameras.
    decided_by text NOT NULL DEFAULT '',
    -- recovering: it looks well again, and has to prove it.
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'recovering', 'closed')),
    -- When the first of its results was seen.
    began_at timestamptz NOT NULL,
    -- For the latest time, where it was opened again.
    opened_at timestamptz NOT NULL,
    recovering_at timestamptz,
    closed_at timestamptz CHECK ((closed_at IS NULL) = (state <> 'closed')),
    -- An account or token; empty: the service, after enough good samples.
    closed_by text NOT NULL DEFAULT '',
    close_reason text NOT NULL DEFAULT '',
    times_opened integer NOT NULL DEFAULT 1,
    -- Touched, all in all.
    cameras integer NOT NULL DEFAULT 1,
    -- Where all of its cameras are; null with an empty path: all over the city.
    division_code text,
    division_path text COLLATE "C" NOT NULL,
    -- Who sees to it: a unit or a role, never a person.
    assigned_unit text NOT NULL DEFAULT '',
    assigned_role text NOT NULL DEFAULT '' CHECK (assigned_unit = '' OR assigned_role = ''),
    deadline_at timestamptz NOT NULL,
    -- How much of the time is gone: each is raised once.
    light text NOT NULL DEFAULT '' CHECK (light IN ('', 'blue', 'yellow', 'red')),
    -- When somebody last did something about it.
    worked_at timestamptz,
    reminded_at timestamptz,
    -- When a light or a reminder is due next; null: never again.
    due_at timestamptz,
    revision bigint NOT NULL DEFAULT 1,
    -- What the events of an incident of many cameras are filed under.
    event_camera_id bigint REFERENCES camera ON DELETE SET NULL,
    CONSTRAINT incident_division FOREIGN KEY (division_code, division_path)
        REFERENCES division (division_code, path)
        ON UPDATE CASCADE ON DELETE SET NULL (division_code)
);
-- There is one of a kind at a time.
CREATE UNIQUE INDEX incident_unclosed ON incident (kind, group_key) WHERE state <> 'closed';
CREATE INDEX incident_closed ON incident (kind, group_key, closed_at DESC) WHERE state = 'closed';
CREATE INDEX incident_due ON incident (due_at) WHERE state <> 'closed' AND due_at IS NOT NULL;
CREATE INDEX incident_division_path ON incident (division_path, incident_id DESC);
CREATE INDEX incident_of_many ON incident (incident_id) WHERE state <> 'closed' AND kind <> 'camera';

CREATE TABLE incident_camera (
    incident_id bigint NOT NULL REFERENCES incident ON DELETE CASCADE,
    camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
    joined_at timestamptz NOT NULL,
    -- Reached again, or made an incident of its own; null: still concerned.
    left_at timestamptz,
    PRIMARY KEY (incident_id, camera_id)
);
CREATE INDEX incident_camera_of ON incident_camera (camera_id, incident_id DESC);

CREATE TABLE incident_step (
    step_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES incident ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- An account or token, as the audit has it; empty: the service.
    actor text NOT NULL DEFAULT '',
    step text NOT NULL CHECK (step IN ('opened', 'reopened', 'cause', 'assigned', 'note', 'light',
                                       'reminder', 'recovering', 'relapsed', 'closed')),
    words text NOT NULL DEFAULT ''
);
CREATE INDEX incident_step_of ON incident_step (incident_id, step_id);

-- Which worker judges what is common to cameras: one at a time, as with shards.
CREATE TABLE incident_desk (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    worker_id text,
    epoch bigint NOT NULL DEFAULT 0,
    expires_at timestamptz
);
INSERT INTO incident_desk DEFAULT VALUES;

-- migrate: rollback

DROP TABLE incident_desk;
DROP TABLE incident_step;
DROP TABLE incident_camera;
DROP TABLE incident;
ALTER TABLE camera_transition DROP COLUMN began_at;
UPDATE camera_status SET status = 'offline' WHERE status = 'unreachable';
ALTER TABLE camera_status
    DROP COLUMN began_at,
    DROP COLUMN told,
    DROP CONSTRAINT camera_status_status_check,
    ADD CONSTRAINT camera_status_status_check
        CHECK (status IN ('unknown', 'ok', 'degraded', 'offline'));
