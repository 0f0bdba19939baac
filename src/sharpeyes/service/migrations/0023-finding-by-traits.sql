-- Cells of the map by tier, and tokens that the index leaps between
-- depends: 0022-endpoint-old-secret

-- migrate: apply

-- Of nine in ten cells' cameras the tier is social: whoever looks for another reads its own only.
CREATE INDEX camera_tier_cell ON camera (tier, map_cell) WHERE tier <> 3 AND map_cell IS NOT NULL;

-- Conditions of their own, not one on all tokens: then the index leaps from each list of cameras to
-- where the others go on. Within one condition it goes through all of the shortest list, and that
-- none in a district has a word took as long as reading the word's whole list.
CREATE OR REPLACE FUNCTION cameras_with(wanted integer[], most bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
    SELECT camera_id FROM camera
    WHERE tokens @> wanted[:cardinality(wanted) - 1] AND tokens @> wanted[cardinality(wanted):]
        AND (
            current_setting('role') IS DISTINCT FROM 'sharpeyes_serving'
            OR division_path >= NULLIF(current_setting('sharpeyes.scope', true), '')
                AND division_path
                    < rtrim(NULLIF(current_setting('sharpeyes.scope', true), ''), '/') || '0'
        )
    LIMIT most
$$;

-- migrate: rollback

CREATE OR REPLACE FUNCTION cameras_with(wanted integer[], most bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 100
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
    SELECT camera_id FROM camera
    WHERE tokens @> wanted AND (
        current_setting('role') IS DISTINCT FROM 'sharpeyes_serving'
        OR division_path >= NULLIF(current_setting('sharpeyes.scope', true), '')
            AND division_path
                < rtrim(NULLIF(current_setting('sharpeyes.scope', true), ''), '/') || '0'
    )
    LIMIT most
$$;
DROP INDEX camera_tier_cell;
