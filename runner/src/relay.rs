//! Relays: how a tenant's workflows reach Slack, Jira, `ServiceNow`, mail and signed webhooks, each through the one way out.

mod ask;
mod credentials;
mod deliver;
mod effect;
mod email;
mod error;
mod exchange;
mod jira;
mod send;
mod servicenow;
mod slack;
#[cfg(test)]
mod tests;
mod trial;
mod webhook;

use std::sync::Arc;

use draxis_commands::secret::Secret;
use draxis_commands::{CommandError, Commands, Context, Permission};
use draxis_domain::relay::{Channel, RelaySettings, TestOutcome};
use draxis_event_store::Committed;

use crate::egress::Egress;
use crate::mail::Mailer;

pub use ask::{ApprovalAsk, ApprovalPage, Occasion};
pub use credentials::RelayCredentials;
pub(crate) use deliver::OpenedRelay;
pub use draxis_domain::workflow_run::EffectReference;
pub use effect::{EffectContent, EffectOutcome, EffectRequest, LookUp};
pub use error::RelayError;
use trial::Trial;

/// The relays of all tenants: what they have set up is opened for each use and forgotten after it.
#[derive(Clone)]
pub struct Relays {
    commands: Commands,
    egress: Arc<Egress>,
    mailer: Arc<Mailer>,
}

impl Relays {
    /// Relays out through the one egress client and the one mailer.
    pub fn new(commands: Commands, egress: Arc<Egress>, mailer: Arc<Mailer>) -> Self {
        Self { commands, egress, mailer }
    }

    /// Tries a relay that is set up against its far side, notes what was found, and answers with it.
    pub async fn test(&self, context: &Context, channel: Channel) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.commands.answered(tenant, context).await? {
            return Ok(before);
        }
        let (config, secret) = self.commands.open_relay(tenant, channel).await?;
        let outcome = match self.attempt(&config.settings, secret.as_ref()).await {
            Ok(()) => TestOutcome::Passed,
            Err(Trial { step, detail }) => TestOutcome::Failed { step: step.to_owned(), detail },
        };
        self.commands.record_relay_test(context, channel, outcome).await
    }

    async fn attempt(&self, settings: &RelaySettings, secret: Option<&Secret>) -> Result<(), Trial> {
        let credentials = RelayCredentials::open(secret)?;
        match settings {
            RelaySettings::Slack(slack) => slack::attempt(&self.egress, slack, credentials).await,
            RelaySettings::Jira(jira) => jira::attempt(&self.egress, jira, credentials).await,
            RelaySettings::ServiceNow(now) => servicenow::attempt(&self.egress, now, credentials).await,
            RelaySettings::Email(email) => email::attempt(&self.mailer, email, credentials).await,
            RelaySettings::Webhook(webhook) => {
                let id = format!("msg_{}", self.commands.ids().next());
                let sent = webhook::Sent { id, at: self.commands.clock().now() };
                webhook::attempt(&self.egress, webhook, credentials, &sent).await
            }
        }
    }
}
