//! Recovery codes: ten of them, each good for one sign-in, kept as hashes.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use draxis_domain::AccountId;
use sha2::{Digest, Sha256};

use crate::CommandError;
use crate::identity::{Identity, random_bytes};
use crate::secret::Secret;

/// How many somebody is given.
const COUNT: usize = 10;

/// 80 random bits, so that a plain hash cannot be searched back, in four groups that can be typed.
fn make() -> Result<String, CommandError> {
    let text = BASE32_NOPAD.encode(&random_bytes::<10>()?).to_lowercase();
    let mut code = String::new();
    for (place, letter) in text.chars().enumerate() {
        if place > 0 && place.is_multiple_of(4) {
            code.push('-');
        }
        code.push(letter);
    }
    Ok(code)
}

/// The hash of a code however it was typed.
fn digest(code: &str) -> [u8; 32] {
    let typed: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(typed.to_lowercase().as_bytes()).into()
}

impl Identity {
    /// Makes new codes in place of all there were.
    pub(super) async fn make_recovery_codes(&self, id: AccountId) -> Result<Vec<String>, CommandError> {
        let codes = (0..COUNT).map(|_| make()).collect::<Result<Vec<_>, _>>()?;
        let hashes: Vec<Vec<u8>> = codes.iter().map(|code| digest(code).to_vec()).collect();
        let mut transaction = self.commands.pools().platform.begin().await?;
        sqlx::query!("DELETE FROM recovery_codes WHERE account_id = $1", id.uuid())
            .execute(&mut *transaction)
            .await?;
        sqlx::query!(
            "INSERT INTO recovery_codes (account_id, code_hash) SELECT $1, unnest($2::bytea[])",
            id.uuid(),
            &hashes
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(codes)
    }

    /// Uses a code up and says how many are left. One conditional statement decides who, whoever races.
    pub(super) async fn use_recovery_code(
        &self,
        id: AccountId,
        code: &Secret,
        now: DateTime<Utc>,
    ) -> Result<u32, CommandError> {
        let pool = &self.commands.pools().platform;
        let used = sqlx::query!(
            "UPDATE recovery_codes SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL",
            id.uuid(),
            &digest(code.expose()),
            now
        )
        .execute(pool)
        .await?;
        if used.rows_affected() == 0 {
            return Err(CommandError::WrongCode);
        }
        let left = sqlx::query_scalar!(
            r#"SELECT count(*) AS "left!" FROM recovery_codes WHERE account_id = $1 AND used_at IS NULL"#,
            id.uuid()
        )
        .fetch_one(pool)
        .await?;
        Ok(u32::try_from(left).unwrap_or_default())
    }

    /// Forgets the codes of a second factor that is no more.
    pub(super) async fn forget_recovery_codes(&self, id: AccountId) -> Result<(), CommandError> {
        sqlx::query!("DELETE FROM recovery_codes WHERE account_id = $1", id.uuid())
            .execute(&self.commands.pools().platform)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{digest, make};

    #[test]
    fn a_code_fits_however_it_is_typed() {
        let code = make().unwrap();
        assert_eq!(code.len(), 19, "{code}");
        assert_eq!(digest(&code), digest(&code.to_uppercase().replace('-', " ")));
        assert_ne!(digest(&code), digest(&make().unwrap()));
    }
}
