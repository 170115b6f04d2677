-- Timers: what is due and when, folded from each tenant's log, handed to one worker at a time; made again from the log at will.

CREATE TABLE timer_checkpoints (
    tenant_id   uuid        NOT NULL,
    version     integer     NOT NULL,
    position    bigint      NOT NULL CHECK (position >= 0),
    -- Never later than the tenant's first timer that is not done: claiming passes by everybody who has nothing due.
    next_due_at timestamptz,
    CONSTRAINT timer_checkpoints_pk PRIMARY KEY (tenant_id)
) WITH (fillfactor = 50);

CREATE TABLE timers (
    tenant_id  uuid        NOT NULL,
    kind       text        NOT NULL COLLATE "C",
    subject    text        NOT NULL COLLATE "C",
    -- Folded from the log: when, because of which event, and what the fold must know at the next one.
    due_at     timestamptz,
    cause      text        NOT NULL COLLATE "C" CHECK (length(cause) = 26),
    memo       json        NOT NULL,
    -- Kept by the workers: whether it is done, how often it failed, and until when (database time) nobody may claim it.
    done       boolean     NOT NULL DEFAULT false,
    failures   integer     NOT NULL DEFAULT 0,
    held_until timestamptz NOT NULL DEFAULT '-infinity',
    fence      bigint      NOT NULL DEFAULT 0,
    CONSTRAINT timers_pk PRIMARY KEY (tenant_id, kind, subject)
) WITH (fillfactor = 70);
CREATE INDEX timers_due ON timers (tenant_id, kind, due_at) WHERE NOT done AND due_at IS NOT NULL;

-- Rises over all timers and their remaking, so that no worker ever holds the number of another's claim.
CREATE SEQUENCE timer_fences;

ALTER TABLE timer_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE timer_checkpoints FORCE ROW LEVEL SECURITY;
ALTER TABLE timers ENABLE ROW LEVEL SECURITY;
ALTER TABLE timers FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON timer_checkpoints TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY one_tenant ON timers TO draxis_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON timer_checkpoints, timers TO draxis_app;

-- Hands out ids of due timers, at most `per_tenant` to each tenant less what is under way for it already, one a tenant before
-- a second of anybody: whoever has much to do makes nobody wait. What is due is said by the caller's clock; until when a
-- claim holds, by the database's alone.
CREATE FUNCTION claim_timers(
    kinds text[], due timestamptz, per_tenant integer, up_to integer, busy_tenants uuid[], busy_jobs integer[], lease_ms bigint)
    RETURNS TABLE (tenant_id uuid, kind text, subject text, due_at timestamptz, fence bigint)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
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
        RETURNING t.tenant_id, t.kind, t.subject, t.due_at, t.fence
    $$;
-- As with the streams' heads: the function's owner is bound by row-level security, and is let see and lease what it hands out.
CREATE POLICY sweep ON timer_checkpoints FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY sweep ON timers FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY lease ON timers FOR UPDATE TO CURRENT_USER USING (true) WITH CHECK (true);
REVOKE ALL ON FUNCTION claim_timers(text[], timestamptz, integer, integer, uuid[], integer[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_timers(text[], timestamptz, integer, integer, uuid[], integer[], bigint) TO draxis_app;
