-- Rows of read models and snapshots are kilobytes of JSON that are rewritten all the time: LZ4 packs them in a third of the
-- time that Postgres' own method takes. A server without it goes on as before.
DO $$
DECLARE
    packed record;
BEGIN
    FOR packed IN
        SELECT a.attrelid::regclass AS name, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.atttypid = 'json'::regtype
          AND a.attname IN ('body', 'state') AND NOT a.attisdropped
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', packed.name, packed.attname);
    END LOOP;
EXCEPTION
    WHEN feature_not_supported THEN NULL;
END
$$;
