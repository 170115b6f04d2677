-- The folded risk model every so many events, so that a look at the past folds only what came after the nearest one; derived, and written anew with its rows.
CREATE TABLE risk_model_snapshots (
    tenant_id   uuid        NOT NULL,
    generation  integer     NOT NULL,
    position    bigint      NOT NULL CHECK (position > 0),
    recorded_at timestamptz NOT NULL,
    body        json        NOT NULL,
    CONSTRAINT risk_model_snapshots_pk PRIMARY KEY (tenant_id, generation, position)
);

ALTER TABLE risk_model_snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE risk_model_snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON risk_model_snapshots TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, DELETE ON risk_model_snapshots TO draxis_app;
