-- The same contract as in 0085, with a shorter way for what is most often appended: one stream, one event. A single head is moved
-- by the very statement that looks where it stands (it may wait for another process, which then has moved it on, and so finds
-- nothing), and a single row needs no unfolding of arrays: a fifth less work for the server.
CREATE OR REPLACE FUNCTION append_at_heads(
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
    IF cardinality(tenants) = 1 THEN
        UPDATE stream_heads SET position = afters[1], recorded_at = times[1]
            WHERE tenant_id = tenants[1] AND position = befores[1];
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    ELSE
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
    END IF;
    IF cardinality(positions) = 1 THEN
        INSERT INTO events (tenant_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                            payload, metadata, recorded_at, leaf_hash)
            VALUES (event_tenants[1], positions[1], event_ids[1], aggregate_types[1], aggregate_ids[1], sequences[1],
                    event_types[1], event_versions[1], payloads[1]::json, metadatas[1]::json, recorded_ats[1], leaf_hashes[1]);
    ELSE
        INSERT INTO events (tenant_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                            payload, metadata, recorded_at, leaf_hash)
            SELECT e.tenant_id, e.position, e.event_id, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version,
                   e.payload::json, e.metadata::json, e.recorded_at, e.leaf_hash
            FROM unnest(event_tenants, positions, event_ids, aggregate_types, aggregate_ids, sequences, event_types,
                        event_versions, payloads, metadatas, recorded_ats, leaf_hashes)
                 AS e (tenant_id, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                       payload, metadata, recorded_at, leaf_hash);
    END IF;
    IF cardinality(key_tenants) > 0 THEN
        INSERT INTO idempotency_keys (tenant_id, caller, key, request_hash, status, answer, version, position, recorded_at)
            SELECT * FROM unnest(key_tenants, callers, keys, request_hashes, statuses, answers, versions, key_positions,
                                 key_times);
    END IF;
    RETURN true;
END
$$;
