//! With one tenant set, another's rows are neither seen nor written, in any table, by any role.

use draxis_domain::TenantId;
use draxis_event_store::TenantTx;
use sqlx::{Executor, PgConnection, Row};

use super::rows::TenantTable;
use crate::house::{Fitting, Process, TestDatabase, new_tenant};

/// The roles that reach tenants' tables, each with the setting that names its tenants.
const REACHING: [(&str, &str); 2] =
    [("draxis_app", "draxis.tenant_id"), ("draxis_writer", "draxis.tenant_ids")];

struct Scene {
    database: TestDatabase,
    tables: Vec<TenantTable>,
    ours: TenantId,
    theirs: TenantId,
}

impl Scene {
    /// Two tenants with a row each in every table.
    async fn set() -> Self {
        let database = TestDatabase::make().await;
        let mut superuser = database.superuser().await;
        let tables = TenantTable::all(&mut superuser).await;
        assert!(tables.len() > 10, "the catalog is read");
        let (ours, theirs) = (new_tenant(), new_tenant());
        for table in &tables {
            for tenant in [ours, theirs] {
                superuser.execute(table.insert(tenant, 1).as_str()).await.unwrap();
            }
        }
        Self { database, tables, ours, theirs }
    }
}

/// How many rows a statement reached; none where the role has no right to it at all or the policy refuses it.
async fn reached(connection: &mut PgConnection, statement: &str) -> u64 {
    connection.execute("SAVEPOINT before").await.unwrap();
    let reached = match connection.execute(statement).await {
        Ok(done) => done.rows_affected(),
        Err(sqlx::Error::Database(refused)) => {
            // insufficient_privilege: not granted, refused by a policy, or by the log's trigger.
            assert_eq!(refused.code().as_deref(), Some("42501"), "{statement}: {refused}");
            0
        }
        Err(error) => panic!("{statement}: {error}"),
    };
    connection.execute("ROLLBACK TO SAVEPOINT before").await.unwrap();
    reached
}

async fn seen(connection: &mut PgConnection, table: &str) -> Option<Vec<sqlx::types::Uuid>> {
    connection.execute("SAVEPOINT before").await.unwrap();
    let query = format!("SELECT tenant_id FROM {table}");
    let rows = connection.fetch_all(query.as_str()).await.ok();
    connection.execute("ROLLBACK TO SAVEPOINT before").await.unwrap();
    rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
}

#[tokio::test]
async fn another_tenants_rows_are_neither_seen_nor_written_in_any_table() {
    let scene = Scene::set().await;
    for (role, setting) in REACHING {
        let mut connection = scene.database.connection_as(role).await;
        connection.execute("BEGIN").await.unwrap();
        let set = format!("SET LOCAL {setting} = '{}'", scene.ours.uuid());
        connection.execute(set.as_str()).await.unwrap();
        let mut readable = 0;
        for table in &scene.tables {
            let (name, theirs) = (&table.name, scene.theirs.uuid());
            if let Some(tenants) = seen(&mut connection, name).await {
                readable += 1;
                assert_eq!(tenants, [scene.ours.uuid()], "{role} reads {name}");
            }
            for forbidden in [
                table.insert(scene.theirs, 2),
                format!("UPDATE {name} SET tenant_id = tenant_id WHERE tenant_id = '{theirs}'"),
                format!("UPDATE {name} SET tenant_id = '{theirs}'"),
                format!("DELETE FROM {name} WHERE tenant_id = '{theirs}'"),
                format!("TRUNCATE {name}"),
                format!("SELECT FROM {name} WHERE tenant_id = '{theirs}' FOR UPDATE"),
            ] {
                assert_eq!(reached(&mut connection, &forbidden).await, 0, "{role}: {forbidden}");
            }
        }
        assert!(readable >= 4, "{role} reads something");
        // The control: the same statements reach our own rows, so it is the tenant that makes the difference.
        let own = format!("SELECT FROM stream_heads WHERE tenant_id = '{}'", scene.ours.uuid());
        assert_eq!(reached(&mut connection, &own).await, 1, "{role}: {own}");
    }
}

#[tokio::test]
async fn without_a_tenant_no_row_is_seen_neither_before_nor_after_one_was_set() {
    let scene = Scene::set().await;
    for (role, setting) in REACHING {
        let mut connection = scene.database.connection_as(role).await;
        // Never set it reads NULL; after a local set has ended it reads '' (hazards D1).
        for _ in 0..2 {
            connection.execute("BEGIN").await.unwrap();
            for table in &scene.tables {
                let tenants = seen(&mut connection, &table.name).await.unwrap_or_default();
                assert!(tenants.is_empty(), "{role} reads {}", table.name);
                assert_eq!(
                    reached(&mut connection, &table.insert(scene.ours, 2)).await,
                    0,
                    "{role}: {}",
                    table.name
                );
            }
            let set = format!("SET LOCAL {setting} = '{}'", scene.ours.uuid());
            connection.execute(set.as_str()).await.unwrap();
            connection.execute("COMMIT").await.unwrap();
        }
        let left = connection
            .fetch_one(format!("SELECT current_setting('{setting}', true)").as_str())
            .await
            .unwrap();
        assert_eq!(
            left.get::<Option<String>, _>(0).as_deref(),
            Some(""),
            "the second round was after a local set"
        );
    }
}

#[tokio::test]
async fn the_owner_is_bound_too_and_sees_only_what_its_functions_hand_out() {
    let scene = Scene::set().await;
    let mut owner = scene.database.owner().await;
    owner.execute("BEGIN").await.unwrap();
    for table in &scene.tables {
        let seen = seen(&mut owner, &table.name).await.unwrap();
        let handed_out = ["stream_heads", "timer_checkpoints", "timers"].contains(&table.name.as_str());
        assert_eq!(seen.is_empty(), !handed_out, "{}", table.name);
    }
}

#[tokio::test]
async fn a_pooled_connection_forgets_its_tenant() {
    let scene = Scene::set().await;
    let one = Fitting { readers: 1, ..Fitting::default() };
    let process = Process::over(scene.database.options("draxis"), one).await;
    let query =
        "SELECT current_setting('draxis.tenant_id', true), (SELECT count(*) FROM events), pg_backend_pid()";
    for commits in [true, false] {
        let mut transaction = TenantTx::begin(&process.pools.app, scene.ours).await.unwrap();
        let inside = transaction.fetch_one(query).await.unwrap();
        assert_eq!(inside.get::<i64, _>(1), 1);
        if commits {
            transaction.commit().await.unwrap();
        } else {
            drop(transaction);
        }
        let after = process.pools.app.acquire().await.unwrap().fetch_one(query).await.unwrap();
        assert_eq!(after.get::<i32, _>(2), inside.get::<i32, _>(2), "it is the same connection");
        assert_eq!((after.get::<&str, _>(0), after.get::<i64, _>(1)), ("", 0), "committed: {commits}");
    }
    process.end().await;
}

#[tokio::test]
async fn the_log_is_never_rewritten_not_even_by_those_who_may_everything() {
    let scene = Scene::set().await;
    let mut superuser = scene.database.superuser().await;
    for table in ["events", "checkpoints"] {
        for statement in [
            format!("UPDATE {table} SET tenant_id = tenant_id"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            let refused = superuser.execute(statement.as_str()).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
            for role in crate::house::ROLES {
                let mut connection = scene.database.connection_as(role).await;
                let refused = connection.execute(statement.as_str()).await.unwrap_err();
                let code = refused.as_database_error().unwrap().code().unwrap().into_owned();
                assert_eq!(code, "42501", "{role}: {statement}: {refused}");
            }
        }
    }
}

/// An index that another tenant's rows would be read through tells by its timing what they have (hazards D1).
#[tokio::test]
async fn as_many_pages_are_touched_for_what_another_tenant_has_as_for_what_nobody_has() {
    let scene = Scene::set().await;
    let mut superuser = scene.database.superuser().await;
    let fill = format!(
        "INSERT INTO events SELECT tenant, n, lpad(n::text, 26, '0'), 'kri', lpad(n::text, 26, '0'), 1, 'kri.defined', 1, '{{}}',
                '{{}}', now(), sha256(n::text::bytea)
         FROM generate_series(2, 5000) AS n, unnest(ARRAY['{}', '{}']::uuid[]) AS tenant WHERE n % 2 = 0 OR tenant <> '{}';
         INSERT INTO claims SELECT '{}', 'kri_slug', 'slug-' || n, n::text FROM generate_series(1, 5000) AS n;
         ANALYZE events; ANALYZE claims",
        scene.ours.uuid(),
        scene.theirs.uuid(),
        scene.ours.uuid(),
        scene.theirs.uuid()
    );
    superuser.execute(fill.as_str()).await.unwrap();
    let mut app = scene.database.connection_as("draxis_app").await;
    let ours = scene.ours.uuid();
    for (theirs, nobodys) in [
        (
            format!(
                "SELECT FROM events WHERE tenant_id = '{ours}' AND aggregate_type = 'kri' AND aggregate_id = '{:026}'",
                2501
            ),
            format!(
                "SELECT FROM events WHERE tenant_id = '{ours}' AND aggregate_type = 'kri' AND aggregate_id = '{:025}x'",
                250
            ),
        ),
        (
            format!(
                "SELECT FROM claims WHERE tenant_id = '{ours}' AND kind = 'kri_slug' AND value = 'slug-2501'"
            ),
            format!(
                "SELECT FROM claims WHERE tenant_id = '{ours}' AND kind = 'kri_slug' AND value = 'slug-none'"
            ),
        ),
    ] {
        let touched =
            [pages(&mut app, scene.ours, &theirs).await, pages(&mut app, scene.ours, &nobodys).await];
        assert_eq!(touched[0], touched[1], "{theirs}");
        assert!(touched[0] <= 4, "{} pages: the index is used", touched[0]);
    }
}

async fn pages(connection: &mut PgConnection, tenant: TenantId, query: &str) -> i64 {
    let begin = format!("BEGIN; SET LOCAL draxis.tenant_id = '{}'", tenant.uuid());
    connection.execute(begin.as_str()).await.unwrap();
    let explained = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}");
    let mut last = 0;
    // The second time the catalog is known and only the query's own pages count.
    for _ in 0..2 {
        let plan: serde_json::Value = connection.fetch_one(explained.as_str()).await.unwrap().get(0);
        let plan = &plan[0]["Plan"];
        last = plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap();
    }
    connection.execute("ROLLBACK").await.unwrap();
    last
}
