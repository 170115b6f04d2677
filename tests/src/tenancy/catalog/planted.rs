//! Faults to plant, at least one for each rule: what a migration written in a hurry might do.

/// A rule's name, and what breaks it.
pub(super) const FAULTS: &[(&str, &str)] = &[
    ("tables live in one schema", "CREATE SCHEMA attic; CREATE TABLE attic.secrets (tenant_id uuid)"),
    (
        "tenant_id is a uuid and never null",
        "CREATE TABLE planted (tenant_id uuid, id text, UNIQUE (tenant_id, id))",
    ),
    (
        "tenant_id is a uuid and never null",
        "CREATE TABLE planted (tenant_id text NOT NULL, id text, PRIMARY KEY (tenant_id, id))",
    ),
    (
        "tenant_id leads the primary key",
        "CREATE TABLE planted (tenant_id uuid NOT NULL, id uuid PRIMARY KEY)",
    ),
    ("tenant_id leads the primary key", "CREATE TABLE planted (tenant_id uuid NOT NULL)"),
    ("tenant_id leads every index", "CREATE INDEX ON events (event_type)"),
    ("tenant_id leads every index", "ALTER TABLE vault ADD CONSTRAINT vault_record UNIQUE (record_id)"),
    ("tenant_id leads every index", "CREATE INDEX ON events ((lower(event_type)), tenant_id)"),
    (
        "tenant_id leads every foreign key, on both sides",
        "ALTER TABLE vault ADD COLUMN account uuid REFERENCES accounts (id)",
    ),
    (
        "tenant_id leads every foreign key, on both sides",
        "CREATE UNIQUE INDEX claims_value ON claims (value);
         ALTER TABLE vault ADD FOREIGN KEY (record_id) REFERENCES claims (value)",
    ),
    ("row-level security is enabled and forced", "ALTER TABLE vault NO FORCE ROW LEVEL SECURITY"),
    ("row-level security is enabled and forced", "ALTER TABLE events DISABLE ROW LEVEL SECURITY"),
    // LIKE copies columns, constraints and indexes, and no policy.
    ("row-level security is enabled and forced", "CREATE TABLE events_2027 (LIKE events INCLUDING ALL)"),
    // A partition is reached by its own name, past the policies of its parent.
    (
        "row-level security is enabled and forced",
        "CREATE TABLE planted (tenant_id uuid NOT NULL, PRIMARY KEY (tenant_id)) PARTITION BY HASH (tenant_id);
         ALTER TABLE planted ENABLE ROW LEVEL SECURITY; ALTER TABLE planted FORCE ROW LEVEL SECURITY;
         CREATE TABLE planted_0 PARTITION OF planted FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    ),
    ("only canonical policies stand", "CREATE POLICY also ON events TO draxis_app USING (event_type = 'kri.defined')"),
    ("only canonical policies stand", "ALTER POLICY one_tenant ON vault WITH CHECK (true)"),
    ("only canonical policies stand", "ALTER POLICY one_tenant ON vault TO PUBLIC"),
    (
        "only canonical policies stand",
        "DROP POLICY batch_tenants ON claims; CREATE POLICY batch_tenants ON claims TO draxis_writer USING (true)",
    ),
    ("only canonical policies stand", "CREATE POLICY sweep ON events FOR SELECT TO draxis_owner USING (true)"),
    ("a role that may touch a tenant's table has its policy there", "GRANT SELECT ON vault TO draxis_writer"),
    ("a role that may touch a tenant's table has its policy there", "DROP POLICY one_tenant ON vault"),
    (
        "a role that may touch a tenant's table has its policy there",
        "GRANT SELECT (payload) ON events TO draxis_platform",
    ),
    ("roles own nothing and pass nothing by", "ALTER TABLE snapshots OWNER TO draxis_app"),
    ("roles own nothing and pass nothing by", "ALTER FUNCTION current_tenant() OWNER TO draxis_platform"),
    ("roles own nothing and pass nothing by", "ALTER ROLE draxis_writer BYPASSRLS"),
    ("roles own nothing and pass nothing by", "ALTER ROLE draxis SUPERUSER"),
    ("roles own nothing and pass nothing by", "ALTER ROLE draxis_app LOGIN"),
    ("roles are members of nothing but what the login role takes on", "GRANT draxis_owner TO draxis"),
    ("roles are members of nothing but what the login role takes on", "GRANT draxis_writer TO draxis_app"),
    ("roles are members of nothing but what the login role takes on", "GRANT pg_read_all_data TO draxis_app"),
    ("a table without tenants belongs to the platform's role alone", "GRANT SELECT ON accounts TO draxis_app"),
    ("a table without tenants belongs to the platform's role alone", "GRANT SELECT (email) ON accounts TO draxis"),
    ("no role may change or empty the log", "GRANT UPDATE (payload) ON events TO draxis_writer"),
    ("no role may change or empty the log", "GRANT TRUNCATE ON checkpoints TO draxis_app"),
    ("a trigger refuses what is not granted either", "ALTER TABLE events DISABLE TRIGGER events_are_never_rewritten"),
    ("a trigger refuses what is not granted either", "DROP TRIGGER checkpoints_are_never_truncated ON checkpoints"),
    (
        "a trigger refuses what is not granted either",
        "DROP TRIGGER events_are_never_rewritten ON events;
         CREATE TRIGGER events_are_never_rewritten BEFORE UPDATE OR DELETE ON events
             FOR EACH ROW WHEN (OLD.position > 10) EXECUTE FUNCTION refuse_rewriting()",
    ),
    ("a view has its reader's rights", "CREATE VIEW everything AS SELECT * FROM events"),
    ("a view has its reader's rights", "CREATE MATERIALIZED VIEW everything AS SELECT * FROM events"),
    ("a view has its reader's rights", "ALTER VIEW cqrs_events SET (security_invoker = false)"),
    (
        "a function has its caller's rights, but for those that hand out ids",
        "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM events'",
    ),
    (
        "a function has its caller's rights, but for those that hand out ids",
        "ALTER FUNCTION stream_positions(uuid, integer) RESET search_path",
    ),
    ("everybody may do nothing", "GRANT SELECT ON snapshots TO PUBLIC"),
    ("everybody may do nothing", "GRANT EXECUTE ON FUNCTION stream_positions(uuid, integer) TO PUBLIC"),
    ("everybody may do nothing", "GRANT CREATE ON SCHEMA public TO PUBLIC"),
];
