-- The log: one append-only stream per tenant, numbered without gaps under its head's lock, unreachable across tenants.

-- The tenant of a reading transaction; NULL where none was set, and after a local set has ended.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('draxis.tenant_id', true), '')::uuid;

-- The tenants of a writing transaction: exactly those of its batch.
CREATE FUNCTION writing_tenants() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(nullif(current_setting('draxis.tenant_ids', true), ''), ',')::uuid[];

-- The ULID text of 128 bits (Crockford's base 32), as the program writes ids.
CREATE FUNCTION ulid_text(id uuid) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (
        SELECT string_agg(
            substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
                   1 + substring(B'00' || ('x' || replace(id::text, '-', ''))::bit(128) FROM n * 5 + 1 FOR 5)::bit(5)::int,
                   1),
            '' ORDER BY n)
        FROM generate_series(0, 25) AS n);

CREATE TABLE stream_heads (
    tenant_id   uuid        NOT NULL,
    position    bigint      NOT NULL CHECK (position >= 0),
    recorded_at timestamptz NOT NULL,
    CONSTRAINT stream_heads_pk PRIMARY KEY (tenant_id)
) WITH (fillfactor = 50);

CREATE TABLE events (
    tenant_id      uuid        NOT NULL,
    position       bigint      NOT NULL CHECK (position > 0),
    event_id       text        NOT NULL CHECK (length(event_id) = 26),
    aggregate_type text        NOT NULL COLLATE "C",
    aggregate_id   text        NOT NULL COLLATE "C",
    sequence       bigint      NOT NULL CHECK (sequence > 0),
    event_type     text        NOT NULL COLLATE "C",
    event_version  integer     NOT NULL CHECK (event_version > 0),
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    leaf_hash      bytea       NOT NULL CHECK (length(leaf_hash) = 32),
    CONSTRAINT events_pk PRIMARY KEY (tenant_id, position),
    CONSTRAINT events_aggregate UNIQUE (tenant_id, aggregate_type, aggregate_id, sequence)
);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END
$$;
CREATE TRIGGER events_are_never_rewritten BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- Names that are unique within a stream, taken and released by its events in the same transaction.
CREATE TABLE claims (
    tenant_id    uuid NOT NULL,
    kind         text NOT NULL COLLATE "C",
    value        text NOT NULL COLLATE "C",
    aggregate_id text NOT NULL COLLATE "C",
    CONSTRAINT claims_pk PRIMARY KEY (tenant_id, kind, value)
);

-- What was answered to a command that carried an Idempotency-Key, written with the command's events.
CREATE TABLE idempotency_keys (
    tenant_id    uuid        NOT NULL,
    caller       text        NOT NULL COLLATE "C",
    key          text        NOT NULL COLLATE "C",
    request_hash bytea       NOT NULL CHECK (length(request_hash) = 32),
    status       smallint    NOT NULL,
    answer       bytea       NOT NULL,
    version      bigint,
    position     bigint      NOT NULL,
    recorded_at  timestamptz NOT NULL,
    written_by   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT idempotency_keys_pk PRIMARY KEY (tenant_id, caller, key)
);

-- States of aggregates with long histories; an optimisation only: deleting all of them changes nothing.
CREATE TABLE snapshots (
    tenant_id      uuid    NOT NULL,
    aggregate_type text    NOT NULL COLLATE "C",
    aggregate_id   text    NOT NULL COLLATE "C",
    sequence       bigint  NOT NULL CHECK (sequence > 0),
    shape          integer NOT NULL,
    state          json    NOT NULL,
    CONSTRAINT snapshots_pk PRIMARY KEY (tenant_id, aggregate_type, aggregate_id)
);

-- Signed statements of a stream's size and root, with the frontier that the next one is extended from.
CREATE TABLE checkpoints (
    tenant_id uuid        NOT NULL,
    size      bigint      NOT NULL CHECK (size >= 0),
    note      text        NOT NULL,
    frontier  bytea       NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT checkpoints_pk PRIMARY KEY (tenant_id, size)
);
CREATE TRIGGER checkpoints_are_never_rewritten BEFORE UPDATE OR DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER checkpoints_are_never_truncated BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

ALTER TABLE stream_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE stream_heads FORCE ROW LEVEL SECURITY;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE claims FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE snapshots FORCE ROW LEVEL SECURITY;
ALTER TABLE checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE checkpoints FORCE ROW LEVEL SECURITY;

-- One canonical policy a role: the reader's single tenant, the writer's batch.
CREATE POLICY one_tenant ON stream_heads TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY one_tenant ON events TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY one_tenant ON claims TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY one_tenant ON idempotency_keys TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY one_tenant ON snapshots TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY one_tenant ON checkpoints TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY batch_tenants ON stream_heads TO draxis_writer
    USING (tenant_id = ANY ((SELECT writing_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT writing_tenants())::uuid[]));
CREATE POLICY batch_tenants ON events TO draxis_writer
    USING (tenant_id = ANY ((SELECT writing_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT writing_tenants())::uuid[]));
CREATE POLICY batch_tenants ON claims TO draxis_writer
    USING (tenant_id = ANY ((SELECT writing_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT writing_tenants())::uuid[]));
CREATE POLICY batch_tenants ON idempotency_keys TO draxis_writer
    USING (tenant_id = ANY ((SELECT writing_tenants())::uuid[])) WITH CHECK (tenant_id = ANY ((SELECT writing_tenants())::uuid[]));

GRANT SELECT ON stream_heads, events, claims, idempotency_keys TO draxis_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON snapshots TO draxis_app;
GRANT SELECT, INSERT ON checkpoints TO draxis_app;
GRANT SELECT, INSERT, UPDATE ON stream_heads TO draxis_writer;
GRANT SELECT, INSERT ON events TO draxis_writer;
GRANT SELECT, INSERT, UPDATE, DELETE ON claims TO draxis_writer;
GRANT SELECT, INSERT ON idempotency_keys TO draxis_writer;

-- Which streams have events past a point: hands out ids and positions, nothing else, to the sweeper and the sealer.
CREATE FUNCTION stream_positions(from_tenant uuid, up_to integer)
    RETURNS TABLE (tenant_id uuid, head bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$ SELECT h.tenant_id, h.position FROM stream_heads AS h WHERE h.tenant_id > from_tenant ORDER BY h.tenant_id LIMIT up_to $$;
-- The tables' owner is bound by row-level security like everybody: this lets the function above see heads, and nothing else.
CREATE POLICY sweep ON stream_heads FOR SELECT TO CURRENT_USER USING (true);
REVOKE ALL ON FUNCTION stream_positions(uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stream_positions(uuid, integer) TO draxis_app;
