-- The read model of approvals, of the one shape: what was asked of whom, who has voted, and how it ended.
CREATE TABLE approvals (
    tenant_id  uuid    NOT NULL,
    generation integer NOT NULL,
    key        text    NOT NULL COLLATE "C",
    body       json    NOT NULL,
    CONSTRAINT approvals_pk PRIMARY KEY (tenant_id, generation, key)
) WITH (fillfactor = 70);

ALTER TABLE approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE approvals FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON approvals TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON approvals TO draxis_app;
