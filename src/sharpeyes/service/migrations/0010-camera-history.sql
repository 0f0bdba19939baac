-- Who changed what about a camera, and when; and who may not: nobody without a name
-- depends: 0008-camera-file

-- migrate: apply

CREATE TABLE camera_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    -- No foreign key: what was done outlives its camera, and a million additions need not look.
    camera_id bigint NOT NULL,
    -- Of the camera, once it was changed.
    revision bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    -- add, edit, life, zone, credentials, delete; or what its writer calls it: merge, undo.
    action text NOT NULL,
    import_id bigint,
    -- The fields that changed, and no others; both are null where there is nothing to compare.
    before jsonb,
    after jsonb,
    PRIMARY KEY (camera_id, change_id)
);
-- An import's changes lie together: a summary of the pages finds them, and costs the import nothing.
CREATE INDEX camera_change_import ON camera_change
    USING brin (import_id) WITH (pages_per_range = 32, autosummarize = on);

-- Said once a statement: without a name nothing may change.
CREATE FUNCTION camera_change_actor() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF COALESCE(current_setting('sharpeyes.actor', true), '') = '' THEN
        RAISE EXCEPTION
            'cameras are changed by somebody: sharpeyes.actor is not set in this transaction';
    END IF;
    RETURN current_setting('sharpeyes.actor');
END
$$;

CREATE FUNCTION camera_change_action(usual text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT COALESCE(NULLIF(current_setting('sharpeyes.action', true), ''), usual)
$$;

CREATE FUNCTION camera_change_import() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT NULLIF(current_setting('sharpeyes.import', true), '')::bigint
$$;

CREATE FUNCTION camera_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := camera_change_actor();
    deed text := camera_change_action('add');
    import bigint := camera_change_import();
BEGIN
    INSERT INTO camera_change (camera_id, revision, actor, action, import_id)
    SELECT camera_id, revision, who, deed, import FROM added;
    RETURN NULL;
END
$$;

CREATE FUNCTION camera_edited() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    import bigint := camera_change_import();
BEGIN
    INSERT INTO camera_change
        (camera_id, revision, actor, action, import_id, before, after)
    -- Asked for each row: where a division moved, its cameras did not change, and nobody needs a name.
    SELECT n.camera_id, n.revision, camera_change_actor(),
        camera_change_action(CASE WHEN n.life IS DISTINCT FROM o.life
            OR n.life_reason IS DISTINCT FROM o.life_reason
            OR n.life_until IS DISTINCT FROM o.life_until THEN 'life' ELSE 'edit' END),
        import, difference.before, difference.after
    FROM old_rows AS o JOIN new_rows AS n USING (camera_id)
    CROSS JOIN LATERAL (
        -- A pair is made only of what differs, which is little of most rows.
        SELECT jsonb_object_agg(pair ->> 0, pair -> 1) AS before,
            jsonb_object_agg(pair ->> 0, pair -> 2) AS after
        FROM unnest(ARRAY[
            CASE WHEN o.device_code IS DISTINCT FROM n.device_code
                THEN jsonb_build_array('device_code', o.device_code, n.device_code) END,
            CASE WHEN o.name IS DISTINCT FROM n.name
                THEN jsonb_build_array('name', o.name, n.name) END,
            CASE WHEN o.tier IS DISTINCT FROM n.tier
                THEN jsonb_build_array('tier', o.tier, n.tier) END,
            CASE WHEN o.division_code IS DISTINCT FROM n.division_code
                THEN jsonb_build_array('division_code', o.division_code, n.division_code) END,
            CASE WHEN o.longitude IS DISTINCT FROM n.longitude
                THEN jsonb_build_array('longitude', o.longitude, n.longitude) END,
            CASE WHEN o.latitude IS DISTINCT FROM n.latitude
                THEN jsonb_build_array('latitude', o.latitude, n.latitude) END,
            CASE WHEN o.host IS DISTINCT FROM n.host
                THEN jsonb_build_array('host', o.host, n.host) END,
            CASE WHEN o.rtsp_port IS DISTINCT FROM n.rtsp_port
                THEN jsonb_build_array('rtsp_port', o.rtsp_port, n.rtsp_port) END,
            CASE WHEN o.http_port IS DISTINCT FROM n.http_port
                THEN jsonb_build_array('http_port', o.http_port, n.http_port) END,
            CASE WHEN o.main_stream_path IS DISTINCT FROM n.main_stream_path
                THEN jsonb_build_array('main_stream_path', o.main_stream_path, n.main_stream_path) END,
            CASE WHEN o.sub_stream_path IS DISTINCT FROM n.sub_stream_path
                THEN jsonb_build_array('sub_stream_path', o.sub_stream_path, n.sub_stream_path) END,
            CASE WHEN o.snapshot_path IS DISTINCT FROM n.snapshot_path
                THEN jsonb_build_array('snapshot_path', o.snapshot_path, n.snapshot_path) END,
            CASE WHEN o.poll_mode IS DISTINCT FROM n.poll_mode
                THEN jsonb_build_array('poll_mode', o.poll_mode, n.poll_mode) END,
            CASE WHEN o.sample_source IS DISTINCT FROM n.sample_source
                THEN jsonb_build_array('sample_source', o.sample_source, n.sample_source) END,
            CASE WHEN o.sample_interval_s IS DISTINCT FROM n.sample_interval_s
                THEN jsonb_build_array('sample_interval_s', o.sample_interval_s, n.sample_interval_s) END,
            CASE WHEN o.code_edition IS DISTINCT FROM n.code_edition
                THEN jsonb_build_array('code_edition', o.code_edition, n.code_edition) END,
            CASE WHEN o.maker IS DISTINCT FROM n.maker
                THEN jsonb_build_array('maker', o.maker, n.maker) END,
            CASE WHEN o.maker_name IS DISTINCT FROM n.maker_name
                THEN jsonb_build_array('maker_name', o.maker_name, n.maker_name) END,
            CASE WHEN o.model IS DISTINCT FROM n.model
                THEN jsonb_build_array('model', o.model, n.model) END,
            CASE WHEN o.firmware IS DISTINCT FROM n.firmware
                THEN jsonb_build_array('firmware', o.firmware, n.firmware) END,
            CASE WHEN o.place_name IS DISTINCT FROM n.place_name
                THEN jsonb_build_array('place_name', o.place_name, n.place_name) END,
            CASE WHEN o.ipv4 IS DISTINCT FROM n.ipv4
                THEN jsonb_build_array('ipv4', o.ipv4, n.ipv4) END,
            CASE WHEN o.ipv6 IS DISTINCT FROM n.ipv6
                THEN jsonb_build_array('ipv6', o.ipv6, n.ipv6) END,
            CASE WHEN o.mac IS DISTINCT FROM n.mac
                THEN jsonb_build_array('mac', o.mac, n.mac) END,
            CASE WHEN o.camera_form IS DISTINCT FROM n.camera_form
                THEN jsonb_build_array('camera_form', o.camera_form, n.camera_form) END,
            CASE WHEN o.functions IS DISTINCT FROM n.functions
                THEN jsonb_build_array('functions', o.functions, n.functions) END,
            CASE WHEN o.lighting IS DISTINCT FROM n.lighting
                THEN jsonb_build_array('lighting', o.lighting, n.lighting) END,
            CASE WHEN o.codec IS DISTINCT FROM n.codec
                THEN jsonb_build_array('codec', o.codec, n.codec) END,
            CASE WHEN o.address IS DISTINCT FROM n.address
                THEN jsonb_build_array('address', o.address, n.address) END,
            CASE WHEN o.place_kinds IS DISTINCT FROM n.place_kinds
                THEN jsonb_build_array('place_kinds', o.place_kinds, n.place_kinds) END,
            CASE WHEN o.facing IS DISTINCT FROM n.facing
                THEN jsonb_build_array('facing', o.facing, n.facing) END,
            CASE WHEN o.networked IS DISTINCT FROM n.networked
                THEN jsonb_build_array('networked', o.networked, n.networked) END,
            CASE WHEN o.police_station_code IS DISTINCT FROM n.police_station_code
                THEN jsonb_build_array('police_station_code', o.police_station_code, n.police_station_code) END,
            CASE WHEN o.installed_at IS DISTINCT FROM n.installed_at
                THEN jsonb_build_array('installed_at', o.installed_at, n.installed_at) END,
            CASE WHEN o.managing_unit IS DISTINCT FROM n.managing_unit
                THEN jsonb_build_array('managing_unit', o.managing_unit, n.managing_unit) END,
            CASE WHEN o.contacts IS DISTINCT FROM n.contacts
                THEN jsonb_build_array('contacts', o.contacts, n.contacts) END,
            CASE WHEN o.recording_days IS DISTINCT FROM n.recording_days
                THEN jsonb_build_array('recording_days', o.recording_days, n.recording_days) END,
            CASE WHEN o.sector IS DISTINCT FROM n.sector
                THEN jsonb_build_array('sector', o.sector, n.sector) END,
            CASE WHEN o.network_name IS DISTINCT FROM n.network_name
                THEN jsonb_build_array('network_name', o.network_name, n.network_name) END,
            CASE WHEN o.pole_number IS DISTINCT FROM n.pole_number
                THEN jsonb_build_array('pole_number', o.pole_number, n.pole_number) END,
            CASE WHEN o.landmark IS DISTINCT FROM n.landmark
                THEN jsonb_build_array('landmark', o.landmark, n.landmark) END,
            CASE WHEN o.power_source IS DISTINCT FROM n.power_source
                THEN jsonb_build_array('power_source', o.power_source, n.power_source) END,
            CASE WHEN o.maintenance_unit IS DISTINCT FROM n.maintenance_unit
                THEN jsonb_build_array('maintenance_unit', o.maintenance_unit, n.maintenance_unit) END,
            CASE WHEN o.maintenance_phone IS DISTINCT FROM n.maintenance_phone
                THEN jsonb_build_array('maintenance_phone', o.maintenance_phone, n.maintenance_phone) END,
            CASE WHEN o.scene_photo IS DISTINCT FROM n.scene_photo
                THEN jsonb_build_array('scene_photo', o.scene_photo, n.scene_photo) END,
            CASE WHEN o.osd_text IS DISTINCT FROM n.osd_text
                THEN jsonb_build_array('osd_text', o.osd_text, n.osd_text) END,
            CASE WHEN o.indoor IS DISTINCT FROM n.indoor
                THEN jsonb_build_array('indoor', o.indoor, n.indoor) END,
            CASE WHEN o.field_angle_deg IS DISTINCT FROM n.field_angle_deg
                THEN jsonb_build_array('field_angle_deg', o.field_angle_deg, n.field_angle_deg) END,
            CASE WHEN o.view_distance_m IS DISTINCT FROM n.view_distance_m
                THEN jsonb_build_array('view_distance_m', o.view_distance_m, n.view_distance_m) END,
            CASE WHEN o.purpose IS DISTINCT FROM n.purpose
                THEN jsonb_build_array('purpose', o.purpose, n.purpose) END,
            CASE WHEN o.filing_number IS DISTINCT FROM n.filing_number
                THEN jsonb_build_array('filing_number', o.filing_number, n.filing_number) END,
            CASE WHEN o.filed_on IS DISTINCT FROM n.filed_on
                THEN jsonb_build_array('filed_on', o.filed_on, n.filed_on) END,
            CASE WHEN o.sign_in_place IS DISTINCT FROM n.sign_in_place
                THEN jsonb_build_array('sign_in_place', o.sign_in_place, n.sign_in_place) END,
            CASE WHEN o.accepted_until IS DISTINCT FROM n.accepted_until
                THEN jsonb_build_array('accepted_until', o.accepted_until, n.accepted_until) END,
            CASE WHEN o.recorder_code IS DISTINCT FROM n.recorder_code
                THEN jsonb_build_array('recorder_code', o.recorder_code, n.recorder_code) END,
            CASE WHEN o.recorder_channel IS DISTINCT FROM n.recorder_channel
                THEN jsonb_build_array('recorder_channel', o.recorder_channel, n.recorder_channel) END,
            CASE WHEN o.life IS DISTINCT FROM n.life
                THEN jsonb_build_array('life', o.life, n.life) END,
            CASE WHEN o.life_reason IS DISTINCT FROM n.life_reason
                THEN jsonb_build_array('life_reason', o.life_reason, n.life_reason) END,
            CASE WHEN o.life_until IS DISTINCT FROM n.life_until
                THEN jsonb_build_array('life_until', o.life_until, n.life_until) END
        ]) AS pair
        WHERE pair IS NOT NULL
    ) AS difference
    WHERE difference.before IS NOT NULL;
    RETURN NULL;
END
$$;

CREATE FUNCTION camera_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := camera_change_actor();
    import bigint := camera_change_import();
BEGIN
    INSERT INTO camera_change (camera_id, revision, actor, action, import_id, before)
    SELECT camera_id, revision, who, camera_change_action('delete'), import, to_jsonb(gone)
    FROM gone;
    RETURN NULL;
END
$$;

CREATE TRIGGER camera_added AFTER INSERT ON camera
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION camera_added();
CREATE TRIGGER camera_edited AFTER UPDATE ON camera
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION camera_edited();
CREATE TRIGGER camera_deleted AFTER DELETE ON camera
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION camera_deleted();

CREATE FUNCTION zone_shown(kept zone) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN kept.zone_id IS NOT NULL THEN
        jsonb_build_object('zone', to_jsonb(kept) - '{zone_id,camera_id}'::text[]) END
$$;

CREATE FUNCTION zone_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := camera_change_actor();
    deed text := camera_change_action('zone');
    import bigint := camera_change_import();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO camera_change (camera_id, revision, actor, action, import_id, after)
        SELECT camera_id, revision, who, deed, import, zone_shown(n)
        FROM new_rows AS n JOIN camera USING (camera_id) ORDER BY n.zone_id;
    ELSIF TG_OP = 'DELETE' THEN
        -- Of a camera that is deleted, this says nothing new.
        INSERT INTO camera_change (camera_id, revision, actor, action, import_id, before)
        SELECT camera_id, revision, who, deed, import, zone_shown(o)
        FROM old_rows AS o JOIN camera USING (camera_id) ORDER BY o.zone_id;
    ELSE
        INSERT INTO camera_change (camera_id, revision, actor, action, import_id, before, after)
        SELECT camera_id, revision, who, deed, import, zone_shown(o), zone_shown(n)
        FROM old_rows AS o JOIN new_rows AS n USING (zone_id, camera_id) JOIN camera USING (camera_id)
        WHERE o IS DISTINCT FROM n ORDER BY zone_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER zone_added AFTER INSERT ON zone
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION zone_changed();
CREATE TRIGGER zone_edited AFTER UPDATE ON zone
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION zone_changed();
CREATE TRIGGER zone_removed AFTER DELETE ON zone
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION zone_changed();

-- That a password was set, and by whom; never anything of it, sealed or not.
CREATE FUNCTION camera_credential_set() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := camera_change_actor();
    import bigint := camera_change_import();
BEGIN
    INSERT INTO camera_change (camera_id, revision, actor, action, import_id)
    SELECT camera_id, revision, who, camera_change_action('credentials'), import
    FROM new_rows JOIN camera USING (camera_id);
    RETURN NULL;
END
$$;

CREATE TRIGGER camera_credential_added AFTER INSERT ON camera_credential
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION camera_credential_set();
CREATE TRIGGER camera_credential_replaced AFTER UPDATE ON camera_credential
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION camera_credential_set();

-- Whose maintenance is over is asked every few seconds.
CREATE INDEX camera_maintenance ON camera (life_until) WHERE life = 'maintenance';

-- migrate: rollback

DROP INDEX camera_maintenance;
DROP TRIGGER camera_credential_added ON camera_credential;
DROP TRIGGER camera_credential_replaced ON camera_credential;
DROP TRIGGER zone_added ON zone;
DROP TRIGGER zone_edited ON zone;
DROP TRIGGER zone_removed ON zone;
DROP TRIGGER camera_added ON camera;
DROP TRIGGER camera_edited ON camera;
DROP TRIGGER camera_deleted ON camera;
DROP FUNCTION camera_credential_set;
DROP FUNCTION zone_changed;
DROP FUNCTION zone_shown;
DROP FUNCTION camera_added;
DROP FUNCTION camera_edited;
DROP FUNCTION camera_deleted;
DROP FUNCTION camera_change_import;
DROP FUNCTION camera_change_action;
DROP FUNCTION camera_change_actor;
DROP TABLE camera_change;
