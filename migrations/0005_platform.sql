-- The platform's own tables: people's names, addresses and keys to the house. Events know accounts by id only.
CREATE TABLE accounts (
    id            uuid        PRIMARY KEY,
    email         text        NOT NULL CONSTRAINT accounts_email UNIQUE,
    name          text        NOT NULL,
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE TABLE refresh_tokens (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    family     uuid        NOT NULL,
    account_id uuid        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);

CREATE TABLE invitations (
    id         uuid        PRIMARY KEY,
    email      text        NOT NULL,
    token_hash bytea       NOT NULL CONSTRAINT invitations_token UNIQUE CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL
);

-- Mail that waits for a mail server, or is read here where none is configured.
CREATE TABLE mail_outbox (
    id         uuid        PRIMARY KEY,
    recipient  text        NOT NULL,
    subject    text        NOT NULL,
    body       text        NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at    timestamptz
);

CREATE TABLE signing_keys (
    id         uuid        PRIMARY KEY,
    purpose    text        NOT NULL,
    public_key bytea       NOT NULL CHECK (length(public_key) = 32),
    sealed     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON accounts, refresh_tokens, invitations, mail_outbox TO draxis_platform;
GRANT SELECT, INSERT, UPDATE ON signing_keys TO draxis_platform;

-- Secrets of a tenant, sealed with the program's key and bound to their place; events carry a reference only.
CREATE TABLE vault (
    tenant_id  uuid        NOT NULL,
    kind       text        NOT NULL COLLATE "C",
    record_id  text        NOT NULL COLLATE "C",
    key_id     text        NOT NULL COLLATE "C",
    sealed     bytea       NOT NULL,
    sealed_at  timestamptz NOT NULL,
    CONSTRAINT vault_pk PRIMARY KEY (tenant_id, kind, record_id)
);
ALTER TABLE vault ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON vault TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON vault TO draxis_app;
