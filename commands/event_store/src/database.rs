//! The database: one pool a role, the checks before the first command, and the migrations.

use std::time::Duration;

use draxis_domain::TenantId;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

/// Why the program will not run on this database; the sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It could not be reached or did not answer.
    #[error("the database cannot be used: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// The migrations could not be applied.
    #[error("the migrations could not be applied")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The schema is older or newer than this program.
    #[error(
        "the schema is at migration {found}, this program needs {needed}: run `draxis migrate` as the owner"
    )]
    Unmigrated {
        /// The newest migration applied.
        found: i64,
        /// The newest migration this program knows.
        needed: i64,
    },
    /// The program signed in with more rights than it may have.
    #[error(
        "the program must not run as {user}: it {why}; use the login role `draxis` that `draxis migrate` makes"
    )]
    TooPowerful {
        /// The session's user.
        user: String,
        /// What makes it too powerful.
        why: &'static str,
    },
    /// Commits would not survive a power cut.
    #[error("fsync is off on this server, so acknowledged events could be lost: turn it on")]
    NotDurable,
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unreachable(error)
    }
}

/// How a process reaches its database.
#[derive(Debug, Clone)]
pub struct Database {
    options: PgConnectOptions,
    readers: u32,
}

/// One pool a role, so that no connection can do what its part of the program never needs.
#[derive(Debug, Clone)]
pub struct Pools {
    /// Reads one tenant's log and keeps read models: role `draxis_app`.
    pub app: PgPool,
    /// The platform's own tables: role `draxis_platform`.
    pub platform: PgPool,
    /// postgres-es on the platform's stream: role `draxis_writer`, bound to that stream by connection options.
    pub platform_stream: PgPool,
    /// How a writer of the log connects: role `draxis_writer`.
    pub(crate) writer: PgConnectOptions,
}

impl Database {
    /// A database reached as the login role, with at most `readers` connections that read.
    pub fn new(options: PgConnectOptions, readers: u32) -> Self {
        // Statements are few and constant, so each connection keeps them prepared.
        Self { options: options.application_name("draxis").statement_cache_capacity(500), readers }
    }

    /// Checks that the program may and can run here, and opens the pools.
    pub async fn open(&self) -> Result<Pools, DatabaseError> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        refuse_power(&mut connection).await?;
        refuse_loss(&mut connection).await?;
        refuse_unmigrated(&mut connection).await?;
        connection.close().await?;
        Ok(Pools {
            app: self.pool("draxis_app", self.readers, &[]),
            platform: self.pool("draxis_platform", 4, &[]),
            platform_stream: self.stream_pool(TenantId::PLATFORM),
            writer: self.options_as("draxis_writer", &[]),
        })
    }

    /// A pool through which postgres-es, as published, writes and reads the one stream.
    pub fn stream_pool(&self, stream: TenantId) -> PgPool {
        let stream = stream.uuid().to_string();
        self.pool(
            "draxis_writer",
            2,
            &[("draxis.tenant_id", stream.as_str()), ("draxis.tenant_ids", stream.as_str())],
        )
    }

    fn options_as(&self, role: &str, settings: &[(&str, &str)]) -> PgConnectOptions {
        let bounds = [
            ("role", role),
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "30s"),
            // Every statement asks by a key. Prepared while a table is still small, and kept, its plan would read all of it
            // for as long as nobody analyses the table.
            ("enable_seqscan", "off"),
        ];
        self.options.clone().options(bounds.into_iter().chain(settings.iter().copied()))
    }

    fn pool(&self, role: &str, size: u32, settings: &[(&str, &str)]) -> PgPool {
        PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .connect_lazy_with(self.options_as(role, settings))
    }
}

/// Applies the migrations that are missing, as the owner.
pub async fn migrate(owner: &PgConnectOptions) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect_with(owner).await?;
    sqlx::migrate!("../../migrations").run(&mut connection).await?;
    grant_version(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Lets the program read its schema's version: what it checks at start, and all it sees of the migrations' table.
#[expect(
    clippy::disallowed_methods,
    reason = "the migrator's own table is not in the schema that queries are checked against"
)]
async fn grant_version(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    sqlx::query("GRANT SELECT ON _sqlx_migrations TO draxis").execute(connection).await?;
    Ok(())
}

async fn refuse_power(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let me = sqlx::query!(
        r#"SELECT session_user::text AS "user!", r.rolsuper AS "superuser!", r.rolbypassrls AS "bypass!",
                  EXISTS (SELECT FROM pg_class AS c WHERE c.relname = 'events' AND c.relowner = r.oid) AS "owner!"
           FROM pg_roles AS r WHERE r.rolname = session_user"#
    )
    .fetch_one(connection)
    .await?;
    let why = match (me.superuser, me.bypass, me.owner) {
        (true, _, _) => "is a superuser",
        (_, true, _) => "bypasses row-level security",
        (_, _, true) => "owns the tables",
        (false, false, false) => return Ok(()),
    };
    Err(DatabaseError::TooPowerful { user: me.user, why })
}

async fn refuse_loss(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let durable = sqlx::query_scalar!(r#"SELECT current_setting('fsync') = 'on' AS "durable!""#)
        .fetch_one(connection)
        .await?;
    if durable { Ok(()) } else { Err(DatabaseError::NotDurable) }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the migrator's own table is not in the schema that queries are checked against"
)]
async fn refuse_unmigrated(connection: &mut PgConnection) -> Result<(), DatabaseError> {
    let needed =
        sqlx::migrate!("../../migrations").iter().map(|migration| migration.version).max().unwrap_or(0);
    let exists = sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "exists!""#)
        .fetch_one(&mut *connection)
        .await?;
    let found = if exists {
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success")
            .fetch_one(connection)
            .await?
    } else {
        0
    };
    if found == needed { Ok(()) } else { Err(DatabaseError::Unmigrated { found, needed }) }
}
