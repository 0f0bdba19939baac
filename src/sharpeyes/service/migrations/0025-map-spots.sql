-- Spots of the map: a cell is parted, so that a ring is read by what it touches
-- depends: 0024-endpoint-severities

-- migrate: apply

-- Which of the 8 x 8 spots of its cell (some 66 by 76 m at Wuhan): eight times the column from the
-- west, and the row from the south.
ALTER TABLE camera ADD COLUMN map_spot smallint GENERATED ALWAYS AS (
    ((floor(longitude / 360 * 524288)::integer & 7) * 8
    + (floor((latitude + 90) / 360 * 524288)::integer & 7))::smallint
) STORED;
-- In place of that of cells alone: a spot costs it nothing, a second index would.
DROP INDEX camera_map_cell;
CREATE INDEX camera_map_cell ON camera (map_cell, map_spot) WHERE map_cell IS NOT NULL;

-- migrate: rollback

DROP INDEX camera_map_cell;
ALTER TABLE camera DROP COLUMN map_spot;
CREATE INDEX camera_map_cell ON camera (map_cell) WHERE map_cell IS NOT NULL;
