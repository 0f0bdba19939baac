-- Divisions, cameras, zones, credentials and the shards in which cameras are handed to workers
-- depends:

-- migrate: apply

CREATE TABLE division (
    -- GB/T 2260 down to the district; street (+3), community (+3) and grid (+2) digits below it.
    -- Functional zones have no national code: local ones start with a letter.
    division_code text PRIMARY KEY CHECK (division_code ~ '^([0-9]{6,14}|[A-Z][A-Z0-9]{1,15})$'),
    parent_code text REFERENCES division,
    level text NOT NULL CHECK (level IN ('city', 'district', 'street', 'community', 'grid')),
    name_zh text NOT NULL CHECK (name_zh <> ''),
    name_en text NOT NULL CHECK (name_en <> ''),
    local boolean NOT NULL DEFAULT false
);
CREATE INDEX division_parent ON division (parent_code);

CREATE TABLE camera (
    camera_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_code text NOT NULL UNIQUE CHECK (device_code ~ '^[0-9]{20}$'),
    name text NOT NULL CHECK (name <> ''),
    -- 1 city point, 2 district point, 3 social point, 4 internal police point, 9 other.
    tier smallint NOT NULL CHECK (tier IN (1, 2, 3, 4, 9)),
    division_code text NOT NULL REFERENCES division,
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    -- The device's address; streams and snapshots are paths below it, so none can lead elsewhere.
    host text,
    rtsp_port integer NOT NULL DEFAULT 554 CHECK (rtsp_port BETWEEN 1 AND 65535),
    http_port integer NOT NULL DEFAULT 80 CHECK (http_port BETWEEN 1 AND 65535),
    main_stream_path text,
    sub_stream_path text,
    snapshot_path text,
    -- direct: asked by us; on_request: only when somebody wants to look; none: never.
    poll_mode text NOT NULL CHECK (poll_mode IN ('direct', 'on_request', 'none')),
    sample_source text NOT NULL DEFAULT 'none'
        CHECK (sample_source IN ('none', 'keyframe', 'snapshot')),
    sample_interval_s double precision NOT NULL DEFAULT 5 CHECK (sample_interval_s >= 0.2),
    -- Identities are dense, so the remainder spreads cameras evenly over the 1,024 shards.
    shard smallint NOT NULL GENERATED ALWAYS AS (camera_id % 1024) STORED,
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((longitude IS NULL) = (latitude IS NULL)),
    CHECK (poll_mode <> 'direct' OR host IS NOT NULL)
);
CREATE INDEX camera_shard ON camera (shard);
CREATE INDEX camera_division ON camera (division_code, tier);

CREATE TABLE camera_credential (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    -- AES-256-GCM over the user name and password, with the camera's identity as associated data.
    ciphertext bytea NOT NULL,
    nonce bytea NOT NULL CHECK (length(nonce) = 12),
    key_id text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE zone (
    zone_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    camera_id bigint NOT NULL REFERENCES camera ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('watch', 'no_parking', 'ignore', 'privacy')),
    -- [[x, y], ...], each 0-1 of the picture's width and height.
    polygon jsonb NOT NULL,
    dwell_s double precision CHECK (dwell_s > 0),
    UNIQUE (camera_id, name)
);

CREATE TABLE worker (
    worker_id text PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

CREATE TABLE shard_lease (
    shard smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 1023),
    worker_id text,
    -- Rises with every change of hands; a write that carries an older one changes nothing.
    epoch bigint NOT NULL DEFAULT 0,
    expires_at timestamptz
);
INSERT INTO shard_lease (shard) SELECT generate_series(0, 1023);

INSERT INTO division (division_code, parent_code, level, name_zh, name_en) VALUES
    ('420100', NULL, 'city', '武汉市', 'Wuhan'),
    ('420102', '420100', 'district', '江岸区', 'Jiang''an'),
    ('420103', '420100', 'district', '江汉区', 'Jianghan'),
    ('420104', '420100', 'district', '硚口区', 'Qiaokou'),
    ('420105', '420100', 'district', '汉阳区', 'Hanyang'),
    ('420106', '420100', 'district', '武昌区', 'Wuchang'),
    ('420107', '420100', 'district', '青山区', 'Qingshan'),
    ('420111', '420100', 'district', '洪山区', 'Hongshan'),
    ('420112', '420100', 'district', '东西湖区', 'Dongxihu'),
    ('420113', '420100', 'district', '汉南区', 'Hannan'),
    ('420114', '420100', 'district', '蔡甸区', 'Caidian'),
    ('420115', '420100', 'district', '江夏区', 'Jiangxia'),
    ('420116', '420100', 'district', '黄陂区', 'Huangpi'),
    ('420117', '420100', 'district', '新洲区', 'Xinzhou');

-- migrate: rollback

DROP TABLE shard_lease;
DROP TABLE worker;
DROP TABLE zone;
DROP TABLE camera_credential;
DROP TABLE camera;
DROP TABLE division;
