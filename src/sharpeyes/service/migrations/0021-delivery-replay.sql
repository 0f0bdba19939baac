-- A delivery that is replayed begins its schedule anew and keeps what was attempted before
-- depends: 0020-endpoint-deferral

-- migrate: apply

-- How many of its attempts were made before it was replayed: they do not count for the schedule.
ALTER TABLE delivery ADD COLUMN attempts_before integer NOT NULL DEFAULT 0;

-- migrate: rollback

ALTER TABLE delivery DROP COLUMN attempts_before;
