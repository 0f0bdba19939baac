-- Which recordings devices say that they keep
-- depends: 0027-incident-places

-- migrate: apply

CREATE TABLE camera_recording (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    asked_at timestamptz NOT NULL,
    -- not_offered: no ONVIF Profile G; all that follows is null unless it is told.
    outcome text NOT NULL CHECK (outcome IN ('told', 'not_offered', 'refused', 'failed')),
    recordings integer CHECK (recordings >= 0),
    -- By the device's clock.
    since timestamptz,
    until timestamptz CHECK (until >= since),
    -- Of the shortest and of the longest recording; the first is null where they are not told
    -- apart.
    least_days double precision CHECK (least_days >= 0),
    most_days double precision CHECK (most_days >= 0),
    CHECK ((outcome = 'told') = (recordings IS NOT NULL AND most_days IS NOT NULL))
);

-- migrate: rollback

DROP TABLE camera_recording;
