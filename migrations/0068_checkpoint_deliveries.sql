-- Up to which size each stream's checkpoints have been taken by whoever keeps them outside: what is not noted here is sent again, under the same id.
CREATE TABLE checkpoint_deliveries (
    tenant_id    uuid        NOT NULL,
    size         bigint      NOT NULL CHECK (size > 0),
    delivered_at timestamptz NOT NULL,
    CONSTRAINT checkpoint_deliveries_pk PRIMARY KEY (tenant_id)
);

ALTER TABLE checkpoint_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE checkpoint_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON checkpoint_deliveries TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE ON checkpoint_deliveries TO draxis_app;
