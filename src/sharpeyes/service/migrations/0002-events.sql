-- Events, their evidence, and the outbox from which endpoints are served
-- depends: 0001-registry

-- migrate: apply

CREATE TABLE event_sequence (
    -- Locked by every event of a camera, so that sequence order is commit order.
    camera_id bigint PRIMARY KEY REFERENCES camera,
    last_sequence bigint NOT NULL
);

CREATE TABLE evidence (
    evidence_id text PRIMARY KEY,
    camera_id bigint NOT NULL REFERENCES camera,
    taken_at timestamptz NOT NULL,
    -- Privacy zones are already black in it: nothing unmasked is ever stored.
    jpeg bytea NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    width_px integer NOT NULL,
    height_px integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE event (
    -- Also the webhook-id, constant over retries: no dot in it (Standard Webhooks).
    event_id text PRIMARY KEY CHECK (event_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    type text NOT NULL,
    camera_id bigint NOT NULL REFERENCES camera,
    device_code text NOT NULL,
    sequence bigint NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'alert')),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    -- The same vehicle or outage told twice is one event.
    dedup_key text NOT NULL UNIQUE,
    data jsonb NOT NULL,
    -- Deferred: whether the event is new is known only once it is inserted, before its evidence.
    evidence_id text REFERENCES evidence DEFERRABLE INITIALLY DEFERRED,
    -- Stays when the picture has been deleted, so that a body sent again is the same body.
    evidence_sha256 text CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    UNIQUE (camera_id, sequence)
);
CREATE INDEX event_recorded ON event (recorded_at DESC, event_id DESC);
CREATE INDEX event_device ON event (device_code, recorded_at DESC, event_id DESC);

CREATE TABLE endpoint (
    endpoint_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    url text NOT NULL,
    -- AES-256-GCM over the signing secret's bytes, with the endpoint's name as associated data.
    secret_ciphertext bytea NOT NULL,
    secret_nonce bytea NOT NULL CHECK (length(secret_nonce) = 12),
    key_id text NOT NULL,
    -- Empty: every type.
    event_types text[] NOT NULL DEFAULT '{}',
    -- paused: by an operator, deliveries wait; disabled: the receiver said 410, none are added.
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    state_reason text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE delivery (
    delivery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL REFERENCES event,
    endpoint_id bigint NOT NULL REFERENCES endpoint,
    camera_id bigint NOT NULL,
    sequence bigint NOT NULL,
    -- pending: waits in its lane; delivered: a 2xx was read; dead: given up, kept for replay.
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
    attempt_count integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    UNIQUE (event_id, endpoint_id)
);
CREATE INDEX delivery_waiting ON delivery (endpoint_id, camera_id, sequence)
    WHERE state = 'pending';
CREATE INDEX delivery_dead ON delivery (endpoint_id, delivery_id) WHERE state = 'dead';

-- The pending deliveries of one camera to one endpoint. Relays lease lanes, and a lane gives its
-- oldest delivery only: that keeps order, and costs the same however many wait behind it.
CREATE TABLE delivery_lane (
    endpoint_id bigint NOT NULL REFERENCES endpoint,
    camera_id bigint NOT NULL,
    -- When it may be leased next; while it is leased, when the lease ends. A new lane is due at
    -- once, whatever the clocks of the database and the relays say.
    due_at timestamptz NOT NULL DEFAULT '-infinity',
    -- A relay that was stopped and wakes again no longer holds the token and changes nothing.
    lease_token uuid,
    PRIMARY KEY (endpoint_id, camera_id)
);
CREATE INDEX delivery_lane_due ON delivery_lane (endpoint_id, due_at);

CREATE TABLE delivery_attempt (
    delivery_id bigint NOT NULL REFERENCES delivery,
    attempt integer NOT NULL,
    started_at timestamptz NOT NULL,
    latency_ms double precision NOT NULL,
    -- Null when no answer was read; then error says why.
    http_status integer,
    error text NOT NULL DEFAULT '',
    answer_head text NOT NULL DEFAULT '',
    PRIMARY KEY (delivery_id, attempt)
);

-- migrate: rollback

DROP TABLE delivery_attempt;
DROP TABLE delivery_lane;
DROP TABLE delivery;
DROP TABLE endpoint;
DROP TABLE event;
DROP TABLE evidence;
DROP TABLE event_sequence;
