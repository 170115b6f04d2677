-- A batch in one exchange: where nobody else has moved its streams, one statement that is its own transaction does it all.
--
-- It answers false, and has written nothing, where a head is not where the writer left it or is held by somebody else: the
-- writer then goes the long way, under locks. A key or a sequence that is there already is a unique violation, likewise.
CREATE FUNCTION append_at_heads(
    tenants uuid[], befores bigint[], afters bigint[], times timestamptz[],
    event_tenants uuid[], positions bigint[], event_ids text[], aggregate_types text[], aggregate_ids text[],
    sequences bigint[], event_types text[], event_versions integer[], payloads text[], metadatas text[],
    recorded_ats timestamptz[], leaf_hashes bytea[],
    key_tenants uuid[], callers text[], keys text[], request_hashes bytea[], statuses smallint[], answers bytea[],
    versions bigint[], key_positions bigint[], key_times timestamptz[])
    RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held bigint;
BEGIN
    -- Exactly the batch's tenants, and for this transaction only: the policies of the writer's role admit no others.
    PERFORM set_config('draxis.tenant_ids', array_to_string(tenants, ','), true);
    SELECT count(*) INTO held FROM (
        SELECT FROM stream_heads AS h JOIN unnest(tenants, befores) AS b (tenant_id, position)
            ON h.tenant_id = b.tenant_id AND h.position = b.position
        FOR UPDATE OF h SKIP LOCKED) AS found;
    IF held <> cardinality(tenants) THEN
        RETURN false;
    END IF;
    UPDATE stream_heads AS h SET position = a.position, recorded_at = a.recorded_at
        FROM unnest(tenants, afters, times) AS a (tenant_id, position, recorded_at)
        WHERE h.tenant_id = a.tenant_id AND h.position <> a.position;
    INSERT INTO events (tenant_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                        payload, metadata, recorded_at, leaf_hash)
        SELECT e.tenant_id, e.position, e.event_id, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version,
               e.payload::json, e.metadata::json, e.recorded_at, e.leaf_hash
        FROM unnest(event_tenants, positions, event_ids, aggregate_types, aggregate_ids, sequences, event_types,
                    event_versions, payloads, metadatas, recorded_ats, leaf_hashes)
             AS e (tenant_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                   payload, metadata, recorded_at, leaf_hash);
    IF cardinality(key_tenants) > 0 THEN
        INSERT INTO idempotency_keys (tenant_id, caller, key, request_hash, status, answer, version, position, recorded_at)
            SELECT * FROM unnest(key_tenants, callers, keys, request_hashes, statuses, answers, versions, key_positions,
                                 key_times);
    END IF;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION append_at_heads(
    uuid[], bigint[], bigint[], timestamptz[],
    uuid[], bigint[], text[], text[], text[], bigint[], text[], integer[], text[], text[], timestamptz[], bytea[],
    uuid[], text[], text[], bytea[], smallint[], bytea[], bigint[], bigint[], timestamptz[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_at_heads(
    uuid[], bigint[], bigint[], timestamptz[],
    uuid[], bigint[], text[], text[], text[], bigint[], text[], integer[], text[], text[], timestamptz[], bytea[],
    uuid[], text[], text[], bytea[], smallint[], bytea[], bigint[], bigint[], timestamptz[]) TO draxis_writer;
