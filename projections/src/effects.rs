//! Effects: what runs do outside, one row each with its attempts and what is known of it (hazards H3). People by account, never by
//! address.

use chrono::{DateTime, Utc};
use draxis_domain::relay::Channel;
use draxis_domain::workflow::StepId;
use draxis_domain::workflow_run::{
    ConfirmedBy, EffectContent, EffectId, EffectPlanned, EffectReference, OfEffect, Purpose, Verdict,
    WorkflowRunEvent,
};
use draxis_domain::{Actor, Reason, Recorded, TenantEvent, WorkflowRunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::approvals::place;
use crate::projection::Projection;
use crate::store::Table;
use crate::workflow_runs::of_run;

/// The projection of effects. Keys: `effect/<effect id>` holds the effect, `at/<position>` names it where it was planned, and
/// `of/<run id>/<position>` under its run: ids of effects say nothing of their time.
#[derive(Debug, Clone, Copy)]
pub struct Effects;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectsRow {
    /// An effect.
    Effect(Box<EffectRow>),
    /// An effect was planned here.
    Planned(EffectId),
}

/// An effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EffectRow {
    /// Its name, the same for every attempt.
    pub id: EffectId,
    /// Whose it is.
    pub run_id: WorkflowRunId,
    /// For which step.
    pub step: StepId,
    /// What for.
    pub purpose: Purpose,
    /// Through which relay.
    pub channel: Channel,
    /// What is done.
    pub content: EffectContent,
    /// What is known of it.
    pub state: EffectStanding,
    /// What was made.
    pub reference: Option<EffectReference>,
    /// How that is known.
    pub confirmed_by: Option<ConfirmedBy>,
    /// What happened last, where it did not go well.
    pub detail: Option<String>,
    /// Each time it left.
    pub attempts: Vec<EffectAttempt>,
    /// How often the far side was asked in vain.
    pub look_ups: u32,
    /// When it is asked again; none where only a person can know.
    pub look_at: Option<DateTime<Utc>>,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// What a person said of it.
    pub decision: Option<EffectDecision>,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// When that became known.
    pub updated_at: DateTime<Utc>,
}

/// What is known of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectStanding {
    /// It has not left, or surely came to nothing and is tried again.
    Planned,
    /// It is on its way.
    Sending,
    /// It was done, once.
    Confirmed,
    /// It was surely not done, and is not tried again.
    Rejected,
    /// It may have been done.
    Ambiguous,
    /// A person says that it was done.
    Decided,
}

/// One time that an effect left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EffectAttempt {
    /// Counts from 1.
    pub attempt: u32,
    /// When it left.
    pub at: DateTime<Utc>,
    /// Why it came to nothing, stable; none where it did not, or where that is not known.
    pub code: Option<String>,
    /// What happened, where it did not go well.
    pub detail: Option<String>,
}

/// What a person said of an effect that nobody else could know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EffectDecision {
    /// What they found.
    pub verdict: Verdict,
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: Option<Reason>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Which effects a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectFilter {
    /// Of which that is known.
    pub state: Option<EffectStanding>,
    /// Through this relay.
    pub channel: Option<Channel>,
    /// Of this run.
    pub run: Option<WorkflowRunId>,
}

/// What the keys of all plans begin with.
pub(crate) const PLANS: &str = "at/";

const EFFECT: &str = "effect/";
const OF: &str = "of/";

/// What the keys of one run's plans begin with.
pub(crate) fn plans_of(run: WorkflowRunId) -> String {
    format!("{OF}{run}/")
}

/// The key of an effect.
pub(crate) fn key(effect: EffectId) -> String {
    format!("{EFFECT}{effect}")
}

impl EffectFilter {
    pub(crate) fn admits(&self, effect: &EffectRow) -> bool {
        self.state.is_none_or(|state| effect.state == state)
            && self.channel.is_none_or(|channel| effect.channel == channel)
            && self.run.is_none_or(|run| effect.run_id == run)
    }
}

impl EffectStanding {
    /// What is known of an effect once an event has said something of it.
    pub(crate) const fn after(of: OfEffect<'_>) -> Self {
        match of {
            OfEffect::Sending(_) => Self::Sending,
            OfEffect::Confirmed(_) => Self::Confirmed,
            OfEffect::Rejected(rejected) if rejected.retry_at.is_none() => Self::Rejected,
            OfEffect::Planned(_) | OfEffect::Rejected(_) => Self::Planned,
            OfEffect::Ambiguous(_) => Self::Ambiguous,
            OfEffect::Decided(decided) => match decided.verdict {
                Verdict::Done { .. } => Self::Decided,
                Verdict::NotDone => Self::Planned,
            },
        }
    }
}

impl Projection for Effects {
    const TABLE: Table = Table::Effects;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = EffectsRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let Some(of) = of_effect(told) else { return Vec::new() };
        let key = key(of.effect());
        match of {
            OfEffect::Planned(_) => {
                let place = place(told.position);
                vec![key, format!("{PLANS}{place}"), format!("{OF}{}/{place}", told.aggregate_id)]
            }
            OfEffect::Sending(_)
            | OfEffect::Confirmed(_)
            | OfEffect::Rejected(_)
            | OfEffect::Ambiguous(_)
            | OfEffect::Decided(_) => vec![key],
        }
    }

    fn apply(key: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        match (of_effect(told), row) {
            (Some(OfEffect::Planned(planned)), _) if !key.starts_with(EFFECT) => {
                Some(EffectsRow::Planned(planned.effect))
            }
            (Some(OfEffect::Planned(planned)), _) => {
                let run = told.aggregate_id.parse().ok()?;
                Some(EffectsRow::Effect(Box::new(EffectRow::planned(run, planned, told.recorded_at))))
            }
            (Some(of), Some(EffectsRow::Effect(mut effect))) => {
                effect.evolve(of, told);
                Some(EffectsRow::Effect(effect))
            }
            (Some(_) | None, row) => row,
        }
    }
}

/// What an event says of an effect.
fn of_effect(told: &Recorded<TenantEvent>) -> Option<OfEffect<'_>> {
    of_run(&told.event).and_then(WorkflowRunEvent::of_effect)
}

impl EffectRow {
    fn planned(run_id: WorkflowRunId, planned: &EffectPlanned, at: DateTime<Utc>) -> Self {
        Self {
            id: planned.effect,
            run_id,
            step: planned.step.clone(),
            purpose: planned.purpose.clone(),
            channel: planned.content.channel(),
            content: planned.content.clone(),
            state: EffectStanding::Planned,
            reference: None,
            confirmed_by: None,
            detail: None,
            attempts: Vec::new(),
            look_ups: 0,
            look_at: None,
            retry_at: None,
            decision: None,
            planned_at: at,
            updated_at: at,
        }
    }

    fn evolve(&mut self, of: OfEffect<'_>, told: &Recorded<TenantEvent>) {
        self.updated_at = told.recorded_at;
        self.stand(EffectStanding::after(of));
        match of {
            OfEffect::Planned(_) => {}
            OfEffect::Sending(sending) => {
                let (attempt, at) = (sending.attempt, sending.at);
                self.attempts.push(EffectAttempt { attempt, at, code: None, detail: None });
            }
            OfEffect::Confirmed(confirmed) => {
                self.reference = Some(confirmed.reference.clone());
                self.confirmed_by = Some(confirmed.by);
            }
            OfEffect::Rejected(rejected) => {
                self.retry_at = rejected.retry_at;
                self.note((Some(&rejected.code), &rejected.detail));
            }
            OfEffect::Ambiguous(ambiguous) => {
                (self.look_ups, self.look_at) = (ambiguous.look_ups, ambiguous.look_at);
                self.note((None, &ambiguous.detail));
            }
            OfEffect::Decided(decided) => {
                let (by, reason) = (told.metadata.actor, told.metadata.reason.clone());
                let verdict = decided.verdict.clone();
                self.decision = Some(EffectDecision { verdict, by, reason, at: decided.at });
            }
        }
    }

    fn stand(&mut self, state: EffectStanding) {
        self.state = state;
        self.detail = None;
        self.look_at = None;
        self.retry_at = None;
    }

    /// What did not go well, of the effect and of its last attempt.
    fn note(&mut self, (code, detail): (Option<&String>, &str)) {
        self.detail = Some(detail.to_owned());
        if let Some(last) = self.attempts.last_mut() {
            last.code = code.cloned();
            last.detail = Some(detail.to_owned());
        }
    }
}
