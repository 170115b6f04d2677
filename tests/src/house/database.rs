//! A database of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};

use draxis_api::embedded_postgres::{OWNER, SUPERUSER};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::sync::SemaphorePermit;

use super::Tap;
use super::server::{Server, TEMPLATE};

/// How many connections one test may hold without asking for more.
const CONNECTIONS: u32 = 12;

/// A migrated, empty database that nobody else uses.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    server: &'static Server,
    _connections: SemaphorePermit<'static>,
}

impl TestDatabase {
    /// Copies the template.
    pub async fn make() -> Self {
        Self::with_connections(CONNECTIONS).await
    }

    /// The same for a test that holds more connections than others; waits until they are free.
    pub async fn with_connections(connections: u32) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let server = Server::shared();
        let permit = server.connections.acquire_many(connections).await.expect("nobody closes the semaphore");
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut superuser = server.superuser().await;
        let make = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER {OWNER}");
        superuser.execute(make.as_str()).await.expect("the template is copied");
        superuser.close().await.expect("the superuser leaves");
        Self { name, server, _connections: permit }
    }

    /// How a role reaches it.
    pub fn options(&self, user: &str) -> PgConnectOptions {
        self.server.options(&self.name, user)
    }

    /// The same as a URL, for a program of its own.
    pub fn url(&self, user: &str) -> String {
        format!("postgres://{user}@localhost/{}?host={}", self.name, self.server.socket_dir().display())
    }

    /// A tap on the wire to it.
    pub fn tap(&self) -> Tap {
        Tap::before(self.server.socket_dir(), &self.name)
    }

    /// A connection of the owner, who migrates and is bound by row-level security like everybody.
    pub async fn owner(&self) -> PgConnection {
        self.connect(OWNER).await
    }

    /// A connection that nothing is hidden from, for looking behind the product's back.
    pub async fn superuser(&self) -> PgConnection {
        self.connect(SUPERUSER).await
    }

    /// A connection of the login role that has taken on one of its roles, as the pools do.
    pub async fn connection_as(&self, role: &str) -> PgConnection {
        let options = self.options("draxis").options([("role", role)]);
        PgConnection::connect_with(&options).await.expect("the role gets in")
    }

    /// Whether no connection stays within a transaction: looked at until none is within one, or for long enough that one is held.
    pub async fn holds_no_transaction(&self) -> bool {
        let within = "SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        let mut superuser = self.superuser().await;
        for _ in 0..1_000 {
            let row = superuser.fetch_one(within).await.expect("the activity is shown");
            if row.get::<i64, _>(0) == 0 {
                return true;
            }
        }
        false
    }

    async fn connect(&self, user: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(user)).await.expect("the user gets in")
    }
}
