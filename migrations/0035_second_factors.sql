-- Second factors: what signing in has to remember besides the log. The secret itself is sealed in the vault; codes that let
-- somebody back in are kept as hashes, and a session says whether both factors were shown at its beginning.
ALTER TABLE refresh_tokens ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
-- Taking a person's last role away ends all of their sessions.
CREATE INDEX refresh_tokens_account ON refresh_tokens (account_id);

CREATE TABLE second_factors (
    account_id  uuid        PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    -- Where the vault keeps the secret that is to be confirmed, or was.
    secret_id   uuid        NOT NULL,
    -- The time step of the last code that worked: it and those before it work no more (RFC 6238 section 5.2).
    last_step   bigint      NOT NULL,
    -- Codes tried since then without success.
    tries       integer     NOT NULL,
    tries_since timestamptz NOT NULL
);

CREATE TABLE recovery_codes (
    account_id uuid        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code_hash  bytea       NOT NULL CHECK (length(code_hash) = 32),
    used_at    timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors, recovery_codes TO draxis_platform;
