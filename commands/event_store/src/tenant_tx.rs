//! The tenant transaction: the only way to a connection that sees one tenant's rows (hazards D1).

use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use draxis_domain::{Position, TenantId};
use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Row, TransactionManager};

use crate::copy::fields::Rows;

/// How sqlx keeps count of a connection's transactions.
type Manager = <Postgres as sqlx::Database>::TransactionManager;

/// A transaction in which row-level security admits exactly one tenant's rows. Dropped without a commit, it rolls back.
#[derive(Debug)]
pub struct TenantTx {
    connection: PoolConnection<Postgres>,
    tenant: TenantId,
    phase: Phase,
}

/// How far a transaction is, for whoever gives it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It can be rolled back.
    Open,
    /// Rows are being copied out: whoever gives up half-way leaves the rest of them on the wire.
    Copying,
    /// It was committed.
    Committed,
}

/// A connection on which a transaction is being opened. Given up half-way, by a caller that hung up, it may be within one
/// that nobody counts, under a tenant that the next one does not expect: it is closed instead of going back to the pool.
struct Opening(Option<PoolConnection<Postgres>>);

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

impl TenantTx {
    /// Opens the transaction and sets the tenant within it, in one round trip.
    pub async fn begin(pool: &PgPool, tenant: TenantId) -> Result<Self, sqlx::Error> {
        // SET LOCAL, not set_config: only this form reaches the workers of a Citus cluster (design.md section 6). The text is
        // rendered from a typed id, in this one place.
        Self::open(pool, tenant, format!("BEGIN; SET LOCAL draxis.tenant_id = '{}'", tenant.uuid())).await
    }

    /// As [`Self::begin`], for work that can be repeated from the log at any time: its commit does not wait for the disk.
    pub async fn begin_rebuildable(pool: &PgPool, tenant: TenantId) -> Result<Self, sqlx::Error> {
        let begin = format!(
            "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL draxis.tenant_id = '{}'",
            tenant.uuid()
        );
        Self::open(pool, tenant, begin).await
    }

    async fn open(pool: &PgPool, tenant: TenantId, begin: String) -> Result<Self, sqlx::Error> {
        let mut opening = Opening(Some(pool.acquire().await?));
        if let Some(connection) = &mut opening.0 {
            Manager::begin(connection, Some(begin.into())).await?;
        }
        let connection = opening.0.take().ok_or(sqlx::Error::BeginFailed)?;
        Ok(Self { connection, tenant, phase: Phase::Open })
    }

    /// The position of the tenant's last event, in one round trip: what every read begins with. The two statements are one
    /// message of the simple protocol and so one implicit transaction, which an error or a hang-up cannot leave open.
    pub(crate) async fn head(pool: &PgPool, tenant: TenantId) -> Result<Position, sqlx::Error> {
        let id = tenant.uuid();
        let statements = format!(
            "SET LOCAL draxis.tenant_id = '{id}'; SELECT position FROM stream_heads WHERE tenant_id = '{id}'"
        );
        let rows = sqlx::raw_sql(&statements).fetch_all(pool).await?;
        rows.first().map_or(Ok(Position::START), |row| row.try_get(0).map(Position::from_i64))
    }

    /// The tenant whose rows this transaction sees.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Gives each row of a `COPY … TO STDOUT (FORMAT binary)` to whoever reads it, while the database is still sending the rest.
    pub(crate) async fn copy_out<E: From<sqlx::Error>>(
        &mut self,
        statement: &str,
        mut read: impl FnMut(Bytes) -> Result<(), E>,
    ) -> Result<(), E> {
        self.phase = Phase::Copying;
        let mut messages = self.connection.copy_out_raw(statement).await?;
        let mut rows = Rows::Ahead;
        while let Some(message) = messages.try_next().await? {
            if let Some(row) = rows.row(message)? {
                read(row)?;
            }
        }
        drop(messages);
        self.phase = Phase::Open;
        Ok(rows.end()?)
    }

    /// Makes what was written here durable and visible.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        Manager::commit(&mut self.connection).await?;
        self.phase = Phase::Committed;
        Ok(())
    }
}

impl Drop for TenantTx {
    fn drop(&mut self) {
        match self.phase {
            // What is left of the copy would be taken for the answer to the next question.
            Phase::Copying => self.connection.close_on_drop(),
            Phase::Open => Manager::start_rollback(&mut self.connection),
            Phase::Committed => {}
        }
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
