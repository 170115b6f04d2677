//! Commands on risks.

use std::sync::Arc;

use draxis_domain::risk::{Risk, RiskBody, RiskCommand};
use draxis_domain::{RiskId, TenantId};
use draxis_event_store::Committed;

use crate::execution::{Commands, Context, Execution};
use crate::outcome::missing_link;
use crate::platform::{accepted, created};
use crate::{CommandError, Guarded, Permission};

impl Commands {
    /// Brings a risk into being.
    pub async fn define_risk(&self, context: &Context, body: RiskBody) -> Result<Committed, CommandError> {
        let held = self.risk_links_must_hold(context.caller.tenant()?, &body).await;
        let id = RiskId::new(self.ids().next());
        let context = context.clone().because(body.reason.clone());
        let command = RiskCommand::Define { id, body: Box::new(body) };
        let execution = Execution::<Risk> { id: id.to_string(), command, respond: Arc::new(created) };
        self.on_tenant_if(&context, held, execution).await
    }

    /// Edits, archives, links: anything asked of a risk that exists.
    pub async fn change_risk(
        &self,
        context: &Context,
        id: RiskId,
        command: RiskCommand,
    ) -> Result<Committed, CommandError> {
        let tenant = context.caller.tenant()?;
        let held = match &command {
            RiskCommand::Edit { body } => self.risk_links_must_hold(tenant, body).await,
            RiskCommand::LinkOutcome(outcome) => {
                self.outcome_must_be_in_use(tenant, *outcome, "/outcomeIds").await
            }
            RiskCommand::LinkControl(control) => self.control_must_be_in_use(tenant, *control).await,
            RiskCommand::Define { .. }
            | RiskCommand::UnlinkControl(_)
            | RiskCommand::UnlinkOutcome(_)
            | RiskCommand::Archive => Ok(()),
        };
        let respond = Arc::new(|risk: &Risk, id: &str| accepted(id, risk.version()));
        self.on_tenant_if(context, held, Execution { id: id.to_string(), command, respond }).await
    }

    /// Refuses a link to a risk that is not there or no longer in use.
    pub(crate) async fn risk_must_be_in_use(&self, tenant: TenantId, id: RiskId) -> Result<(), CommandError> {
        match self.load::<Risk>(tenant, &id.to_string()).await? {
            Risk::Present(state) if !state.archived => Ok(()),
            Risk::Absent | Risk::Present(_) => Err(missing_link("risk", "/riskIds")),
        }
    }

    async fn risk_links_must_hold(&self, tenant: TenantId, body: &RiskBody) -> Result<(), CommandError> {
        for outcome in &body.outcome_ids {
            self.outcome_must_be_in_use(tenant, *outcome, "/outcomeIds").await?;
        }
        for control in &body.control_ids {
            self.control_must_be_in_use(tenant, *control).await?;
        }
        self.owner_must_be_member(tenant, body.owner).await
    }
}

impl Guarded for RiskCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Define { .. }
            | Self::Edit { .. }
            | Self::LinkControl(_)
            | Self::UnlinkControl(_)
            | Self::LinkOutcome(_)
            | Self::UnlinkOutcome(_)
            | Self::Archive => Permission::ManageRiskModel,
        }
    }
}
