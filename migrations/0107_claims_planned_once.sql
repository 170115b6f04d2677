-- Claims as before, word for word, but in a language that keeps the plan of what it asks: planning was two thirds of what a claim
-- took, and every run of a workflow begins with one.
CREATE OR REPLACE FUNCTION claim_timers(
    kinds text[], due timestamptz, per_tenant integer, up_to integer, busy_tenants uuid[], busy_jobs integer[], lease_ms bigint)
    RETURNS TABLE (tenant_id uuid, kind text, subject text, due_at timestamptz, fence bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH free AS (
            SELECT c.tenant_id, per_tenant - coalesce(b.jobs, 0) AS jobs
            FROM timer_checkpoints AS c
            LEFT JOIN unnest(busy_tenants, busy_jobs) AS b (tenant_id, jobs) ON b.tenant_id = c.tenant_id
            WHERE c.next_due_at <= due AND per_tenant > coalesce(b.jobs, 0)
        ), found AS MATERIALIZED (
            SELECT f.tenant_id, f.jobs, t.kind, t.subject, t.due_at,
                   row_number() OVER (PARTITION BY f.tenant_id ORDER BY t.due_at, t.kind, t.subject) AS turn
            FROM free AS f CROSS JOIN unnest(kinds) AS k (kind) CROSS JOIN LATERAL (
                SELECT w.kind, w.subject, w.due_at FROM timers AS w
                WHERE w.tenant_id = f.tenant_id AND w.kind = k.kind AND NOT w.done AND w.due_at <= due
                  AND w.held_until <= clock_timestamp()
                ORDER BY w.due_at LIMIT f.jobs FOR UPDATE SKIP LOCKED) AS t
        ), chosen AS MATERIALIZED (
            SELECT f.tenant_id, f.kind, f.subject FROM found AS f WHERE f.turn <= f.jobs ORDER BY f.turn, f.due_at LIMIT up_to
        )
        UPDATE timers AS t
        SET fence = nextval('timer_fences'), held_until = clock_timestamp() + lease_ms * interval '1 millisecond'
        FROM chosen AS c
        WHERE t.tenant_id = c.tenant_id AND t.kind = c.kind AND t.subject = c.subject
        RETURNING t.tenant_id, t.kind, t.subject, t.due_at, t.fence;
END
$$;
