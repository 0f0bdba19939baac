-- An endpoint may want events of some severities only
-- depends: 0023-finding-by-traits

-- migrate: apply

-- Empty: every severity.
ALTER TABLE endpoint ADD COLUMN severities text[] NOT NULL DEFAULT '{}'
    CHECK (severities <@ ARRAY['info', 'warning', 'alert']);

-- migrate: rollback

ALTER TABLE endpoint DROP COLUMN severities;
