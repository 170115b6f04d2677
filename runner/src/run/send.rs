//! Sending: an effect of the ledger with its people's addresses, to its far side, and what came of it.

use draxis_commands::CommandError;
use draxis_domain::workflow_run::{
    EffectContent, EffectId, EffectState, RunState, Seen, SendOutcome, StepSetback,
};
use draxis_domain::{Email, Name};

use crate::relay::{self, EffectOutcome, EffectRequest, LookUp, OpenedRelay};
use crate::run::drive::Worker;

impl Worker<'_> {
    /// Makes one attempt, through a relay that may have been opened just now. The ledger has said so before.
    pub(super) async fn send(
        &self,
        state: &RunState,
        effect: EffectId,
        opened: Option<OpenedRelay>,
    ) -> Result<SendOutcome, CommandError> {
        let Some(entry) = state.effects.get(&effect) else { return Ok(nobody()) };
        let Some(request) = self.request(effect, entry).await? else { return Ok(nobody()) };
        let relays = &self.runs.0.relays;
        let outcome = match opened.filter(|relay| relay.channel() == request.what.channel()) {
            Some(relay) => relays.send_through(relay, &request).await,
            None => relays.send(self.claimed.tenant, &request).await,
        };
        Ok(match outcome {
            EffectOutcome::Confirmed { reference } => SendOutcome::Confirmed(reference),
            EffectOutcome::Rejected { class, detail, retry_after, retryable } => SendOutcome::Rejected {
                setback: StepSetback { code: class.to_owned(), detail, retryable },
                retry_after: retry_after.map(|wait| wait.as_secs()),
            },
            EffectOutcome::Ambiguous { detail } => SendOutcome::Ambiguous { detail },
        })
    }

    /// Asks the far side whether an effect was done.
    pub(super) async fn look_up(&self, state: &RunState, effect: EffectId) -> Result<Seen, CommandError> {
        let Some(entry) = state.effects.get(&effect) else { return Ok(Seen::CannotKnow) };
        let Some(request) = self.request(effect, entry).await? else { return Ok(Seen::CannotKnow) };
        Ok(match self.runs.0.relays.look_up(self.claimed.tenant, &request).await {
            LookUp::Found(reference) => Seen::Found(reference),
            LookUp::NotFound => Seen::NotThere,
            LookUp::CannotKnow => Seen::CannotKnow,
            LookUp::Failed(detail) => Seen::Failed(detail),
        })
    }

    /// What the relay is asked: people by their addresses, which stand in no event. None where nobody has one any more.
    async fn request(
        &self,
        effect_id: EffectId,
        entry: &EffectState,
    ) -> Result<Option<EffectRequest>, CommandError> {
        let what = match entry.content.clone() {
            EffectContent::Email { to, subject, text } => {
                let people = self.runs.0.commands.people(&to).await?;
                let address = |person: &draxis_commands::identity::Person| {
                    Some((Name::parse(&person.name).ok(), Email::parse(&person.email).ok()?))
                };
                let to: Vec<_> = people.values().filter_map(address).collect();
                if to.is_empty() {
                    return Ok(None);
                }
                relay::EffectContent::Email { to, subject, text }
            }
            EffectContent::Jira { ticket, summary, description } => {
                relay::EffectContent::Jira { ticket, summary, description }
            }
            EffectContent::ServiceNow { ticket, summary, description } => {
                relay::EffectContent::ServiceNow { ticket, summary, description }
            }
            EffectContent::Slack { channel, text } => relay::EffectContent::Slack { channel, text },
        };
        Ok(Some(EffectRequest { effect_id, what }))
    }
}

/// Nobody is left to be written to.
fn nobody() -> SendOutcome {
    let setback = StepSetback {
        code: "step.nobody".to_owned(),
        detail: "nobody of those who were to be told has an account any more".to_owned(),
        retryable: false,
    };
    SendOutcome::Rejected { setback, retry_after: None }
}
