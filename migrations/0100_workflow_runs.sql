-- Read models of workflow runs and of what they do outside, of the one shape: a run is read with its steps, an effect with its attempts.
DO $$
DECLARE
    read_table text;
BEGIN
    FOREACH read_table IN ARRAY ARRAY['workflow_runs', 'effects'] LOOP
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
