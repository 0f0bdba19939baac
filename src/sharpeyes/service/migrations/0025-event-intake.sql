-- Events of other systems: under which identity each is known, and a tally of what came in
-- depends: 0024-endpoint-severities

-- migrate: apply

-- What is told twice is one event, and what another system sends again under its identity, too.
CREATE TABLE event_key (
    dedup_key text COLLATE "C" PRIMARY KEY,
    event_id text NOT NULL,
    camera_id bigint NOT NULL,
    -- SHA-256 of what another system sent; null where the event is ours.
    digest bytea CHECK (length(digest) = 32)
);
INSERT INTO event_key (dedup_key, event_id, camera_id)
SELECT dedup_key, event_id, camera_id FROM event;

ALTER TABLE event
    DROP CONSTRAINT event_dedup_key_key,
    -- Whose event it was, and its identity there; null where it is ours.
    ADD COLUMN origin_source text,
    ADD COLUMN origin_id text,
    ADD CONSTRAINT event_origin CHECK ((origin_source IS NULL) = (origin_id IS NULL));

-- One row for each portion that was handed in, written with its events: so the sums are proof.
CREATE TABLE intake_tally (
    at timestamptz NOT NULL DEFAULT now(),
    -- Of the token.
    caller text NOT NULL,
    received integer NOT NULL,
    stored integer NOT NULL,
    deduplicated integer NOT NULL,
    refused integer NOT NULL,
    -- The subtree of who handed it in; empty: the whole city.
    division_path text COLLATE "C" NOT NULL
        DEFAULT COALESCE(current_setting('sharpeyes.scope', true), ''),
    CHECK (received = stored + deduplicated + refused)
);
CREATE INDEX intake_tally_at ON intake_tally USING brin (at);

-- migrate: rollback

DROP TABLE intake_tally;
ALTER TABLE event DROP COLUMN origin_source, DROP COLUMN origin_id,
    ADD CONSTRAINT event_dedup_key_key UNIQUE (dedup_key);
DROP TABLE event_key;
