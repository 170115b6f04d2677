-- Documents that runs have written, kept once under the hash of their bytes: events name the hash, so the text stands in no event.
CREATE TABLE produced_documents (
    tenant_id  uuid        NOT NULL,
    hash       text        NOT NULL COLLATE "C" CHECK (length(hash) <= 64),
    media_type text        NOT NULL CHECK (length(media_type) <= 100),
    name       text        NOT NULL CHECK (length(name) <= 300),
    bytes      bytea       NOT NULL,
    CONSTRAINT produced_documents_pk PRIMARY KEY (tenant_id, hash)
);
ALTER TABLE produced_documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE produced_documents FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON produced_documents TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT ON produced_documents TO draxis_app;
