//! Refresh tokens: thirty days, rotated at each use; a reused one ends its whole family (RFC 9700 section 4.14, hazards A3).

use chrono::{DateTime, Duration, Utc};
use data_encoding::BASE64URL_NOPAD;
use draxis_domain::AccountId;
use sha2::{Digest, Sha256};
use ulid::Ulid;
use uuid::Uuid;

use crate::CommandError;
use crate::caller::{Assurance, Session};
use crate::identity::{Identity, random_bytes};

/// A refresh token as the cookie holds it.
pub struct RefreshToken {
    /// The token.
    pub token: String,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

/// How long a token works, and so how long an idle session lasts.
const LIFETIME: Duration = Duration::days(30);

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Identity {
    /// Begins a family: a session on one device.
    pub(super) async fn begin_session(
        &self,
        account: AccountId,
        assurance: Assurance,
    ) -> Result<(Session, RefreshToken), CommandError> {
        let next = self.next_token()?;
        let session = Session { family: self.commands.ids().next(), assurance };
        sqlx::query!(
            "INSERT INTO refresh_tokens (token_hash, family, account_id, expires_at, second_factor)
             VALUES ($1, $2, $3, $4, $5)",
            &digest(&next.token),
            Uuid::from_u128(session.family.0),
            account.uuid(),
            next.expires_at,
            assurance == Assurance::SecondFactor
        )
        .execute(&self.commands.pools().platform)
        .await?;
        Ok((session, next))
    }

    fn next_token(&self) -> Result<RefreshToken, CommandError> {
        let token = BASE64URL_NOPAD.encode(&random_bytes::<32>()?);
        Ok(RefreshToken { token, expires_at: self.commands.clock().now() + LIFETIME })
    }

    /// Exchanges a token for the next one of its family. One conditional statement decides who uses it, whoever races, and
    /// hands out the next in the same breath, so that ending the family never misses it.
    pub(super) async fn rotate(
        &self,
        token: &str,
    ) -> Result<(AccountId, Session, RefreshToken), CommandError> {
        let next = self.next_token()?;
        let continued = sqlx::query!(
            "WITH used AS (
                 UPDATE refresh_tokens SET used_at = $2
                 WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2
                 RETURNING family, account_id, second_factor)
             INSERT INTO refresh_tokens (token_hash, family, account_id, expires_at, second_factor)
             SELECT $3, family, account_id, $4, second_factor FROM used
             RETURNING family, account_id, second_factor",
            &digest(token),
            self.commands.clock().now(),
            &digest(&next.token),
            next.expires_at
        )
        .fetch_optional(&self.commands.pools().platform)
        .await?;
        let Some(continued) = continued else {
            self.end_session(token).await?;
            return Err(CommandError::NoSession);
        };
        let assurance = if continued.second_factor { Assurance::SecondFactor } else { Assurance::Password };
        let session = Session { family: Ulid(continued.family.as_u128()), assurance };
        Ok((AccountId::from(continued.account_id), session, next))
    }

    /// Ends the family of a token: at sign-out, and when a used one comes back.
    pub(super) async fn end_session(&self, token: &str) -> Result<(), CommandError> {
        sqlx::query!(
            "UPDATE refresh_tokens SET revoked_at = $2
             WHERE revoked_at IS NULL AND family = (SELECT family FROM refresh_tokens WHERE token_hash = $1)",
            &digest(token),
            self.commands.clock().now()
        )
        .execute(&self.commands.pools().platform)
        .await?;
        Ok(())
    }

    /// Ends the sessions of an account: all, or all but one.
    pub(super) async fn end_sessions(
        &self,
        account: AccountId,
        but: Option<Session>,
    ) -> Result<(), CommandError> {
        sqlx::query!(
            "UPDATE refresh_tokens SET revoked_at = $3
             WHERE account_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR family <> $2)",
            account.uuid(),
            but.map(|session| Uuid::from_u128(session.family.0)),
            self.commands.clock().now()
        )
        .execute(&self.commands.pools().platform)
        .await?;
        Ok(())
    }

    /// Notes what was shown in the sessions of an account that have not ended.
    pub(super) async fn note_assurance(
        &self,
        account: AccountId,
        assurance: Assurance,
    ) -> Result<(), CommandError> {
        sqlx::query!(
            "UPDATE refresh_tokens SET second_factor = $2 WHERE account_id = $1 AND revoked_at IS NULL",
            account.uuid(),
            assurance == Assurance::SecondFactor
        )
        .execute(&self.commands.pools().platform)
        .await?;
        Ok(())
    }
}
