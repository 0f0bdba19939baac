-- What was last heard of an endpoint, beside it, for it is asked oftener than attempts can be searched
-- depends: 0031-event-cases 0031-incidents-follow

-- migrate: apply

-- Written by the relay every two seconds at most, so that attempts do not queue for the row.
ALTER TABLE endpoint
    ADD COLUMN last_success_at timestamptz,
    ADD COLUMN last_failure_at timestamptz,
    ADD COLUMN last_failure text NOT NULL DEFAULT '';

-- migrate: rollback

ALTER TABLE endpoint
    DROP COLUMN last_success_at, DROP COLUMN last_failure_at, DROP COLUMN last_failure;
