-- Read models of workflows and what belongs to them, of the one shape; and where a preview's link is looked up.
DO $$
DECLARE
    read_table text;
BEGIN
    FOREACH read_table IN ARRAY ARRAY['workflows', 'workflow_versions', 'workflow_change_log', 'kri_event_definitions',
                                      'relays', 'previews'] LOOP
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

-- Whoever holds a link has no tenant yet: the hash of its token says in which stream the preview stands. The token itself is
-- kept nowhere. Whether it may be looked at is decided by the preview's own events, never here.
CREATE TABLE preview_tokens (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    stream     uuid  NOT NULL,
    preview_id uuid  NOT NULL
);
GRANT SELECT, INSERT ON preview_tokens TO draxis_platform;
