//! The tenant transaction: the only way to a connection that sees one tenant's rows (hazards D1).

use std::ops::{Deref, DerefMut};

use draxis_domain::{Position, TenantId};
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};

/// A transaction in which row-level security admits exactly one tenant's rows. Dropped without a commit, it rolls back.
#[derive(Debug)]
pub struct TenantTx {
    transaction: Transaction<'static, Postgres>,
    tenant: TenantId,
}

impl TenantTx {
    /// Opens the transaction and sets the tenant within it, in one round trip.
    pub async fn begin(pool: &PgPool, tenant: TenantId) -> Result<Self, sqlx::Error> {
        // SET LOCAL, not set_config: only this form reaches the workers of a Citus cluster (design.md section 6). The text is
        // rendered from a typed id, in this one place.
        let begin = format!("BEGIN; SET LOCAL draxis.tenant_id = '{}'", tenant.uuid());
        Ok(Self { transaction: pool.begin_with(begin).await?, tenant })
    }

    /// As [`Self::begin`], for work that can be repeated from the log at any time: its commit does not wait for the disk.
    pub async fn begin_rebuildable(pool: &PgPool, tenant: TenantId) -> Result<Self, sqlx::Error> {
        let begin = format!(
            "BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL draxis.tenant_id = '{}'",
            tenant.uuid()
        );
        Ok(Self { transaction: pool.begin_with(begin).await?, tenant })
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

    /// Makes what was written here durable and visible.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}
