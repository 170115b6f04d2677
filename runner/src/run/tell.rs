//! Telling: how people hear of a decision that they are asked for: by letter, and in Slack where the step or the lack of mail says
//! so. Each telling is an effect of its own in the ledger (hazards H3).

use draxis_commands::CommandError;
use draxis_domain::approval::{ApprovalState, Occasion, OccasionKind};
use draxis_domain::relay::{Channel, Relay, RelayConfig, RelaySettings, SlackMode, SlackSettings};
use draxis_domain::workflow::{Action, Step};
use draxis_domain::workflow_run::{EffectContent, Progress, Purpose, RunState};

use crate::relay::{self, ApprovalAsk, ApprovalPage};
use crate::run::drive::Worker;

/// A way to tell people.
enum Way {
    /// A letter to each of them.
    Letter,
    /// A post in this channel; where it is empty, in the one that the relay is bound to.
    Post(String),
}

impl Worker<'_> {
    /// The first telling that is due and has not been begun; none where everybody has been told.
    pub(super) async fn tell_next(
        &self,
        run: &RunState,
        (step, round): (&Step, u32),
        approval: &ApprovalState,
    ) -> Result<Option<Progress>, CommandError> {
        let ways = self.ways(step).await?;
        for occasion in approval.occasions() {
            for way in &ways {
                let Some(purpose) = purpose(occasion.what, round, way) else { continue };
                if run.has_told(&step.frame.id, &purpose) {
                    continue;
                }
                if let Some(content) = self.content(approval, occasion, way).await? {
                    return Ok(Some(Progress::Tell { step: step.frame.id.clone(), purpose, content }));
                }
            }
        }
        Ok(None)
    }

    /// The ways that there are now. Where the tenant has no mail, the channel that its Slack posts into by itself takes its place.
    async fn ways(&self, step: &Step) -> Result<Vec<Way>, CommandError> {
        let (commands, tenant) = (&self.runs.0.commands, self.claimed.tenant);
        let relays = commands.relays_set_up(tenant).await?;
        let named =
            if let Action::AwaitApproval(ask) = &step.action { ask.slack_channel.clone() } else { None };
        let mut ways = Vec::new();
        if relays.contains(&Channel::Email) {
            ways.push(Way::Letter);
        }
        if relays.contains(&Channel::Slack) {
            let slack: Relay = commands.load(tenant, Channel::Slack.as_str()).await?;
            let instead = || slack.config().and_then(own_channel).filter(|_| ways.is_empty());
            ways.extend(named.or_else(instead).map(Way::Post));
        }
        Ok(ways)
    }

    /// What people are told; none where there is nobody to be told.
    async fn content(
        &self,
        approval: &ApprovalState,
        occasion: &Occasion,
        way: &Way,
    ) -> Result<Option<EffectContent>, CommandError> {
        let to = self.runs.0.commands.people_to_ask(self.claimed.tenant, occasion).await?;
        if to.is_empty() {
            return Ok(None);
        }
        let asked = &approval.asked;
        let page = ApprovalPage::new(&self.runs.0.settings.public, asked.id.ulid());
        let question = if asked.plan.is_empty() {
            asked.question.clone()
        } else {
            format!("{}\n\nOnce approved:\n- {}", asked.question, asked.plan.join("\n- "))
        };
        let (occasion, due) = (in_words(occasion.what), Some(asked.due_at));
        let ask =
            ApprovalAsk { occasion, workflow: &asked.workflow_name, question: &question, due, page: &page };
        Ok(Some(match way {
            Way::Letter => {
                let (subject, text) = ask.letter();
                EffectContent::Email { to, subject, text }
            }
            Way::Post(channel) => EffectContent::Slack { channel: channel.clone(), text: ask.message() },
        }))
    }
}

/// The channel that a Slack relay posts into where nobody names one: an incoming webhook is bound to one.
fn own_channel(config: &RelayConfig) -> Option<String> {
    match &config.settings {
        RelaySettings::Slack(SlackSettings { mode: SlackMode::Webhook, .. }) => Some(String::new()),
        RelaySettings::Slack(bot) => bot.default_channel.clone(),
        RelaySettings::Jira(_)
        | RelaySettings::ServiceNow(_)
        | RelaySettings::Email(_)
        | RelaySettings::Webhook(_) => None,
    }
}

const fn in_words(what: OccasionKind) -> relay::Occasion {
    match what {
        OccasionKind::Asked => relay::Occasion::Asked,
        OccasionKind::Reminded { .. } => relay::Occasion::Reminded,
        OccasionKind::Escalated => relay::Occasion::Escalated,
        OccasionKind::Delegated { .. } => relay::Occasion::Delegated,
    }
}

/// What a telling is for. That one has been handed somebody's say is for that one alone: it stands in no channel.
const fn purpose(what: OccasionKind, round: u32, way: &Way) -> Option<Purpose> {
    let in_slack = matches!(way, Way::Post(_));
    Some(match what {
        OccasionKind::Asked => Purpose::Ask { round, in_slack },
        OccasionKind::Reminded { count } => Purpose::Remind { round, count, in_slack },
        OccasionKind::Escalated => Purpose::Escalate { round, in_slack },
        OccasionKind::Delegated { .. } if in_slack => return None,
        OccasionKind::Delegated { count } => Purpose::Delegate { round, count },
    })
}
