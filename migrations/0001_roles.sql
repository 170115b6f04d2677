-- Three roles divide what the program may do, so that no single connection can both write history and read the platform.
-- Roles belong to the whole server, so another database's migration may have made them already.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['draxis_app', 'draxis_writer', 'draxis_platform'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    -- The program signs in as `draxis`, which inherits nothing and takes one of the three roles for each connection.
    BEGIN
        CREATE ROLE draxis LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
        GRANT draxis_app, draxis_writer, draxis_platform TO draxis;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
END
$$;
