-- Roots of complete subtrees of 256, 65536… leaves, so that a proof reads some hundred hashes and not a million leaves. They
-- follow from the leaves, and no proof leaves the house that does not lead from them to a signed root.
CREATE TABLE tree_nodes (
    tenant_id uuid     NOT NULL,
    -- 1: the root over 256 leaves; 2: over 256 of those…
    height    smallint NOT NULL CHECK (height > 0),
    place     bigint   NOT NULL CHECK (place >= 0),
    hash      bytea    NOT NULL CHECK (length(hash) = 32),
    CONSTRAINT tree_nodes_pk PRIMARY KEY (tenant_id, height, place)
);
ALTER TABLE tree_nodes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tree_nodes FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON tree_nodes TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT ON tree_nodes TO draxis_app;
