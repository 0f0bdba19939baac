-- Events and pictures by month, how long they are kept, and what must not be deleted
-- depends: 0027-endpoint-cameras 0027-incident-places

-- migrate: apply

-- Where identities begin that are made at a time: they are UUIDs of version 7.
CREATE FUNCTION event_ids_from(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE STRICT
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT regexp_replace(
        lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), '(.{8})(.{4})', '\1-\2')
$$;

ALTER TABLE delivery
    DROP CONSTRAINT delivery_event_id_fkey, ALTER COLUMN event_id TYPE text COLLATE "C";
ALTER TABLE camera_transition
    DROP CONSTRAINT camera_transition_event_id_fkey, ALTER COLUMN event_id TYPE text COLLATE "C";
ALTER TABLE event_key ALTER COLUMN event_id TYPE text COLLATE "C";
-- Else each event that is deleted would be looked for in all of it.
CREATE INDEX camera_transition_event ON camera_transition (event_id) WHERE event_id IS NOT NULL;

ALTER TABLE event RENAME TO event_whole;
ALTER TABLE evidence RENAME TO evidence_whole;
ALTER INDEX event_pkey RENAME TO event_whole_pkey;
ALTER INDEX evidence_pkey RENAME TO evidence_whole_pkey;
ALTER INDEX event_recorded RENAME TO event_whole_recorded;
ALTER INDEX event_device RENAME TO event_whole_device;

CREATE TABLE evidence (
    evidence_id text COLLATE "C" PRIMARY KEY,
    camera_id bigint NOT NULL REFERENCES camera,
    taken_at timestamptz NOT NULL,
    -- Privacy zones are already black in it: nothing unmasked is ever stored.
    jpeg bytea NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    width_px integer NOT NULL,
    height_px integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (evidence_id);

CREATE TABLE event (
    -- Also the webhook-id, constant over retries: no dot in it (Standard Webhooks). Its time makes
    -- its month, so that who has the identity finds the month, and others can refer to it alone.
    event_id text COLLATE "C" PRIMARY KEY CHECK (event_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    type text NOT NULL,
    camera_id bigint NOT NULL REFERENCES camera,
    device_code text NOT NULL,
    -- Counts a camera's events; who stores one holds the camera's row of event_sequence.
    sequence bigint NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'alert')),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    dedup_key text NOT NULL,
    data jsonb NOT NULL,
    -- Deferred: whether the event is new is known only once it is inserted, before its evidence.
    evidence_id text COLLATE "C" REFERENCES evidence DEFERRABLE INITIALLY DEFERRED,
    -- Stays when the picture has been deleted, so that a body sent again is the same body.
    evidence_sha256 text CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    -- Whose event it was, and its identity there; null where it is ours.
    origin_source text,
    origin_id text,
    CONSTRAINT event_origin CHECK ((origin_source IS NULL) = (origin_id IS NULL))
) PARTITION BY RANGE (event_id);
CREATE INDEX event_recorded ON event (recorded_at DESC, event_id DESC);
CREATE INDEX event_camera ON event (camera_id, recorded_at DESC, event_id DESC);

-- What no month is there for, should a clock be far off or nobody have made the months.
CREATE TABLE event_other PARTITION OF event DEFAULT;
CREATE TABLE evidence_other PARTITION OF evidence DEFAULT;

-- Make the months, UTC, from one to another, both included. One of which something is in `other`
-- already is left out: it is kept there as well as elsewhere.
CREATE FUNCTION add_event_months(first_day date, last_day date) RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    month timestamptz;
    parent text;
    lower_id text;
    upper_id text;
    is_there boolean;
BEGIN
    FOR month IN SELECT generate_series(date_trunc('month', first_day::timestamptz),
                                        last_day::timestamptz, interval '1 month') LOOP
        FOREACH parent IN ARRAY ARRAY['evidence', 'event'] LOOP
            CONTINUE WHEN to_regclass(format('%s_%s', parent, to_char(month, 'YYYY_MM')))
                IS NOT NULL;
            lower_id := event_ids_from(month);
            upper_id := event_ids_from(month + interval '1 month');
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= %L AND %2$I < %4$L)',
                           parent || '_other', parent || '_id', lower_id, upper_id) INTO is_there;
            CONTINUE WHEN is_there;
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                           parent || to_char(month, '_YYYY_MM'), parent, lower_id, upper_id);
        END LOOP;
    END LOOP;
END
$$;
SELECT add_event_months(
    (SELECT LEAST(min(recorded_at), now()) FROM event_whole)::date,
    (now() + interval '3 months')::date);

INSERT INTO evidence SELECT * FROM evidence_whole;
INSERT INTO event SELECT event_id, type, camera_id, device_code, sequence, severity, occurred_at,
    recorded_at, dedup_key, data, evidence_id, evidence_sha256, origin_source, origin_id
FROM event_whole;
SET CONSTRAINTS ALL IMMEDIATE;
DROP TABLE event_whole;
DROP TABLE evidence_whole;
ALTER TABLE delivery ADD FOREIGN KEY (event_id) REFERENCES event;
ALTER TABLE camera_transition ADD FOREIGN KEY (event_id) REFERENCES event;

-- What must not be deleted, however old: one event, or a camera's of a time.
CREATE TABLE legal_hold (
    hold_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    camera_id bigint NOT NULL REFERENCES camera,
    -- Null: all of the camera that occurred in the time.
    event_id text COLLATE "C",
    since timestamptz,
    until timestamptz,
    reason text NOT NULL CHECK (reason <> ''),
    placed_by text NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now(),
    -- After which it holds no longer.
    expires_at timestamptz NOT NULL,
    released_by text,
    released_at timestamptz,
    CHECK (num_nonnulls(event_id, since) = 1 AND (since IS NULL) = (until IS NULL)),
    CHECK (since < until),
    CHECK ((released_by IS NULL) = (released_at IS NULL))
);
CREATE INDEX legal_hold_camera ON legal_hold (camera_id) WHERE released_at IS NULL;
CREATE INDEX legal_hold_event ON legal_hold (event_id) WHERE event_id IS NOT NULL;

-- What each run of retention did, class by class.
CREATE TABLE retention_proof (
    at timestamptz NOT NULL DEFAULT now(),
    class text NOT NULL,
    -- What was made before this was due.
    before timestamptz NOT NULL,
    deleted bigint NOT NULL,
    held bigint NOT NULL,
    -- Kept because it waits to be delivered.
    waiting bigint NOT NULL
);
CREATE INDEX retention_proof_at ON retention_proof (at);

-- migrate: rollback

DROP TABLE retention_proof;
DROP TABLE legal_hold;
ALTER TABLE delivery DROP CONSTRAINT delivery_event_id_fkey;
ALTER TABLE camera_transition DROP CONSTRAINT camera_transition_event_id_fkey;
ALTER TABLE event RENAME TO event_months;
ALTER TABLE evidence RENAME TO evidence_months;
CREATE TABLE evidence (LIKE evidence_months INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
CREATE TABLE event (LIKE event_months INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
INSERT INTO evidence SELECT * FROM evidence_months;
INSERT INTO event SELECT * FROM event_months;
DROP TABLE event_months;
DROP TABLE evidence_months;
ALTER TABLE evidence
    ALTER COLUMN evidence_id TYPE text,
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (evidence_id),
    ADD FOREIGN KEY (camera_id) REFERENCES camera;
ALTER TABLE event
    ALTER COLUMN event_id TYPE text,
    ALTER COLUMN evidence_id TYPE text,
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id),
    ADD FOREIGN KEY (camera_id) REFERENCES camera,
    ADD FOREIGN KEY (evidence_id) REFERENCES evidence DEFERRABLE INITIALLY DEFERRED,
    ADD UNIQUE (camera_id, sequence);
CREATE INDEX event_recorded ON event (recorded_at DESC, event_id DESC);
CREATE INDEX event_device ON event (device_code, recorded_at DESC, event_id DESC);
DROP INDEX camera_transition_event;
ALTER TABLE event_key ALTER COLUMN event_id TYPE text;
ALTER TABLE camera_transition ALTER COLUMN event_id TYPE text,
    ADD FOREIGN KEY (event_id) REFERENCES event;
ALTER TABLE delivery ALTER COLUMN event_id TYPE text, ADD FOREIGN KEY (event_id) REFERENCES event;
DROP FUNCTION add_event_months;
DROP FUNCTION event_ids_from;
