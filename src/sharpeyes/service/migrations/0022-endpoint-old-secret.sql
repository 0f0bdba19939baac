-- A signing secret that was replaced goes on signing beside the new one for a while
-- depends: 0021-delivery-replay

-- migrate: apply

CREATE TABLE endpoint_old_secret (
    -- The endpoint's name and what makes it one of many; the sealing is bound to it.
    label text PRIMARY KEY,
    endpoint_id bigint NOT NULL REFERENCES endpoint,
    ciphertext bytea NOT NULL,
    nonce bytea NOT NULL CHECK (length(nonce) = 12),
    key_id text NOT NULL,
    -- Until then deliveries carry its signature, too.
    valid_until timestamptz NOT NULL
);
CREATE INDEX endpoint_old_secret_endpoint ON endpoint_old_secret (endpoint_id, valid_until);

-- migrate: rollback

DROP TABLE endpoint_old_secret;
