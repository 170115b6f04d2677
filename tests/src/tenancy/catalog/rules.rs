//! Each rule as a query for what breaks it.

/// A rule's name, and the query whose rows are faults.
pub(super) const RULES: &[(&str, &str)] = &[
    (
        "tables live in one schema",
        "SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('public', 'pg_catalog', 'information_schema')
           AND n.nspname NOT LIKE 'pg_toast%' AND n.nspname NOT LIKE 'pg_temp%'",
    ),
    (
        "tenant_id is a uuid and never null",
        "SELECT c.relname::text FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND (a.atttypid <> 'uuid'::regtype OR NOT a.attnotnull)",
    ),
    (
        "tenant_id leads the primary key",
        "SELECT c.relname::text FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND k.conkey[1] IS DISTINCT FROM a.attnum",
    ),
    (
        // An index led by something else tells by its timing what other tenants have; a unique one tells outright.
        "tenant_id leads every index",
        "SELECT i.indexrelid::regclass::text FROM pg_index AS i
         JOIN pg_class AS c ON c.oid = i.indrelid
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND i.indkey[0] <> a.attnum",
    ),
    (
        "tenant_id leads every foreign key, on both sides",
        "SELECT k.conname || ' on ' || k.conrelid::regclass FROM pg_constraint AS k
         LEFT JOIN pg_attribute AS here ON here.attrelid = k.conrelid AND here.attname = 'tenant_id'
         LEFT JOIN pg_attribute AS there ON there.attrelid = k.confrelid AND there.attname = 'tenant_id'
         WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace
           AND (here.attnum IS NOT NULL OR there.attnum IS NOT NULL)
           AND (k.conkey[1] IS DISTINCT FROM here.attnum OR k.confkey[1] IS DISTINCT FROM there.attnum)",
    ),
    (
        "row-level security is enabled and forced",
        "SELECT c.relname::text FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    ),
    (
        // Permissive policies are joined by OR: a second one can only open what the canonical one closes.
        "only canonical policies stand",
        "SELECT p.polname || ' on ' || p.polrelid::regclass FROM pg_policy AS p
         WHERE NOT (p.polpermissive AND (
             (p.polname = 'one_tenant' AND p.polcmd = '*' AND p.polroles = ARRAY['draxis_app'::regrole::oid]
              AND pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = current_tenant())'
              AND pg_get_expr(p.polwithcheck, p.polrelid) = '(tenant_id = current_tenant())')
             OR (p.polname = 'batch_tenants' AND p.polcmd = '*' AND p.polroles = ARRAY['draxis_writer'::regrole::oid]
              AND pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = ANY (( SELECT writing_tenants() AS writing_tenants)::uuid[]))'
              AND pg_get_expr(p.polwithcheck, p.polrelid)
                  = '(tenant_id = ANY (( SELECT writing_tenants() AS writing_tenants)::uuid[]))')
             OR (p.polname = 'sweep' AND p.polcmd = 'r'
              AND p.polrelid IN ('stream_heads'::regclass, 'timer_checkpoints'::regclass, 'timers'::regclass)
              AND p.polroles = ARRAY['draxis_owner'::regrole::oid] AND pg_get_expr(p.polqual, p.polrelid) = 'true')
             -- What claims a timer raises its fence.
             OR (p.polname = 'lease' AND p.polrelid = 'timers'::regclass AND p.polcmd = 'w'
              AND p.polroles = ARRAY['draxis_owner'::regrole::oid] AND pg_get_expr(p.polqual, p.polrelid) = 'true'
              AND pg_get_expr(p.polwithcheck, p.polrelid) = 'true')))",
    ),
    (
        "a role that may touch a tenant's table has its policy there",
        "SELECT r.rolname || ' on ' || c.relname FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         CROSS JOIN pg_roles AS r
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND r.rolname IN ('draxis', 'draxis_app', 'draxis_writer', 'draxis_platform')
           AND (has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
                OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))
           AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND r.oid = ANY (p.polroles))",
    ),
    (
        "roles own nothing and pass nothing by",
        "SELECT r.rolname::text FROM pg_roles AS r
         WHERE r.rolname IN ('draxis', 'draxis_app', 'draxis_writer', 'draxis_platform')
           AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolinherit
                OR r.rolcanlogin <> (r.rolname = 'draxis')
                OR EXISTS (SELECT FROM pg_shdepend AS d
                           WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'))",
    ),
    (
        "roles are members of nothing but what the login role takes on",
        "SELECT m.member::regrole || ' in ' || m.roleid::regrole FROM pg_auth_members AS m
         WHERE m.member::regrole::text LIKE 'draxis%'
           AND m.member <> 'draxis_bootstrap'::regrole
           AND NOT (m.member = 'draxis'::regrole
                    AND m.roleid::regrole::text IN ('draxis_app', 'draxis_writer', 'draxis_platform')
                    AND NOT m.admin_option)
           -- From Postgres 16 on, whoever makes a role administers it.
           AND NOT (m.member = 'draxis_owner'::regrole AND m.roleid::regrole::text LIKE 'draxis%')",
    ),
    (
        "a table without tenants belongs to the platform's role alone",
        "SELECT r.rolname || ' on ' || c.relname FROM pg_class AS c CROSS JOIN pg_roles AS r
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f')
           AND NOT EXISTS (SELECT FROM pg_attribute AS a
                           WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
           AND r.rolname IN ('draxis', 'draxis_app', 'draxis_writer')
           AND NOT (r.rolname = 'draxis' AND c.relname = '_sqlx_migrations')
           AND (has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
                OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))",
    ),
    (
        "no role may change or empty the log",
        "SELECT r.rolname || ' on ' || t.name FROM unnest(ARRAY['events', 'checkpoints']) AS t (name) CROSS JOIN pg_roles AS r
         WHERE r.rolname IN ('draxis', 'draxis_app', 'draxis_writer', 'draxis_platform')
           AND (has_table_privilege(r.oid, t.name, 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(r.oid, t.name, 'UPDATE'))",
    ),
    (
        "a trigger refuses what is not granted either",
        "SELECT wanted.name || ' on ' || t.name FROM unnest(ARRAY['events', 'checkpoints']) AS t (name)
         -- pg_trigger.h: row 1, before 2, delete 8, update 16, truncate 32.
         CROSS JOIN (VALUES ('rewriting', 1 + 2 + 8 + 16), ('emptying', 2 + 32)) AS wanted (name, kind)
         WHERE NOT EXISTS (SELECT FROM pg_trigger AS g
                           WHERE g.tgrelid = t.name::regclass AND g.tgtype = wanted.kind AND g.tgenabled IN ('O', 'A')
                             AND g.tgfoid = 'refuse_rewriting'::regproc AND g.tgqual IS NULL AND g.tgattr = ''::int2vector)",
    ),
    (
        "a view has its reader's rights",
        "SELECT c.relname::text FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace
           AND (c.relkind = 'm'
                OR (c.relkind = 'v' AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)))",
    ),
    (
        "a function has its caller's rights, but for those that hand out ids",
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p
         WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
           AND NOT (p.proconfig IS NOT DISTINCT FROM ARRAY['search_path=public, pg_temp']
                    AND (p.proname::text, pg_get_function_result(p.oid)) IN (
                        ('stream_positions', 'TABLE(tenant_id uuid, head bigint)'),
                        ('claim_timers',
                         'TABLE(tenant_id uuid, kind text, subject text, due_at timestamp with time zone, fence bigint)')))",
    ),
    (
        "everybody may do nothing",
        "SELECT c.relname::text FROM pg_class AS c, aclexplode(c.relacl) AS g
         WHERE c.relnamespace = 'public'::regnamespace AND g.grantee = 0
         UNION ALL
         SELECT p.oid::regprocedure::text FROM pg_proc AS p
         WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
           AND has_function_privilege('public', p.oid, 'EXECUTE')
         UNION ALL
         SELECT 'schema public' WHERE has_schema_privilege('public', 'public', 'CREATE')",
    ),
];
