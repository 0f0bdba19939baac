-- An endpoint may want events of some tiers' and some divisions' cameras only
-- depends: 0026-leaner-counts 0026-availability-sums

-- migrate: apply

-- Empty: every tier.
ALTER TABLE endpoint ADD COLUMN tiers smallint[] NOT NULL DEFAULT '{}'
    CHECK (tiers <@ ARRAY[1, 2, 3, 4, 9]::smallint[]);

-- No row: every division. One that is named here cannot go away unnoticed.
CREATE TABLE endpoint_division (
    endpoint_id bigint NOT NULL REFERENCES endpoint,
    division_code text NOT NULL REFERENCES division ON UPDATE CASCADE,
    PRIMARY KEY (endpoint_id, division_code)
);
CREATE INDEX endpoint_division_code ON endpoint_division (division_code);

-- migrate: rollback

DROP TABLE endpoint_division;
ALTER TABLE endpoint DROP COLUMN tiers;
