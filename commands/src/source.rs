//! Commands on sources: what is secret goes to the vault first, and the event refers to it.

mod push_token;

use std::sync::Arc;

use draxis_domain::source::{Source, SourceBody, SourceCommand};
use draxis_domain::{Rejection, SecretId, SourceId, TenantId};
use draxis_event_store::{Answer, Committed};

pub use crate::source::push_token::{MintedPushToken, PushTokenBody, PushTokenRow};

use crate::execution::{Commands, Context, Execution};
use crate::platform::{accepted, created};
use crate::secret::Secret;
use crate::{CommandError, Guarded, Permission};

/// The kind of vault entry that a source's credentials and extra config are.
const VAULT_KIND: &str = "source";

impl Commands {
    /// Connects a source.
    pub async fn connect_source(
        &self,
        context: &Context,
        body: SourceBody,
        secret: Option<Secret>,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageSources)?;
        let secret = self.seal_for_source(context.caller.tenant()?, secret).await?;
        let id = SourceId::new(self.ids().next());
        let command = SourceCommand::Connect { id, body, secret };
        let execution = Execution::<Source> { id: id.to_string(), command, respond: Arc::new(created) };
        let done = self.on_tenant(context, execution).await;
        self.forget_unless_referred_to(context, secret, &done).await?;
        done
    }

    /// Edits a source; credentials are replaced only when they are sent.
    pub async fn edit_source(
        &self,
        context: &Context,
        id: SourceId,
        (body, secret): (SourceBody, Option<Secret>),
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageSources)?;
        let tenant = context.caller.tenant()?;
        let before = self.load::<Source>(tenant, &id.to_string()).await?.in_use().and_then(|it| it.secret);
        let secret = self.seal_for_source(tenant, secret).await?;
        let done = self.change_source(context, id, SourceCommand::Edit { body, secret }).await;
        self.forget_unless_referred_to(context, secret, &done).await?;
        let done = done?;
        if secret.is_some() && !done.repeated {
            self.forget_secret(tenant, before).await?;
        }
        Ok(done)
    }

    /// Takes a source out of use; nothing will ever be asked with its credentials again, so they are forgotten.
    pub async fn archive_source(&self, context: &Context, id: SourceId) -> Result<Committed, CommandError> {
        let tenant = context.caller.tenant()?;
        let before = self.load::<Source>(tenant, &id.to_string()).await?.in_use().and_then(|it| it.secret);
        let done = self.change_source(context, id, SourceCommand::Archive).await?;
        self.forget_secret(tenant, before).await?;
        Ok(done)
    }

    async fn forget_secret(&self, tenant: TenantId, secret: Option<SecretId>) -> Result<(), CommandError> {
        match secret {
            Some(secret) => self.vault().forget(&self.pools().app, (tenant, VAULT_KIND, secret)).await,
            None => Ok(()),
        }
    }

    /// A secret that was sealed for a command which then came to nothing is referred to by no event.
    async fn forget_unless_referred_to(
        &self,
        context: &Context,
        secret: Option<SecretId>,
        done: &Result<Committed, CommandError>,
    ) -> Result<(), CommandError> {
        // Where it is not known whether the event stands, the secret stays.
        let referred_to = match done {
            Ok(done) => !done.repeated,
            Err(error) => matches!(error, CommandError::Unknown | CommandError::Failed(_)),
        };
        match secret {
            Some(secret) if !referred_to => {
                self.vault().forget(&self.pools().app, (context.caller.tenant()?, VAULT_KIND, secret)).await
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Anything asked of a source that exists.
    pub async fn change_source(
        &self,
        context: &Context,
        id: SourceId,
        command: SourceCommand,
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(|source: &Source, id: &str| accepted(id, source.version()));
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }

    /// Ends a run with values, and records what its caller is answered.
    pub async fn end_run(
        &self,
        context: &Context,
        id: SourceId,
        (command, answer): (SourceCommand, Vec<u8>),
    ) -> Result<Committed, CommandError> {
        let respond =
            Arc::new(move |_: &Source, _: &str| Answer { status: 200, body: answer.clone(), version: None });
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }

    /// A source in use, with its opened secret, for a run.
    pub async fn open_source(
        &self,
        tenant: TenantId,
        id: SourceId,
    ) -> Result<(SourceBody, Option<Secret>), CommandError> {
        let source = self.load::<Source>(tenant, &id.to_string()).await?;
        let state = source.in_use().ok_or(Rejection::NotFound { noun: "source" })?;
        let secret = match state.secret {
            Some(secret) => self.vault().open(&self.pools().app, (tenant, VAULT_KIND, secret)).await?,
            None => None,
        };
        Ok((state.body.clone(), secret))
    }

    async fn seal_for_source(
        &self,
        tenant: TenantId,
        secret: Option<Secret>,
    ) -> Result<Option<SecretId>, CommandError> {
        let Some(secret) = secret else { return Ok(None) };
        let id = SecretId::new(self.ids().next());
        self.vault().keep(&self.pools().app, (tenant, VAULT_KIND, id), &secret).await?;
        Ok(Some(id))
    }
}

impl Guarded for SourceCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Connect { .. }
            | Self::Edit { .. }
            | Self::Pause
            | Self::Resume
            | Self::Archive
            | Self::MintPushToken { .. }
            | Self::RevokePushToken(_) => Permission::ManageSources,
            Self::ReceiveValues(_) => Permission::WriteValues,
            Self::StartRun { .. } | Self::CompleteRun { .. } | Self::FailRun { .. } => Permission::RunSources,
        }
    }
}
