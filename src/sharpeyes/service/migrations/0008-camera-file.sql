-- The whole camera file, and where in its life a camera is
-- depends: 0006-shard-by-device

-- migrate: apply

ALTER TABLE camera
    -- Of GB/T 28181: numbers for type, network and industry have meant two things.
    ADD COLUMN code_edition smallint NOT NULL DEFAULT 2016 CHECK (code_edition IN (2016, 2022)),
    ADD COLUMN maker smallint CHECK (maker BETWEEN 1 AND 15 OR maker = 99),
    ADD COLUMN maker_name text CHECK (maker_name <> ''),
    ADD COLUMN model text CHECK (model <> ''),
    ADD COLUMN firmware text CHECK (firmware <> ''),
    ADD COLUMN place_name text CHECK (place_name <> ''),
    -- What an inventory says; where we connect is host.
    ADD COLUMN ipv4 text CHECK (family(ipv4::inet) = 4),
    ADD COLUMN ipv6 text CHECK (family(ipv6::inet) = 6),
    ADD COLUMN mac text CHECK (mac ~ '^([0-9A-F]{2}-){5}[0-9A-F]{2}$'),
    ADD COLUMN camera_form smallint CHECK (camera_form BETWEEN 1 AND 5 OR camera_form = 99),
    ADD COLUMN functions smallint[] NOT NULL DEFAULT '{}'
        CHECK (functions <@ '{1,2,3,4,5,6,99}'::smallint[]),
    ADD COLUMN lighting smallint CHECK (lighting IN (1, 2, 3, 4, 9)),
    ADD COLUMN codec smallint CHECK (codec BETWEEN 1 AND 4),
    ADD COLUMN address text CHECK (address <> ''),
    ADD COLUMN place_kinds smallint[] NOT NULL DEFAULT '{}'
        CHECK (place_kinds <@ '{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,96,97,98,99}'::smallint[]),
    ADD COLUMN facing smallint CHECK (facing BETWEEN 1 AND 9),
    -- True is networked; the exchanged sheet writes 0 for that.
    ADD COLUMN networked boolean,
    ADD COLUMN police_station_code text CHECK (police_station_code ~ '^[0-9]{12}$'),
    ADD COLUMN installed_at timestamptz,
    ADD COLUMN managing_unit text CHECK (managing_unit <> ''),
    -- Of the managing unit: the one place for a telephone number, beside maintenance_phone.
    ADD COLUMN contacts text[] NOT NULL DEFAULT '{}',
    ADD COLUMN recording_days smallint CHECK (recording_days BETWEEN 0 AND 3650),
    ADD COLUMN sector smallint CHECK (sector BETWEEN 1 AND 18),
    ADD COLUMN network_name text CHECK (network_name <> ''),
    ADD COLUMN pole_number text CHECK (pole_number <> ''),
    ADD COLUMN landmark text CHECK (landmark <> ''),
    ADD COLUMN power_source text CHECK (power_source <> ''),
    ADD COLUMN maintenance_unit text CHECK (maintenance_unit <> ''),
    ADD COLUMN maintenance_phone text CHECK (maintenance_phone <> ''),
    ADD COLUMN scene_photo text CHECK (scene_photo <> ''),
    ADD COLUMN osd_text text CHECK (osd_text <> ''),
    ADD COLUMN indoor boolean,
    -- Not real: a number must come back as it was handed in.
    ADD COLUMN field_angle_deg double precision
        CHECK (field_angle_deg > 0 AND field_angle_deg <= 360),
    ADD COLUMN view_distance_m double precision
        CHECK (view_distance_m > 0 AND view_distance_m <= 100000),
    ADD COLUMN purpose text CHECK (purpose <> ''),
    ADD COLUMN filing_number text CHECK (filing_number <> ''),
    ADD COLUMN filed_on date,
    ADD COLUMN sign_in_place boolean,
    ADD COLUMN accepted_until date,
    ADD COLUMN recorder_code text CHECK (recorder_code ~ '^[0-9]{20}$'),
    ADD COLUMN recorder_channel integer CHECK (recorder_channel BETWEEN 1 AND 65535),
    ADD COLUMN life text NOT NULL DEFAULT 'in_service'
        CHECK (life IN ('planned', 'in_service', 'maintenance', 'removed')),
    ADD COLUMN life_reason text NOT NULL DEFAULT '',
    -- Then the maintenance ends by itself; null: when somebody says so.
    ADD COLUMN life_until timestamptz CHECK (life_until IS NULL OR life = 'maintenance'),
    DROP CONSTRAINT camera_poll_mode_check,
    -- recorder: asked by us as direct, through the recorder's address; on_request: only when
    -- somebody wants to look; none: never.
    ADD CONSTRAINT camera_poll_mode_check
        CHECK (poll_mode IN ('direct', 'recorder', 'on_request', 'none')),
    DROP CONSTRAINT camera_check1,
    ADD CONSTRAINT camera_host_check
        CHECK (poll_mode NOT IN ('direct', 'recorder') OR host IS NOT NULL),
    ADD CONSTRAINT camera_recorder_check CHECK (
        poll_mode <> 'recorder' OR (recorder_code IS NOT NULL AND recorder_channel IS NOT NULL)
    );

-- migrate: rollback

ALTER TABLE camera
    DROP CONSTRAINT camera_recorder_check,
    DROP CONSTRAINT camera_host_check,
    DROP CONSTRAINT camera_poll_mode_check,
    ADD CONSTRAINT camera_poll_mode_check CHECK (poll_mode IN ('direct', 'on_request', 'none')),
    ADD CONSTRAINT camera_check1 CHECK (poll_mode <> 'direct' OR host IS NOT NULL),
    DROP COLUMN code_edition, DROP COLUMN maker, DROP COLUMN maker_name, DROP COLUMN model,
    DROP COLUMN firmware, DROP COLUMN place_name, DROP COLUMN ipv4, DROP COLUMN ipv6,
    DROP COLUMN mac, DROP COLUMN camera_form, DROP COLUMN functions, DROP COLUMN lighting,
    DROP COLUMN codec, DROP COLUMN address, DROP COLUMN place_kinds, DROP COLUMN facing,
    DROP COLUMN networked, DROP COLUMN police_station_code, DROP COLUMN installed_at,
    DROP COLUMN managing_unit, DROP COLUMN contacts, DROP COLUMN recording_days,
    DROP COLUMN sector, DROP COLUMN network_name, DROP COLUMN pole_number, DROP COLUMN landmark,
    DROP COLUMN power_source, DROP COLUMN maintenance_unit, DROP COLUMN maintenance_phone,
    DROP COLUMN scene_photo, DROP COLUMN osd_text, DROP COLUMN indoor,
    DROP COLUMN field_angle_deg, DROP COLUMN view_distance_m, DROP COLUMN purpose,
    DROP COLUMN filing_number, DROP COLUMN filed_on, DROP COLUMN sign_in_place,
    DROP COLUMN accepted_until, DROP COLUMN recorder_code, DROP COLUMN recorder_channel,
    DROP COLUMN life, DROP COLUMN life_reason, DROP COLUMN life_until;
