-- How wide vehicles are in a zone
-- depends: 0006-shard-by-device

-- migrate: apply

-- [[y, least, most], ...], each 0-1 of the picture's height (y) and width; empty: learned.
ALTER TABLE zone ADD COLUMN vehicle_widths jsonb NOT NULL DEFAULT '[]';

-- migrate: rollback

ALTER TABLE zone DROP COLUMN vehicle_widths;
