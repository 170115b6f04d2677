//! Commands on previews: links that show one workflow once (hazards H10). A link's token is random and kept nowhere; its hash
//! says which preview is meant, and the preview's own events decide who sees it.

mod sweep;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Duration, Utc};
use draxis_domain::preview::{Preview, PreviewCommand, PreviewStanding, PreviewState};
use draxis_domain::workflow::Workflow;
use draxis_domain::{Description, PreviewId, Rejection, SecretId, TenantId, WorkflowId};
use draxis_event_store::{Answer, Committed, head};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::execution::{Commands, Context, Execution};
use crate::identity::random_bytes;
use crate::platform::accepted;
use crate::secret::Secret;
use crate::{Caller, CommandError, Guarded, Permission};

/// The kind of vault entry that a token is, while its minting can be asked for again under its idempotency key.
const SEALED_KIND: &str = "preview_token";

/// How often a look at a preview is tried again after others kept winning: one race may be as wide as a mail's recipients.
const PATIENCE: usize = 64;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct NewPreview {
    /// How many hours it can be looked at.
    pub expires_in_hours: u32,
    /// Whom it is for.
    pub note: Option<Description>,
}

/// A preview as whoever minted it sees it, once. It has no `Debug`: it holds the token.
pub struct MintedPreview {
    /// Its id.
    pub id: PreviewId,
    /// The token of its link.
    pub token: String,
    /// Until when it can be looked at.
    pub expires_at: DateTime<Utc>,
    /// What the command came to.
    pub done: Committed,
}

/// A minted preview's answer as it is recorded: the token lies in the vault.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    id: PreviewId,
    expires_at: DateTime<Utc>,
}

/// A preview that somebody holds the token of.
#[derive(Debug, Clone)]
pub struct FoundPreview {
    /// The tenant whose workflow it shows.
    pub tenant: TenantId,
    /// The preview.
    pub id: PreviewId,
    /// What it is.
    pub state: PreviewState,
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Commands {
    /// Mints a preview of a workflow as it stands now.
    pub async fn mint_preview(
        &self,
        context: &Context,
        workflow_id: WorkflowId,
        asked: NewPreview,
    ) -> Result<MintedPreview, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return self.minted_before(tenant, before).await;
        }
        if self.load::<Workflow>(tenant, &workflow_id.to_string()).await?.state().is_none() {
            return Err(Rejection::NotFound { noun: "workflow" }.into());
        }
        let position = head(&self.pools().app, tenant).await?;
        let id = PreviewId::new(self.ids().next());
        let token = Secret::new(BASE64.encode(random_bytes::<32>()?));
        let NewPreview { expires_in_hours, note } = asked;
        self.keep_hash(&token, (tenant, id), expires_in_hours).await?;
        if context.key.is_some() {
            self.vault().keep(&self.pools().app, token_of(tenant, id), &token).await?;
        }
        let command = PreviewCommand::Mint { id, workflow_id, position, expires_in_hours, note };
        let respond = Arc::new(move |preview: &Preview, _: &str| {
            let expires_at = state_of(preview).map_or(DateTime::UNIX_EPOCH, |state| state.minted.expires_at);
            let body = json!(Recorded { id, expires_at }).to_string();
            Answer { status: 201, body: body.into_bytes(), version: None }
        });
        let done = self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await?;
        if done.repeated { self.minted_before(tenant, done).await } else { minted(done, &token) }
    }

    /// The preview that was minted under the same key, for as long as its link is known.
    async fn minted_before(&self, tenant: TenantId, done: Committed) -> Result<MintedPreview, CommandError> {
        let recorded: Recorded = serde_json::from_slice(&done.answer.body).map_err(CommandError::failed)?;
        let token = self.vault().open(&self.pools().app, token_of(tenant, recorded.id)).await?;
        minted(done, &token.ok_or(CommandError::Gone)?)
    }

    /// Takes a preview of that workflow back.
    pub async fn revoke_preview(
        &self,
        context: &Context,
        (workflow_id, id): (WorkflowId, PreviewId),
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let preview = self.load::<Preview>(context.caller.tenant()?, &id.to_string()).await?;
        if state_of(&preview).is_none_or(|state| state.minted.workflow_id != workflow_id) {
            return Err(Rejection::NotFound { noun: "preview" }.into());
        }
        let respond = Arc::new(|_: &Preview, id: &str| Answer { version: None, ..accepted(id, 1) });
        let execution = Execution { id: id.to_string(), command: PreviewCommand::Revoke, respond };
        self.on_tenant(context, execution).await
    }

    /// The preview that a token is of.
    pub async fn find_preview(&self, token: &str) -> Result<FoundPreview, CommandError> {
        let row = sqlx::query!(
            "SELECT stream, preview_id FROM preview_tokens WHERE token_hash = $1",
            &digest(token)
        )
        .fetch_optional(&self.pools().platform)
        .await?
        .ok_or(CommandError::Gone)?;
        let (tenant, id) = (TenantId::from(row.stream), PreviewId::from(row.preview_id));
        match self.load::<Preview>(tenant, &id.to_string()).await? {
            Preview::Minted(state) => Ok(FoundPreview { tenant, id, state }),
            // Its minting was refused or cut off: there is no such link.
            Preview::Absent => Err(CommandError::Gone),
        }
    }

    /// Looks at a preview: the first who comes in time sees it, whoever comes after is told that it is gone. Which of two
    /// that is, is decided where their events are appended.
    pub async fn view_preview(
        &self,
        preview: &FoundPreview,
        request: Option<String>,
    ) -> Result<Committed, CommandError> {
        let context = Context { request, ..Context::of(Caller::visitor(preview.tenant)) };
        let id = preview.id.to_string();
        for _ in 0..PATIENCE {
            let respond = Arc::new(seen_or_gone);
            let execution = Execution { id: id.clone(), command: PreviewCommand::View, respond };
            let done = match self.on_tenant::<Preview>(&context, execution).await {
                Err(CommandError::Contended) => continue,
                done => done?,
            };
            // Without an event of one's own it was somebody else who saw it.
            let seen = done.answer.status == 200 && !done.events.is_empty();
            return if seen { Ok(done) } else { Err(CommandError::Gone) };
        }
        Err(CommandError::Contended)
    }

    async fn keep_hash(
        &self,
        token: &Secret,
        (tenant, id): (TenantId, PreviewId),
        hours: u32,
    ) -> Result<(), CommandError> {
        // What the rule will refuse is kept no longer than what it takes.
        let lifetime = Duration::hours(i64::from(hours.min(Preview::LONGEST_HOURS)));
        sqlx::query!(
            "INSERT INTO preview_tokens (token_hash, stream, preview_id, expires_at) VALUES ($1, $2, $3, $4)",
            &digest(token.expose()),
            tenant.uuid(),
            id.uuid(),
            self.clock().now() + lifetime
        )
        .execute(&self.pools().platform)
        .await?;
        Ok(())
    }
}

/// Where a preview's token lies sealed.
const fn token_of(tenant: TenantId, id: PreviewId) -> (TenantId, &'static str, SecretId) {
    (tenant, SEALED_KIND, SecretId::new(id.ulid()))
}

fn minted(done: Committed, token: &Secret) -> Result<MintedPreview, CommandError> {
    let Recorded { id, expires_at } =
        serde_json::from_slice(&done.answer.body).map_err(CommandError::failed)?;
    Ok(MintedPreview { id, token: token.expose().to_owned(), expires_at, done })
}

const fn state_of(preview: &Preview) -> Option<&PreviewState> {
    match preview {
        Preview::Minted(state) => Some(state),
        Preview::Absent => None,
    }
}

/// A view leaves no miss behind: misses are only counted once nothing is to be seen any more.
fn seen_or_gone(preview: &Preview, _: &str) -> Answer {
    let seen =
        state_of(preview).is_some_and(|state| state.standing == PreviewStanding::Viewed && state.misses == 0);
    Answer { status: if seen { 200 } else { 410 }, body: Vec::new(), version: None }
}

impl Guarded for PreviewCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Mint { .. } | Self::Revoke => Permission::ManageWorkflows,
            Self::View => Permission::Open,
        }
    }
}
