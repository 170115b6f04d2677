//! From an effect and an opened relay to the far side and back: one match a verb.

use chrono::{DateTime, Utc};
use draxis_domain::relay::{Channel, RelaySettings};
use draxis_domain::workflow_run::EffectId;

use super::exchange::Setback;
use super::{
    EffectContent, EffectReference, EffectRequest, LookUp, RelayCredentials, RelayError, email, jira,
    servicenow, slack, webhook,
};
use crate::egress::Egress;
use crate::mail::Mailer;

/// The ways out, and when it is.
pub(super) struct Ways<'a> {
    pub(super) egress: &'a Egress,
    pub(super) mailer: &'a Mailer,
    pub(super) at: DateTime<Utc>,
}

/// A relay as it is set up, its credentials opened for one use.
pub(crate) struct OpenedRelay {
    pub(super) settings: RelaySettings,
    pub(super) credentials: RelayCredentials,
}

impl OpenedRelay {
    /// The channel that it is of.
    pub(crate) fn channel(&self) -> Channel {
        self.settings.channel()
    }
}

impl Ways<'_> {
    /// Has an effect done.
    pub(super) async fn send(
        &self,
        relay: OpenedRelay,
        request: &EffectRequest,
    ) -> Result<EffectReference, Setback> {
        let id = &request.effect_id;
        let OpenedRelay { settings, credentials } = relay;
        match (&request.what, &settings) {
            (EffectContent::Email { to, subject, text }, RelaySettings::Email(email)) => {
                let content = email::Content { to, subject, text };
                email::send(self.mailer, (email, credentials), (id, self.at), &content).await
            }
            (EffectContent::Jira { ticket, summary, description }, RelaySettings::Jira(jira)) => {
                let door = jira::Door::try_new(jira, credentials)?;
                jira::create(self.egress, &door, id, (ticket, summary, description.as_deref())).await
            }
            (EffectContent::ServiceNow { ticket, summary, description }, RelaySettings::ServiceNow(now)) => {
                let door = servicenow::Door::try_new(now, credentials)?;
                servicenow::create(self.egress, &door, id, (ticket, summary, description.as_deref())).await
            }
            (EffectContent::Slack { channel, text }, RelaySettings::Slack(slack)) => {
                let door = slack::Door::try_new(slack, credentials)?;
                slack::post(self.egress, &door, id, (channel, text)).await
            }
            (EffectContent::Webhook { event, body }, RelaySettings::Webhook(webhook)) => {
                webhook::deliver(self.egress, (webhook, credentials), (id, self.at), (event, body)).await
            }
            (content, _) => Err(RelayError::NotSetUp { channel: content.channel() }.into()),
        }
    }

    /// Asks whether an effect was done.
    pub(super) async fn look_up(
        &self,
        relay: OpenedRelay,
        request: &EffectRequest,
    ) -> Result<LookUp, RelayError> {
        let id: &EffectId = &request.effect_id;
        let OpenedRelay { settings, credentials } = relay;
        match (&request.what, &settings) {
            (EffectContent::Jira { ticket, .. }, RelaySettings::Jira(jira)) => {
                jira::look_up(self.egress, &jira::Door::try_new(jira, credentials)?, id, ticket).await
            }
            (EffectContent::ServiceNow { ticket, .. }, RelaySettings::ServiceNow(now)) => {
                let door = servicenow::Door::try_new(now, credentials)?;
                servicenow::look_up(self.egress, &door, id, ticket).await
            }
            (EffectContent::Slack { channel, .. }, RelaySettings::Slack(slack)) => {
                slack::look_up(self.egress, &slack::Door::try_new(slack, credentials)?, id, channel).await
            }
            (EffectContent::Email { .. } | EffectContent::Webhook { .. }, _) => Ok(LookUp::CannotKnow),
            (content, _) => Err(RelayError::NotSetUp { channel: content.channel() }),
        }
    }

    /// Asks how a ticket stands.
    pub(super) async fn ticket_status(
        &self,
        relay: OpenedRelay,
        reference: &EffectReference,
    ) -> Result<String, RelayError> {
        let OpenedRelay { settings, credentials } = relay;
        match &settings {
            RelaySettings::Jira(jira) => {
                jira::status(self.egress, &jira::Door::try_new(jira, credentials)?, reference).await
            }
            RelaySettings::ServiceNow(now) => {
                let door = servicenow::Door::try_new(now, credentials)?;
                servicenow::status(self.egress, &door, reference).await
            }
            RelaySettings::Slack(_) | RelaySettings::Email(_) | RelaySettings::Webhook(_) => {
                Err(RelayError::NoStatus { channel: reference.channel })
            }
        }
    }
}

/// Whether things that go through a channel have a status.
pub(super) const fn has_status(channel: Channel) -> bool {
    match channel {
        Channel::Jira | Channel::ServiceNow => true,
        Channel::Slack | Channel::Email | Channel::Webhook => false,
    }
}
