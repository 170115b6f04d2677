-- Where an event of that id stands and what followed from it: a read model, so that an investigation asks the log by position and the log needs no index by id.
CREATE TABLE causality (
    tenant_id  uuid    NOT NULL,
    generation integer NOT NULL,
    key        text    NOT NULL COLLATE "C",
    body       json    NOT NULL,
    CONSTRAINT causality_pk PRIMARY KEY (tenant_id, generation, key)
) WITH (fillfactor = 70);

ALTER TABLE causality ENABLE ROW LEVEL SECURITY;
ALTER TABLE causality FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON causality TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON causality TO draxis_app;
