-- For how long cameras were how: summed up by the hour and by the day
-- depends: 0015-incidents

-- migrate: apply

-- Our own clock may be put back: a transition never lies before the one before it.
CREATE FUNCTION camera_transition_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := GREATEST(NEW.at, (
        SELECT at FROM camera_transition WHERE camera_id = NEW.camera_id
        ORDER BY at DESC LIMIT 1));
    RETURN NEW;
END
$$;
UPDATE camera_transition AS t SET at = ordered.at
FROM (SELECT transition_id,
          max(at) OVER (PARTITION BY camera_id ORDER BY transition_id) AS at
      FROM camera_transition) AS ordered
WHERE t.transition_id = ordered.transition_id AND t.at <> ordered.at;
CREATE TRIGGER camera_transition_in_order BEFORE INSERT ON camera_transition
    FOR EACH ROW EXECUTE FUNCTION camera_transition_in_order();

-- What happened in an hour. Both tables grow at their end, where a summary of pages is enough.
CREATE INDEX camera_transition_at ON camera_transition
    USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX camera_change_at ON camera_change
    USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

-- By hour, street (or what it is filed under, if that is above), tier, maker and model. Times in
-- microseconds: sums are exact.
CREATE TABLE availability_hour (
    since timestamptz NOT NULL,
    division_code text NOT NULL,
    tier smallint NOT NULL,
    -- 0 and the empty text: not on file.
    maker smallint NOT NULL,
    model text NOT NULL,
    well_us bigint NOT NULL,
    impaired_us bigint NOT NULL,
    unseen_us bigint NOT NULL,
    faulty_us bigint NOT NULL,
    offline_us bigint NOT NULL,
    unreachable_us bigint NOT NULL,
    unknown_us bigint NOT NULL,
    maintenance_us bigint NOT NULL,
    on_request_us bigint NOT NULL,
    never_us bigint NOT NULL,
    planned_us bigint NOT NULL,
    faults bigint NOT NULL,
    repaired bigint NOT NULL,
    repair_us bigint NOT NULL,
    PRIMARY KEY (since, division_code, tier, maker, model)
);
-- The same by day of the city's time zone; `since` is its first moment.
CREATE TABLE availability_day (LIKE availability_hour INCLUDING ALL);

-- Which hours are summed up, and of how many records: one that comes late shows.
CREATE TABLE availability_rolled (
    since timestamptz PRIMARY KEY,
    transitions bigint NOT NULL,
    changes bigint NOT NULL
);

-- When nobody was there to ask any camera; without an end, it lasts. What was known before says
-- nothing of that time.
CREATE TABLE watch_gap (
    since timestamptz PRIMARY KEY,
    until timestamptz CHECK (until > since)
);
-- When it was last looked whether somebody is there.
CREATE TABLE watch_seen (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    at timestamptz NOT NULL
);

-- How fast a camera answered, by the hour, for a week: 10 bytes an hour.
CREATE TABLE camera_latency (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    -- Hours since 1970, ascending; the others are as long.
    hours integer[] NOT NULL,
    least_ms smallint[] NOT NULL,
    median_ms smallint[] NOT NULL,
    most_ms smallint[] NOT NULL
);
-- What its clock said last, and before: 160 readings of 8 bytes at most.
CREATE TABLE camera_clock (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    asked_at timestamptz NOT NULL,
    -- Ahead of ours, without what the next explains.
    offset_ms integer NOT NULL,
    -- By how much it calls a local time UTC.
    zone_error_s integer NOT NULL,
    is_synchronised boolean NOT NULL,
    time_zone text NOT NULL,
    -- Null: cannot be said yet.
    drift_ms_per_day double precision,
    hours integer[] NOT NULL,
    offsets_ms integer[] NOT NULL
);

-- migrate: rollback

DROP TABLE camera_clock;
DROP TABLE camera_latency;
DROP TABLE watch_seen;
DROP TABLE watch_gap;
DROP TABLE availability_rolled;
DROP TABLE availability_day;
DROP TABLE availability_hour;
DROP INDEX camera_change_at;
DROP INDEX camera_transition_at;
DROP TRIGGER camera_transition_in_order ON camera_transition;
DROP FUNCTION camera_transition_in_order;
