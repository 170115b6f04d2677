-- postgres-es, as published, writes through this view into the same table, the same records and the same head's lock.
-- Its connection names the one stream by connection options; its events are externally tagged, ours hold the payload alone.
CREATE VIEW cqrs_events WITH (security_invoker = true) AS
    SELECT aggregate_type, aggregate_id, sequence, event_type, event_version::text AS event_version,
           json_build_object(event_type, payload) AS payload, metadata
    FROM events
    WHERE tenant_id = current_tenant();

-- A new event id: milliseconds and 80 random bits, as the ULID specification lays them out.
CREATE FUNCTION random_ulid(at timestamptz) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    noise text := replace(gen_random_uuid()::text, '-', '');
BEGIN
    -- A random UUID fixes its 13th digit and two bits of its 17th; the rest is noise.
    RETURN ulid_text((lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
                      || substr(noise, 1, 12) || substr(noise, 14, 3) || substr(noise, 18, 5))::uuid);
END
$$;

-- The flat metadata in the program's own order, without what is addressed to this trigger.
CREATE FUNCTION ordered_metadata(metadata jsonb) RETURNS json LANGUAGE sql IMMUTABLE AS $$
    SELECT ('{' || coalesce(string_agg(to_json(name)::text || ':' || (metadata -> name)::text, ',' ORDER BY place), '') || '}')::json
    FROM unnest(ARRAY['actor', 'impersonator', 'reason', 'command', 'causation', 'correlation', 'depth', 'request'])
         WITH ORDINALITY AS known (name, place)
    WHERE metadata ? name
$$;

-- The record that is hashed: domain/proof/FORMAT.md.
CREATE FUNCTION record_text(e events) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT '{"tenantId":"' || ulid_text(e.tenant_id) || '","position":' || e.position
        || ',"eventId":' || to_json(e.event_id) || ',"type":' || to_json(e.event_type) || ',"version":' || e.event_version
        || ',"aggregateType":' || to_json(e.aggregate_type) || ',"aggregateId":' || to_json(e.aggregate_id)
        || ',"sequence":' || e.sequence
        || ',"recordedAt":"' || to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"'
        || ',"metadata":' || e.metadata::text || ',"payload":' || e.payload::text || '}'
$$;

CREATE FUNCTION append_cqrs_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stream   uuid := current_tenant();
    head     stream_heads;
    recorded events;
    given    jsonb := NEW.metadata::jsonb;
    receipt  jsonb := (given ->> 'receipt')::jsonb;
    asked    jsonb;
BEGIN
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
CREATE TRIGGER cqrs_events_append INSTEAD OF INSERT ON cqrs_events FOR EACH ROW EXECUTE FUNCTION append_cqrs_event();

GRANT SELECT, INSERT ON cqrs_events TO draxis_writer;
