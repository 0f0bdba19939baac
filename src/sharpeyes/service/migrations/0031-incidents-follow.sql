-- Who is moved or renamed is found without a join
-- depends: 0030-refused-rows 0029-reference-pictures 0028-event-months

-- migrate: apply

-- A plan is kept for the rest of a session. A join of rows before and after that was planned for a
-- single camera compared each of 10,000 with each other: it took more than 30 s.
CREATE OR REPLACE FUNCTION incidents_follow() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    moved bigint[] := ARRAY(SELECT camera_id FROM (
        SELECT camera_id, division_path FROM after EXCEPT SELECT camera_id, division_path FROM before
    ) AS changed);
    renamed bigint[] := ARRAY(SELECT camera_id FROM (
        SELECT camera_id, name FROM after EXCEPT SELECT camera_id, name FROM before
    ) AS changed);
BEGIN
    IF cardinality(moved) > 0 THEN
        PERFORM place_incidents(array_agg(incident_id ORDER BY incident_id)) FROM (
            SELECT DISTINCT i.incident_id
            FROM incident_camera AS m JOIN incident AS i USING (incident_id)
            WHERE m.camera_id = ANY (moved) AND i.state <> 'closed'
        ) AS theirs;
    END IF;
    IF cardinality(renamed) > 0 THEN
        UPDATE incident AS i SET title = c.name, revision = i.revision + 1
        FROM camera AS c
        WHERE c.camera_id = ANY (renamed) AND i.kind = 'camera'
            AND i.group_key = c.camera_id::text AND i.state <> 'closed';
    END IF;
    RETURN NULL;
END
$$;

-- migrate: rollback

CREATE OR REPLACE FUNCTION incidents_follow() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM place_incidents(array_agg(m.incident_id ORDER BY m.incident_id))
    FROM before JOIN after USING (camera_id) JOIN incident_camera m USING (camera_id)
    JOIN incident i USING (incident_id)
    WHERE before.division_path IS DISTINCT FROM after.division_path AND i.state <> 'closed';
    UPDATE incident i SET title = after.name, revision = i.revision + 1
    FROM before JOIN after USING (camera_id)
    WHERE before.name <> after.name AND i.kind = 'camera'
      AND i.group_key = after.camera_id::text AND i.state <> 'closed';
    RETURN NULL;
END
$$;
