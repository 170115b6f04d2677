-- What 0086 did for the tables that existed then, for those that came with approvals and runs.
DO $$
DECLARE
    packed record;
BEGIN
    FOR packed IN
        SELECT a.attrelid::regclass AS name, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname IN ('approvals', 'workflow_runs', 'effects')
          AND c.relkind = 'r' AND a.atttypid = 'json'::regtype AND a.attname IN ('body', 'state') AND NOT a.attisdropped
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', packed.name, packed.attname);
    END LOOP;
EXCEPTION
    WHEN feature_not_supported THEN NULL;
END
$$;
