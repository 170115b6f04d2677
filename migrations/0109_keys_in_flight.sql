-- A command that comes again while it is being written is told so at once, in whichever process it comes (product.md section 7:
-- in flight -> 409), instead of waiting for the head that the first one holds. Whoever writes a key holds it until the commit,
-- and from then on its receipt is found. Both ways of a writer and the platform's stream ask for it in the same place: before
-- any head.
CREATE FUNCTION hold_key(tenant uuid, caller text, key text) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT pg_try_advisory_xact_lock(hashtextextended(tenant::text || ' ' || caller || ' ' || key, 0))
$$;

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
    -- Before the heads are waited for: the long way tells those apart whose keys are being written.
    IF cardinality(key_tenants) > 0 AND NOT (
        SELECT bool_and(hold_key(a.tenant, a.caller, a.key)) FROM unnest(key_tenants, callers, keys) AS a (tenant, caller, key)
    ) THEN
        RETURN false;
    END IF;
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

CREATE OR REPLACE FUNCTION append_cqrs_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stream   uuid := current_tenant();
    head     stream_heads;
    recorded events;
    given    jsonb := NEW.metadata::jsonb;
    receipt  jsonb := (given ->> 'receipt')::jsonb;
    asked    jsonb;
BEGIN
    -- Before the head is waited for.
    IF receipt IS NOT NULL AND NOT hold_key(stream, receipt ->> 'caller', receipt ->> 'key') THEN
        RAISE EXCEPTION 'the idempotency key is being written' USING ERRCODE = 'DX003';
    END IF;
    INSERT INTO stream_heads VALUES (stream, 0, 'epoch') ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT head FROM stream_heads WHERE tenant_id = stream FOR UPDATE;
    -- Under the lock, before anything is written: has this command been answered by another transaction?
    IF receipt IS NOT NULL THEN
        INSERT INTO idempotency_keys (tenant_id, caller, key, request_hash, status, answer, version, position, recorded_at)
        VALUES (stream, receipt ->> 'caller', receipt ->> 'key', decode(receipt ->> 'requestHash', 'hex'),
                (receipt ->> 'status')::smallint, decode(receipt ->> 'answer', 'hex'), (receipt ->> 'version')::bigint,
                head.position + (receipt ->> 'events')::bigint, greatest(clock_timestamp(), head.recorded_at))
        ON CONFLICT DO NOTHING;
        IF NOT FOUND AND NOT EXISTS (
            SELECT FROM idempotency_keys
            WHERE tenant_id = stream AND caller = receipt ->> 'caller' AND key = receipt ->> 'key'
              AND written_by = pg_current_xact_id()
        ) THEN
            RAISE EXCEPTION 'the idempotency key has been used' USING ERRCODE = 'DX002';
        END IF;
    END IF;
    FOR asked IN SELECT jsonb_array_elements((given ->> 'claims')::jsonb) LOOP
        IF asked ->> 'does' = 'take' THEN
            INSERT INTO claims AS c VALUES (stream, asked #>> '{claim,kind}', asked #>> '{claim,value}', NEW.aggregate_id)
            ON CONFLICT ON CONSTRAINT claims_pk DO UPDATE SET aggregate_id = excluded.aggregate_id
                WHERE c.aggregate_id = excluded.aggregate_id;
            IF NOT FOUND THEN
                RAISE EXCEPTION '%', asked #>> '{claim,kind}' USING ERRCODE = 'DX001';
            END IF;
        ELSE
            DELETE FROM claims WHERE tenant_id = stream AND kind = asked #>> '{claim,kind}'
                AND value = asked #>> '{claim,value}' AND aggregate_id = NEW.aggregate_id;
        END IF;
    END LOOP;
    recorded.tenant_id := stream;
    recorded.position := head.position + 1;
    recorded.recorded_at := greatest(date_trunc('microseconds', clock_timestamp()), head.recorded_at);
    recorded.event_id := random_ulid(recorded.recorded_at);
    recorded.aggregate_type := NEW.aggregate_type;
    recorded.aggregate_id := NEW.aggregate_id;
    recorded.sequence := NEW.sequence;
    recorded.event_type := NEW.event_type;
    recorded.event_version := NEW.event_version::integer;
    recorded.payload := (NEW.payload -> NEW.event_type);
    recorded.metadata := ordered_metadata(given);
    recorded.leaf_hash := sha256('\x00'::bytea || convert_to(record_text(recorded), 'UTF8'));
    INSERT INTO events SELECT recorded.*;
    UPDATE stream_heads SET position = recorded.position, recorded_at = recorded.recorded_at WHERE tenant_id = stream;
    RETURN NEW;
END
$$;
