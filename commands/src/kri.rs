//! Commands on KRIs: definitions with their links checked, manual values, and what a run has read.

mod correct;

use std::sync::Arc;

use draxis_domain::kri::{BreachCommand, Kri, KriBody, KriCommand, ReadingBody};
use draxis_domain::source::{Schedule, Source};
use draxis_domain::{KriId, KriSlug, SourceId, TenantId};
use draxis_event_store::{Committed, TenantTx, claim_owner};

use crate::execution::{Commands, Context, Execution, Responder};
use crate::outcome::missing_link;
use crate::platform::{accepted, created};
use crate::{CommandError, Guarded, Permission};

impl Commands {
    /// Brings a KRI into being.
    pub async fn define_kri(&self, context: &Context, body: KriBody) -> Result<Committed, CommandError> {
        let links = self.kri_links_must_hold(context.caller.tenant()?, &body).await;
        let schedule = links.as_ref().copied().unwrap_or_default();
        let id = KriId::new(self.ids().next());
        let context = context.clone().because(body.reason.clone());
        let command = KriCommand::Define { id, body: Box::new(body), schedule };
        let execution = Execution::<Kri> { id: id.to_string(), command, respond: Arc::new(created) };
        self.on_tenant_if(&context, links.map(drop), execution).await
    }

    /// Edits a KRI; its current value is judged again at once.
    pub async fn edit_kri(
        &self,
        context: &Context,
        id: KriId,
        body: KriBody,
    ) -> Result<Committed, CommandError> {
        let links = self.kri_links_must_hold(context.caller.tenant()?, &body).await;
        let schedule = links.as_ref().copied().unwrap_or_default();
        let context = context.clone().because(body.reason.clone());
        let command = KriCommand::Edit { body: Box::new(body), schedule };
        let execution = Execution { id: id.to_string(), command, respond: changed() };
        self.on_tenant_if(&context, links.map(drop), execution).await
    }

    /// Writes a manual value.
    pub async fn enter_value(
        &self,
        context: &Context,
        id: KriId,
        body: ReadingBody,
    ) -> Result<Committed, CommandError> {
        let context = context.clone().because(body.reason.clone());
        let reading = body.entered_at(self.clock().now());
        self.change_kri(&context, id, KriCommand::RecordReading(reading)).await
    }

    /// Anything asked of a KRI that exists.
    pub async fn change_kri(
        &self,
        context: &Context,
        id: KriId,
        command: KriCommand,
    ) -> Result<Committed, CommandError> {
        let tenant = context.caller.tenant()?;
        let held = if let KriCommand::LinkRisk(risk) = &command {
            self.risk_must_be_in_use(tenant, *risk).await
        } else if let KriCommand::Breach { command: BreachCommand::Assign(owner), .. } = &command {
            self.owner_must_be_member(tenant, *owner).await
        } else {
            Ok(())
        };
        let execution = Execution { id: id.to_string(), command, respond: changed() };
        self.on_tenant_if(context, held, execution).await
    }

    /// The KRIs of these slugs, each where the tenant has wired it to that source (product.md section 2). The slugs' claims in
    /// the log say which they are, and are looked up in one transaction.
    pub async fn wired_kris(
        &self,
        tenant: TenantId,
        source: SourceId,
        slugs: &[KriSlug],
    ) -> Result<Vec<Option<KriId>>, CommandError> {
        let mut owners = Vec::with_capacity(slugs.len());
        if !slugs.is_empty() {
            let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
            for slug in slugs {
                owners.push(claim_owner(&mut transaction, Kri::SLUG_CLAIM, slug.as_str()).await?);
            }
        }
        let mut wired = Vec::with_capacity(slugs.len());
        for owner in owners {
            wired.push(self.if_wired(tenant, source, owner).await?);
        }
        Ok(wired)
    }

    async fn if_wired(
        &self,
        tenant: TenantId,
        source: SourceId,
        owner: Option<String>,
    ) -> Result<Option<KriId>, CommandError> {
        let Some(id) = owner.and_then(|id| id.parse::<KriId>().ok()) else { return Ok(None) };
        let kri = self.load::<Kri>(tenant, &id.to_string()).await?;
        Ok(kri.in_use().is_some_and(|kri| kri.body.source_id == Some(source)).then_some(id))
    }

    /// Checks every link of a KRI's body and its owner, and finds the schedule that its freshness hangs on.
    async fn kri_links_must_hold(
        &self,
        tenant: TenantId,
        body: &KriBody,
    ) -> Result<Option<Schedule>, CommandError> {
        for risk in &body.risk_ids {
            self.risk_must_be_in_use(tenant, *risk).await?;
        }
        if let Some(outcome) = body.outcome_id {
            self.outcome_must_be_in_use(tenant, outcome, "/outcomeId").await?;
        }
        self.owner_must_be_member(tenant, body.owner).await?;
        let Some(source) = body.source_id else { return Ok(None) };
        let source = self.load::<Source>(tenant, &source.to_string()).await?;
        let in_use = source.in_use().ok_or_else(|| missing_link("source", "/sourceId"))?;
        Ok(Some(in_use.body.schedule))
    }
}

/// The answer to what was asked of a KRI that exists.
fn changed() -> Responder<Kri> {
    Arc::new(|kri, id| accepted(id, kri.version()))
}

impl Guarded for KriCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Define { .. }
            | Self::Edit { .. }
            | Self::Archive
            | Self::LinkRisk(_)
            | Self::UnlinkRisk(_)
            | Self::Reschedule(_) => Permission::ManageRiskModel,
            Self::RecordReading(_)
            | Self::Adjust(_)
            | Self::Correct { .. }
            | Self::MarkStale
            | Self::CloseBreach { .. } => Permission::WriteValues,
            Self::Breach { command, .. } => command.permission(),
        }
    }
}

impl Guarded for BreachCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Acknowledge
            | Self::Assign(_)
            | Self::Comment(_)
            | Self::Snooze { .. }
            | Self::Wake
            | Self::SnoozeOver { .. }
            | Self::Close => Permission::WriteValues,
        }
    }
}
