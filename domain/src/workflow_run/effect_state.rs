//! One effect of a run's ledger, and what each event makes of it (hazards H3).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::relay::Channel;
use crate::workflow::StepId;
use crate::workflow_run::{EffectContent, EffectId, EffectReference, OfEffect, Purpose, RunState, Verdict};

/// One effect in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectState {
    /// For which step.
    pub step: StepId,
    /// What for.
    pub purpose: Purpose,
    /// What is done.
    pub content: EffectContent,
    /// How often it was sent.
    pub attempts: u32,
    /// What is known of it.
    pub known: Known,
}

/// What is known of an effect (hazards H3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Known {
    /// It has not left, or surely came to nothing, and leaves not before then.
    Planned(DateTime<Utc>),
    /// It is on its way.
    Sending {
        /// Since when.
        at: DateTime<Utc>,
        /// When its sender is taken for dead.
        lost_at: DateTime<Utc>,
        /// Who sends it.
        fence: i64,
    },
    /// It was done.
    Confirmed(EffectReference),
    /// It was surely not done, and is not tried again.
    Rejected,
    /// It may have been done.
    Ambiguous {
        /// Since when.
        since: DateTime<Utc>,
        /// How often the far side has been asked.
        look_ups: u32,
        /// When it is asked again; none where only a person can know.
        look_at: Option<DateTime<Utc>>,
    },
}

impl RunState {
    pub(super) fn evolve_effect(&mut self, of: OfEffect<'_>) {
        match of {
            OfEffect::Planned(planned) => {
                let known = Known::Planned(DateTime::UNIX_EPOCH);
                let (step, purpose, content) =
                    (planned.step.clone(), planned.purpose.clone(), planned.content.clone());
                let entry = EffectState { step, purpose, content, attempts: 0, known };
                self.effects.insert(planned.effect, entry);
            }
            OfEffect::Sending(sending) => {
                self.fence = self.fence.max(sending.fence);
                if let Some(effect) = self.effects.get_mut(&sending.effect) {
                    effect.attempts = sending.attempt;
                    let (at, lost_at, fence) = (sending.at, sending.lost_at, sending.fence);
                    effect.known = Known::Sending { at, lost_at, fence };
                }
            }
            OfEffect::Confirmed(confirmed) => {
                self.know(confirmed.effect, Known::Confirmed(confirmed.reference.clone()));
            }
            OfEffect::Rejected(rejected) => {
                self.know(rejected.effect, rejected.retry_at.map_or(Known::Rejected, Known::Planned));
            }
            OfEffect::Ambiguous(ambiguous) => {
                self.fence = self.fence.max(ambiguous.fence);
                if let Some(effect) = self.effects.get_mut(&ambiguous.effect) {
                    effect.doubt(ambiguous.look_ups, ambiguous.look_at);
                }
            }
            OfEffect::Decided(decided) => {
                if let Some(effect) = self.effects.get_mut(&decided.effect) {
                    effect.known = match &decided.verdict {
                        Verdict::Done { name } => Known::Confirmed(effect.seen_by_a_person(name.clone())),
                        Verdict::NotDone => Known::Planned(decided.at),
                    };
                }
            }
        }
    }

    /// What a step does outside has its turn anew, where it surely came to nothing; where that is not known, the far side is
    /// asked once more.
    pub(super) fn try_effect_again(&mut self, step: &StepId, at: DateTime<Utc>) {
        let id = self.effect_id(step, &Purpose::Step);
        if let Some(effect) = self.effects.get_mut(&id) {
            match &mut effect.known {
                Known::Rejected => {
                    effect.attempts = 0;
                    effect.known = Known::Planned(at);
                }
                Known::Ambiguous { look_ups, look_at, .. } => {
                    *look_ups = 0;
                    *look_at = Some(at);
                }
                Known::Planned(_) | Known::Sending { .. } | Known::Confirmed(_) => {}
            }
        }
    }

    fn know(&mut self, effect: EffectId, known: Known) {
        if let Some(effect) = self.effects.get_mut(&effect) {
            effect.known = known;
        }
    }
}

impl EffectState {
    fn doubt(&mut self, look_ups: u32, look_at: Option<DateTime<Utc>>) {
        let since = match &self.known {
            Known::Sending { at, .. } | Known::Planned(at) | Known::Ambiguous { since: at, .. } => *at,
            Known::Confirmed(_) | Known::Rejected => return,
        };
        self.known = Known::Ambiguous { since, look_ups, look_at };
    }

    fn seen_by_a_person(&self, name: Option<String>) -> EffectReference {
        let channel: Channel = self.content.channel();
        let name = name.unwrap_or_else(|| "confirmed by a person".to_owned());
        EffectReference { channel, id: name.clone(), name, url: None }
    }
}
