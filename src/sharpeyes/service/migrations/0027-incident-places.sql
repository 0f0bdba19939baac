-- Incidents go with their cameras: to another division, and under another name
-- depends: 0026-availability-sums 0026-leaner-counts

-- migrate: apply

-- The smallest division in which all cameras of each of these incidents are. Those that are closed
-- stay where they were worked on. With the owner's rights: who moves a camera may not see them all.
CREATE FUNCTION place_incidents(incident_ids bigint[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH span AS (
        SELECT m.incident_id, min(c.division_path) AS first, max(c.division_path) AS last
        FROM incident_camera m JOIN camera c USING (camera_id)
        WHERE m.incident_id = ANY (incident_ids) GROUP BY 1
    ), placed AS (
        -- What all share is shared by the first and the last in order.
        SELECT span.incident_id, d.division_code, COALESCE(d.path, '') AS path
        FROM span LEFT JOIN LATERAL (
            SELECT division_code, path FROM division
            WHERE span.first ^@ path AND span.last ^@ path ORDER BY length(path) DESC LIMIT 1
        ) AS d ON true
    )
    UPDATE incident i
    SET division_code = placed.division_code, division_path = placed.path,
        revision = i.revision + 1
    FROM placed
    WHERE i.incident_id = placed.incident_id AND i.state <> 'closed'
      AND (i.division_code, i.division_path)
          IS DISTINCT FROM (placed.division_code, placed.path COLLATE "C");
$$;

CREATE FUNCTION incidents_follow() RETURNS trigger LANGUAGE plpgsql
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
CREATE TRIGGER camera_incidents_follow AFTER UPDATE ON camera
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION incidents_follow();

-- Those that were left behind.
SELECT place_incidents(array_agg(incident_id)) FROM incident WHERE state <> 'closed';

-- migrate: rollback

DROP TRIGGER camera_incidents_follow ON camera;
DROP FUNCTION incidents_follow();
DROP FUNCTION place_incidents(bigint[]);
