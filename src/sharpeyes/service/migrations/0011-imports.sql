-- Files that were imported, and what makes importing them again quick
-- depends: 0010-camera-history

-- migrate: apply

CREATE TABLE import_run (
    import_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    -- Of the last sign of life; a run that has shown none for a while was killed.
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    actor text NOT NULL CHECK (actor <> ''),
    file_name text NOT NULL,
    file_sha256 bytea NOT NULL CHECK (length(file_sha256) = 32),
    dry_run boolean NOT NULL,
    all_or_nothing boolean NOT NULL,
    -- stopped: by somebody, after whole batches; failed: for the reason in `problem`.
    state text NOT NULL DEFAULT 'running'
        CHECK (state IN ('running', 'done', 'stopped', 'failed', 'undone')),
    problem text NOT NULL DEFAULT '',
    -- What its user should know, in sentences.
    remarks text[] NOT NULL DEFAULT '{}',
    -- The last row that was dealt with; all before it were, too.
    last_row bigint NOT NULL DEFAULT 0,
    added bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    refused_rows bigint NOT NULL DEFAULT 0,
    without_path bigint NOT NULL DEFAULT 0,
    -- Cameras on file that the file does not name; null until it was read to its end.
    missing bigint,
    retired bigint NOT NULL DEFAULT 0,
    -- The first problems, and the refused rows as a spreadsheet to mend.
    problems jsonb NOT NULL DEFAULT '[]',
    refused_sheet bytea
);

-- What each camera's row looked like when it was last imported, and which revision came of it: where
-- both are still so, the row need not be read again. Losing this table costs time and nothing else.
CREATE UNLOGGED TABLE camera_seen (
    device_code text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL,
    revision bigint NOT NULL
);

-- migrate: rollback

DROP TABLE camera_seen;
DROP TABLE import_run;
