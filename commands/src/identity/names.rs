//! Names: what people are called, looked up when something is shown, so that an erased person shows as erased.

use std::collections::BTreeMap;

use draxis_domain::AccountId;
use uuid::Uuid;

use crate::CommandError;
use crate::identity::Identity;

impl Identity {
    /// The names of those accounts that still have one.
    pub async fn names<I: IntoIterator<Item = AccountId>>(
        &self,
        accounts: I,
    ) -> Result<BTreeMap<AccountId, String>, CommandError> {
        let mut asked: Vec<Uuid> = accounts.into_iter().map(AccountId::uuid).collect();
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = sqlx::query!("SELECT id, name FROM accounts WHERE id = ANY($1)", &asked)
            .fetch_all(&self.commands.pools().platform)
            .await?;
        Ok(rows.into_iter().map(|row| (AccountId::from(row.id), row.name)).collect())
    }
}
