-- Read models of the expert panel and of the institutional memory, of the one shape; and the texts of documents, which no event holds.
DO $$
DECLARE
    read_table text;
BEGIN
    FOREACH read_table IN ARRAY ARRAY['panel_sessions', 'institutional_memory'] LOOP
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

-- Searched by the tenant's own few hundred documents, found by the primary key's lead: no index of its own, which could not be
-- led by the tenant without an extension.
CREATE TABLE memory_documents (
    tenant_id   uuid     NOT NULL,
    document_id uuid     NOT NULL,
    title       text     NOT NULL CHECK (length(title) <= 200),
    body        text     NOT NULL CHECK (length(body) <= 200000),
    search      tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', body), 'B')) STORED,
    CONSTRAINT memory_documents_pk PRIMARY KEY (tenant_id, document_id)
);
ALTER TABLE memory_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE memory_documents FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON memory_documents TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, DELETE ON memory_documents TO draxis_app;
