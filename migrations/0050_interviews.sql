-- The read model of interviews, of the one shape: what a person and the interviewer said, turn by turn, and what came of it.
CREATE TABLE interviews (
    tenant_id  uuid    NOT NULL,
    generation integer NOT NULL,
    key        text    NOT NULL COLLATE "C",
    body       json    NOT NULL,
    CONSTRAINT interviews_pk PRIMARY KEY (tenant_id, generation, key)
) WITH (fillfactor = 70);

ALTER TABLE interviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE interviews FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON interviews TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON interviews TO draxis_app;
