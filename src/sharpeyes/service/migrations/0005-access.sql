-- Who may ask, and what was asked
-- depends: 0001-registry

-- migrate: apply

CREATE TABLE token (
    token_id text PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> ''),
    -- 256 random bits need no slow hash.
    sha256 bytea NOT NULL UNIQUE CHECK (length(sha256) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE TABLE session (
    -- Of the random value in the browser's cookie.
    sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
    token_id text NOT NULL REFERENCES token,
    expires_at timestamptz NOT NULL
);

CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail jsonb NOT NULL DEFAULT '{}'
);

-- migrate: rollback

DROP TABLE audit;
DROP TABLE session;
DROP TABLE token;
