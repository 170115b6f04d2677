-- Tokens that may push values to one source: their hashes, so that whoever reads this table can push nothing.
CREATE TABLE push_tokens (
    tenant_id  uuid  NOT NULL,
    id         uuid  NOT NULL,
    source_id  uuid  NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    CONSTRAINT push_tokens_pk PRIMARY KEY (tenant_id, id)
);
ALTER TABLE push_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE push_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON push_tokens TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, DELETE ON push_tokens TO draxis_app;
