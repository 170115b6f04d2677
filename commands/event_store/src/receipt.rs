//! Receipts: what was answered to a command that carried an `Idempotency-Key` (product.md section 7).

use draxis_domain::{Position, TenantId};
use sqlx::PgConnection;

/// The SHA-256 of what a command asked, so that the same key with another body can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHash(pub [u8; 32]);

/// An answer, exactly as it went or will go to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body's bytes; sealed by the caller where they hold a secret.
    pub body: Vec<u8>,
    /// The version that the answer's `ETag` names.
    pub version: Option<u64>,
}

/// A command's key with the answer that will be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Who asked; keys of two callers never meet.
    pub caller: String,
    /// The `Idempotency-Key`.
    pub key: String,
    /// What was asked.
    pub request: RequestHash,
    /// What is answered.
    pub answer: Answer,
}

/// An answer that was given before, and the stream's position then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What had been asked.
    pub request: RequestHash,
    /// What was answered.
    pub answer: Answer,
    /// The position it carried.
    pub position: Position,
}

impl Answered {
    pub(crate) fn from_columns(
        hash: &[u8],
        status: i16,
        body: Vec<u8>,
        version: Option<i64>,
        position: i64,
    ) -> Self {
        let mut request = [0; 32];
        for (to, from) in request.iter_mut().zip(hash) {
            *to = *from;
        }
        Self {
            request: RequestHash(request),
            answer: Answer {
                status: u16::try_from(status).unwrap_or(500),
                body,
                version: version.and_then(|version| u64::try_from(version).ok()),
            },
            position: Position::from_i64(position),
        }
    }
}

/// What was answered to this caller's key before, if anything was.
pub async fn find_receipt(
    connection: &mut PgConnection,
    tenant: TenantId,
    caller: &str,
    key: &str,
) -> Result<Option<Answered>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT request_hash, status, answer, version, position FROM idempotency_keys
         WHERE tenant_id = $1 AND caller = $2 AND key = $3",
        tenant.uuid(),
        caller,
        key
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        Answered::from_columns(&row.request_hash, row.status, row.answer, row.version, row.position)
    }))
}
