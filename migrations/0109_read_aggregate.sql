-- An aggregate as loading it asks for it: the snapshot behind what is known, if there is one, then the events behind that. The
-- tenant is set for this statement alone, so that one exchange does what a transaction's four did: most of what a load cost.
-- SET LOCAL, not set_config: only this form reaches the workers of a Citus cluster.
CREATE FUNCTION read_aggregate(
    tenant uuid, named_type text, named_id text, named_shape integer, known bigint, most integer)
    RETURNS TABLE (sequence bigint, event_type text, version integer, body text)
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    EXECUTE format('SET LOCAL draxis.tenant_id = %L', tenant);
    RETURN QUERY
        WITH latest AS (SELECT s.sequence, s.state FROM snapshots AS s
                        WHERE s.tenant_id = tenant AND s.aggregate_type = named_type AND s.aggregate_id = named_id
                          AND s.shape = named_shape AND s.sequence > known)
        SELECT latest.sequence, NULL::text, 0, latest.state::text FROM latest
        UNION ALL
        (SELECT e.sequence, e.event_type, e.event_version::integer, e.payload::text FROM events AS e
         WHERE e.tenant_id = tenant AND e.aggregate_type = named_type AND e.aggregate_id = named_id
           AND e.sequence > coalesce((SELECT latest.sequence FROM latest), known)
         ORDER BY e.sequence LIMIT most);
END
$$;
REVOKE ALL ON FUNCTION read_aggregate(uuid, text, text, integer, bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read_aggregate(uuid, text, text, integer, bigint, integer) TO draxis_app;
