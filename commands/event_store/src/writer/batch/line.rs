//! A writer's connection to the database, and which ways of committing a batch it has.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::writer::batch::heads::{PREPARE, simply};

/// A connection that is ready for batches.
pub(in crate::writer) struct Line {
    pub(super) connection: PgConnection,
    /// Whether a batch may go in one exchange: not where its rows lie on several servers, which a setting made within a
    /// function does not reach (design.md section 6).
    pub(super) at_heads: bool,
}

impl Line {
    /// Makes a connection and readies it.
    pub(in crate::writer) async fn greet(options: &PgConnectOptions) -> Result<Self, sqlx::Error> {
        let mut connection = PgConnection::connect_with(options).await?;
        simply(&mut connection, PREPARE).await?;
        let at_heads = sqlx::query_scalar!(
            r#"SELECT NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS "alone!""#
        )
        .fetch_one(&mut connection)
        .await?;
        Ok(Self { connection, at_heads })
    }

    /// Says goodbye.
    pub(in crate::writer) async fn close(self) -> Result<(), sqlx::Error> {
        self.connection.close().await
    }
}
