-- Tokens by which machines act in one tenant: their hashes, so that whoever reads this table can do nothing, and when each was
-- last used, to the hour. What a token may do and whether it still works is decided by its own events.
CREATE TABLE api_tokens (
    tenant_id    uuid  NOT NULL,
    id           uuid  NOT NULL,
    token_hash   bytea NOT NULL CHECK (length(token_hash) = 32),
    last_used_at timestamptz,
    CONSTRAINT api_tokens_pk PRIMARY KEY (tenant_id, id)
);
ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON api_tokens TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON api_tokens TO draxis_app;
