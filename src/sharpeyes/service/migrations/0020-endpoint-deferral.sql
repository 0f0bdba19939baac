-- An endpoint of which nearly all fails is left alone until a time that outlives the relay
-- depends: 0019-camera-division

-- migrate: apply

-- Null: it is served as usual. Otherwise nothing is sent before that time, and then one delivery.
ALTER TABLE endpoint ADD COLUMN deferred_until timestamptz;

-- migrate: rollback

ALTER TABLE endpoint DROP COLUMN deferred_until;
