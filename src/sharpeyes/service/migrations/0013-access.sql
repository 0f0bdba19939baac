-- Accounts, subtrees for tokens, and an audit that is a chain
-- depends: 0011-imports

-- migrate: apply

-- Staff access, not a record of a person: what somebody signs in with, and what that opens.
CREATE TABLE account (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login_name text NOT NULL UNIQUE CHECK (login_name ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    role text NOT NULL CHECK (role <> ''),
    -- With all below it; null: the whole city.
    division_code text REFERENCES division,
    created_at timestamptz NOT NULL DEFAULT now(),
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);

ALTER TABLE token
    -- Under which it was made; its scopes are what counts.
    ADD COLUMN role text CHECK (role <> ''),
    -- With all below it; null: the whole city.
    ADD COLUMN division_code text REFERENCES division;

ALTER TABLE session
    ALTER COLUMN token_id DROP NOT NULL,
    ADD COLUMN account_id bigint REFERENCES account,
    ADD CONSTRAINT session_of_one CHECK (num_nonnulls(token_id, account_id) = 1);

-- New credentials that wait until their device has accepted them; the old ones stay until then.
CREATE TABLE credential_candidate (
    camera_id bigint PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    -- Sealed as camera_credential is.
    ciphertext bytea NOT NULL,
    nonce bytea NOT NULL CHECK (length(nonce) = 12),
    key_id text NOT NULL,
    -- When its device was last sent it; null: not yet.
    tried_at timestamptz,
    refused boolean NOT NULL DEFAULT false,
    evidence text NOT NULL DEFAULT ''
);

-- Devices that may have refused a login lately, by address: they are left alone for a while, whatever
-- is staged or discarded since. One is here from before it is sent a password until it has not
-- refused it, so that whoever is killed meanwhile sends it no second one.
CREATE TABLE login_rest (
    host text PRIMARY KEY,
    since timestamptz NOT NULL
);

ALTER TABLE audit RENAME TO audit_unchained;
ALTER TABLE audit_unchained RENAME CONSTRAINT audit_pkey TO audit_unchained_pkey;

CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    -- Canonical JSON: what was done, as it is hashed. The columns below are read out of it.
    entry text NOT NULL,
    actor text NOT NULL GENERATED ALWAYS AS (entry::jsonb ->> 'actor') STORED,
    action text NOT NULL GENERATED ALWAYS AS (entry::jsonb ->> 'action') STORED,
    object text NOT NULL GENERATED ALWAYS AS (entry::jsonb ->> 'object') STORED,
    outcome text NOT NULL GENERATED ALWAYS AS (entry::jsonb ->> 'outcome') STORED
        CHECK (outcome IN ('done', 'refused')),
    detail jsonb NOT NULL GENERATED ALWAYS AS (entry::jsonb -> 'detail') STORED,
    -- The subtree of who did it; empty: the whole city.
    division_path text COLLATE "C" NOT NULL
        GENERATED ALWAYS AS (COALESCE(entry::jsonb ->> 'division_path', '')) STORED,
    -- Its place in the chain and SHA-256 over place, time, entry and the hash before it. Both are
    -- set when the transaction commits.
    sequence bigint UNIQUE,
    hash bytea CHECK (length(hash) = 32)
);
CREATE INDEX audit_division ON audit (division_path, sequence);

-- The chain's last link. Whoever commits an entry holds this row until the commit is done.
CREATE TABLE audit_head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    sequence bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32)
);
INSERT INTO audit_head (sequence, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- With its owner's rights: who writes entries may write nothing else of the chain.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head public.audit_head;
    link bytea;
BEGIN
    SELECT * INTO STRICT head FROM public.audit_head FOR UPDATE;
    link := sha256(convert_to(format(
        '{"at":"%s","entry":%s,"previous":"%s","sequence":%s}',
        to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        NEW.entry, encode(head.hash, 'hex'), head.sequence + 1
    ), 'UTF8'));
    UPDATE public.audit SET sequence = head.sequence + 1, hash = link
    WHERE audit_id = NEW.audit_id;
    UPDATE public.audit_head SET sequence = head.sequence + 1, hash = link;
    RETURN NULL;
END
$$;
-- Deferred to the commit: a long transaction that writes an entry early keeps nobody waiting.
CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON audit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_chain();

INSERT INTO audit (at, entry)
SELECT at, jsonb_build_object(
    'action', action, 'actor', actor, 'detail', detail, 'object', object, 'outcome', outcome
)::text FROM audit_unchained ORDER BY audit_id;
SET CONSTRAINTS audit_chain IMMEDIATE;
DROP TABLE audit_unchained;

-- Whose import it is: of the subtree of who began it; empty: of the whole city.
ALTER TABLE import_run ADD COLUMN division_path text COLLATE "C" NOT NULL
    DEFAULT COALESCE(current_setting('sharpeyes.scope', true), '');

-- Which version of rights.sql is in force.
CREATE TABLE rights (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    sha256 bytea NOT NULL
);

-- migrate: rollback

DROP TABLE rights;
ALTER TABLE import_run DROP COLUMN division_path;
CREATE TABLE audit_chained AS SELECT at, actor, action, object, outcome, detail FROM audit
    ORDER BY audit_id;
DROP TABLE audit;
DROP FUNCTION audit_chain;
DROP TABLE audit_head;
CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    detail jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO audit (at, actor, action, object, outcome, detail) SELECT * FROM audit_chained;
DROP TABLE audit_chained;
DROP TABLE login_rest;
DROP TABLE credential_candidate;
DELETE FROM session WHERE token_id IS NULL;
ALTER TABLE session
    DROP CONSTRAINT session_of_one, DROP COLUMN account_id, ALTER COLUMN token_id SET NOT NULL;
ALTER TABLE token DROP COLUMN role, DROP COLUMN division_code;
DROP TABLE account;
