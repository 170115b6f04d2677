//! Sweeping: links of previews that are long over are forgotten. To whoever comes with one it is unknown, which looks the same.

use chrono::Duration;

use super::token_of;
use crate::CommandError;
use crate::execution::Commands;

/// For so long after a preview's end it is still noted in the tenant's stream that somebody came in vain (decided).
const NOTED: Duration = Duration::days(7);
/// How many links are forgotten at once.
const AT_ONCE: i64 = 200;

impl Commands {
    /// Forgets the links, and what is sealed of them, of previews that ended a week ago; answers with how many those were. Cut
    /// off anywhere, it goes on where it was the next time.
    pub async fn sweep_previews(&self) -> Result<u64, CommandError> {
        let mut swept = 0_u64;
        loop {
            let rows = sqlx::query!(
                "SELECT token_hash, stream, preview_id FROM preview_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
                self.clock().now() - NOTED,
                AT_ONCE
            )
            .fetch_all(&self.pools().platform)
            .await?;
            if rows.is_empty() {
                return Ok(swept);
            }
            for row in &rows {
                let token = token_of(row.stream.into(), row.preview_id.into());
                self.vault().forget(&self.pools().app, token).await?;
            }
            let hashes: Vec<Vec<u8>> = rows.into_iter().map(|row| row.token_hash).collect();
            let gone = sqlx::query!("DELETE FROM preview_tokens WHERE token_hash = ANY($1)", &hashes)
                .execute(&self.pools().platform)
                .await?;
            swept = swept.saturating_add(gone.rows_affected());
        }
    }
}
