//! Second factors: time-based codes (RFC 6238) and the recovery codes that stand in for them. The secret is sealed in the vault.

mod code;
mod recovery;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use data_encoding::BASE32_NOPAD;
use draxis_domain::account::{Account, AccountCommand};
use draxis_domain::{AccountId, Rejection, SecretId, TenantId};
use serde::Serialize;
use zeroize::Zeroizing;

pub use crate::identity::second_factor::code::Code;

use crate::identity::account::nothing;
use crate::identity::{AccessToken, Identity, SignedIn, random_bytes};
use crate::secret::Secret;
use crate::{Assurance, Caller, CommandError, Context, Execution, Session};

/// The kind of vault entry that a second factor's secret is.
const VAULT_KIND: &str = "second_factor";
/// How many wrong codes one account takes within the window, from wherever they come: its million codes are not to be tried
/// through by many addresses that each stay within their own limit.
const MOST_TRIES: i32 = 10;
const WINDOW: Duration = Duration::minutes(15);

/// What an authenticator app is to be told, this once. It has no `Debug`: it holds the secret.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Enrollment {
    /// The secret, in base32.
    pub secret: String,
    /// The same as an address that apps read, such as from a QR code.
    pub otpauth_url: String,
}

/// A second factor that works, this once. It has no `Debug`: it holds the recovery codes.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Enrolled {
    /// Each lets somebody in once who has lost their second factor.
    pub recovery_codes: Vec<String>,
    /// A token of the same session, which has now shown both.
    #[serde(flatten)]
    pub access: AccessToken,
}

impl Identity {
    /// Makes a secret for somebody's authenticator app. It counts for nothing until a code of it has been shown.
    pub async fn begin_enrollment(&self, caller: &Caller) -> Result<Enrollment, CommandError> {
        let id = caller.person()?;
        must_be_without(&self.account(id).await?)?;
        let pool = &self.commands.pools().platform;
        let email = sqlx::query_scalar!("SELECT email FROM accounts WHERE id = $1", id.uuid())
            .fetch_optional(pool)
            .await?
            .ok_or(CommandError::NoSession)?;
        let random = Zeroizing::new(random_bytes::<20>()?);
        let secret = Secret::new(BASE32_NOPAD.encode(random.as_slice()));
        let enrollment = code::enrollment(&secret, &email)?;
        let secret_id = SecretId::new(self.commands.ids().next());
        let place = (TenantId::PLATFORM, VAULT_KIND, secret_id);
        self.commands.vault().keep(&self.commands.pools().app, place, &secret).await?;
        let before = self.pending(id).await?;
        sqlx::query!(
            "INSERT INTO second_factors (account_id, secret_id, last_step, tries, tries_since) VALUES ($1, $2, 0, 0, $3)
             ON CONFLICT (account_id) DO UPDATE SET secret_id = excluded.secret_id",
            id.uuid(),
            secret_id.uuid(),
            self.commands.clock().now()
        )
        .execute(pool)
        .await?;
        self.forget_factor(before).await?;
        Ok(enrollment)
    }

    /// Takes a second factor into use once a code of it has been shown. The session it was shown in goes on; every other one
    /// has not shown it, and ends.
    pub async fn confirm_enrollment(
        &self,
        context: &Context,
        code: Secret,
    ) -> Result<Enrolled, CommandError> {
        let id = context.caller.person()?;
        must_be_without(&self.account(id).await?)?;
        let secret_id = self.pending(id).await?.ok_or_else(|| {
            Rejection::conflict(
                "mfa.not_begun",
                "begin with POST /api/auth/mfa/enroll, then send a code of it",
            )
        })?;
        self.must_show(context, (id, secret_id), Code::Time(code)).await?;
        let recovery_codes = self.make_recovery_codes(id).await?;
        self.tell_account(context, id, AccountCommand::EnrollSecondFactor { secret_id }).await?;
        let session = context.caller.session;
        self.end_sessions(id, session).await?;
        self.note_assurance(id, Assurance::SecondFactor).await?;
        let session = session.map(|it| Session { assurance: Assurance::SecondFactor, ..it });
        let access = self.widest_token(id, &self.account(id).await?, session).await?;
        Ok(Enrolled { recovery_codes, access })
    }

    /// Signs in whoever has shown their password a short while ago, and now their second factor.
    pub async fn answer_challenge(
        &self,
        context: &Context,
        challenge: &str,
        code: Code,
    ) -> Result<SignedIn, CommandError> {
        let id = self.challenged(challenge)?;
        self.sign_in(context, id, Some(code)).await
    }

    /// Takes a second factor out of use, for whoever shows both.
    pub async fn disable_second_factor(
        &self,
        context: &Context,
        (password, code): (Secret, Code),
    ) -> Result<(), CommandError> {
        let id = context.caller.person()?;
        let pool = &self.commands.pools().platform;
        let stored = sqlx::query_scalar!("SELECT password_hash FROM accounts WHERE id = $1", id.uuid())
            .fetch_optional(pool)
            .await?;
        if !self.hasher.verify(password, stored).await? {
            return Err(CommandError::WrongCredentials);
        }
        let Some(secret_id) = self.account(id).await?.second_factor() else { return Ok(()) };
        self.must_show(context, (id, secret_id), code).await?;
        self.tell_account(context, id, AccountCommand::DisableSecondFactor).await?;
        self.note_assurance(id, Assurance::Password).await?;
        self.forget_recovery_codes(id).await?;
        sqlx::query!("DELETE FROM second_factors WHERE account_id = $1", id.uuid()).execute(pool).await?;
        self.forget_factor(Some(secret_id)).await
    }

    /// Refuses whoever cannot show the second factor. What was shown once is never shown again.
    pub(super) async fn must_show(
        &self,
        context: &Context,
        (id, secret_id): (AccountId, SecretId),
        code: Code,
    ) -> Result<(), CommandError> {
        let now = self.commands.clock().now();
        self.count_try(id, now).await?;
        match code {
            Code::Time(code) => self.use_code((id, secret_id), &code, now).await?,
            Code::Recovery(code) => {
                let left = self.use_recovery_code(id, &code, now).await?;
                self.tell_account(context, id, AccountCommand::UseRecoveryCode { left }).await?;
            }
        }
        sqlx::query!("UPDATE second_factors SET tries = 0 WHERE account_id = $1", id.uuid())
            .execute(&self.commands.pools().platform)
            .await?;
        Ok(())
    }

    /// One conditional statement decides who uses a code, whoever races (hazards A3).
    async fn use_code(
        &self,
        (id, secret_id): (AccountId, SecretId),
        code: &Secret,
        now: DateTime<Utc>,
    ) -> Result<(), CommandError> {
        let place = (TenantId::PLATFORM, VAULT_KIND, secret_id);
        let secret = self.commands.vault().open(&self.commands.pools().app, place).await?;
        let step = code::step_of(&secret.ok_or(CommandError::WrongCode)?, code, now)?;
        let used = sqlx::query!(
            "UPDATE second_factors SET last_step = $2 WHERE account_id = $1 AND last_step < $2",
            id.uuid(),
            step.ok_or(CommandError::WrongCode)?
        )
        .execute(&self.commands.pools().platform)
        .await?;
        if used.rows_affected() == 1 { Ok(()) } else { Err(CommandError::WrongCode) }
    }

    /// Counts before it looks, so that a flood in parallel gets no further than one in turn.
    async fn count_try(&self, id: AccountId, now: DateTime<Utc>) -> Result<(), CommandError> {
        let counted = sqlx::query!(
            "UPDATE second_factors SET tries = CASE WHEN tries_since <= $2 THEN 1 ELSE tries + 1 END,
                                       tries_since = CASE WHEN tries_since <= $2 THEN $3 ELSE tries_since END
             WHERE account_id = $1 AND (tries < $4 OR tries_since <= $2)",
            id.uuid(),
            now - WINDOW,
            now,
            MOST_TRIES
        )
        .execute(&self.commands.pools().platform)
        .await?;
        if counted.rows_affected() == 1 { Ok(()) } else { Err(CommandError::TooManyCodes) }
    }

    async fn pending(&self, id: AccountId) -> Result<Option<SecretId>, CommandError> {
        let pending =
            sqlx::query_scalar!("SELECT secret_id FROM second_factors WHERE account_id = $1", id.uuid())
                .fetch_optional(&self.commands.pools().platform)
                .await?;
        Ok(pending.map(SecretId::from))
    }

    async fn forget_factor(&self, secret_id: Option<SecretId>) -> Result<(), CommandError> {
        let Some(secret_id) = secret_id else { return Ok(()) };
        let place = (TenantId::PLATFORM, VAULT_KIND, secret_id);
        self.commands.vault().forget(&self.commands.pools().app, place).await
    }

    /// What a person does with their own account, whoever the request comes from so far.
    async fn tell_account(
        &self,
        context: &Context,
        id: AccountId,
        command: AccountCommand,
    ) -> Result<(), CommandError> {
        let caller = Caller { actor: draxis_domain::Actor::Account(id), ..Caller::public() };
        let context = Context { request: context.request.clone(), ..Context::of(caller) };
        let execution = Execution::<Account> { id: id.to_string(), command, respond: Arc::new(nothing) };
        self.commands.on_platform(&context, execution).await.map(drop)
    }
}

fn must_be_without(account: &Account) -> Result<(), Rejection> {
    match account.second_factor() {
        None => Ok(()),
        Some(_) => Err(Rejection::conflict(
            "mfa.enrolled",
            "a second factor is enrolled already; disable it before you enroll another one",
        )),
    }
}
