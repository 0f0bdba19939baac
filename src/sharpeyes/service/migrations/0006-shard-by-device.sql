-- Give all channels of a device to one worker
-- depends: 0001-registry

-- migrate: apply

-- What a device puts up with (logins, connections) is counted where it is asked: by one worker, so
-- its channels must not be spread over several. Where there is no device yet, the code spreads.
ALTER TABLE camera DROP COLUMN shard;
ALTER TABLE camera ADD COLUMN shard smallint NOT NULL
    GENERATED ALWAYS AS ((hashtext(COALESCE(host, device_code)) & 1023)::smallint) STORED;
CREATE INDEX camera_shard ON camera (shard);

-- migrate: rollback

ALTER TABLE camera DROP COLUMN shard;
ALTER TABLE camera ADD COLUMN shard smallint NOT NULL
    GENERATED ALWAYS AS (camera_id % 1024) STORED;
CREATE INDEX camera_shard ON camera (shard);
