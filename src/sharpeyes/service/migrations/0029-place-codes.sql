-- No two places whose codes differ in upper and lower case only: the one is taken for the other
-- depends: 0028-camera-recording 0028-event-months

-- migrate: apply

-- The first keeps its code; what came later gets its number behind it.
UPDATE place SET place_code = left(place_code, 39 - length(place_id::text)) || '.' || place_id,
    revision = revision + 1, updated_at = now()
WHERE EXISTS (
    SELECT FROM place AS earlier
    WHERE lower(earlier.place_code) = lower(place.place_code) AND earlier.place_id < place.place_id
);
CREATE UNIQUE INDEX place_any_case ON place (lower(place_code));

-- migrate: rollback

DROP INDEX place_any_case;
