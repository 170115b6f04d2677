-- Read models: folds of the log in tables of one shape, each with keys that answer one question; rebuilt at will.
CREATE TABLE projection_checkpoints (
    tenant_id  uuid    NOT NULL,
    projection text    NOT NULL COLLATE "C",
    generation integer NOT NULL,
    version    integer NOT NULL,
    position   bigint  NOT NULL CHECK (position >= 0),
    serving    boolean NOT NULL,
    CONSTRAINT projection_checkpoints_pk PRIMARY KEY (tenant_id, projection, generation)
) WITH (fillfactor = 50);

ALTER TABLE projection_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE projection_checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON projection_checkpoints TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON projection_checkpoints TO draxis_app;

DO $$
DECLARE
    read_table text;
BEGIN
    FOREACH read_table IN ARRAY ARRAY['risk_model', 'sources', 'source_runs', 'kri_history', 'breaches', 'directory'] LOOP
        EXECUTE format('CREATE TABLE %1$I (
            tenant_id  uuid    NOT NULL,
            generation integer NOT NULL,
            key        text    NOT NULL COLLATE "C",
            body       json    NOT NULL,
            CONSTRAINT %1$s_pk PRIMARY KEY (tenant_id, generation, key)) WITH (fillfactor = 70)', read_table);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', read_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', read_table);
        EXECUTE format('CREATE POLICY one_tenant ON %I TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', read_table);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO draxis_app', read_table);
    END LOOP;
END
$$;
