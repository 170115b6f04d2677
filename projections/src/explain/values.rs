//! The values of the KRI being explained: its readings with what stands of them, and the adjustments after the latest.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use draxis_domain::kri::{Adjustment, KriEvent, stale_at};
use draxis_domain::source::Schedule;
use draxis_domain::{Actor, EventId, Quantity, RunId, Sequence, WorkflowRunId};

use crate::explain::answer::{Cause, CauseOf, Node};

/// How many readings are kept, the latest: far more than are ever withdrawn in a row.
const READINGS: usize = 256;

/// A reading and what became of it.
#[derive(Debug, Clone)]
pub(super) struct ReadingTold {
    node: Node,
    sequence: Sequence,
    pub(super) observed_at: DateTime<Utc>,
    pub(super) run_id: Option<RunId>,
    read: Quantity,
    stands: Option<Quantity>,
    expires_at: Option<DateTime<Utc>>,
    corrected: Option<Node>,
}

/// The run of a workflow that did something, where it was one.
const fn run_behind(actor: Actor) -> Option<WorkflowRunId> {
    match actor {
        Actor::WorkflowRun(run) => Some(WorkflowRunId::new(run)),
        Actor::Account(_) | Actor::ApiToken(_) | Actor::Runner | Actor::Public => None,
    }
}

/// What is known of the values.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    readings: BTreeMap<(DateTime<Utc>, Option<RunId>), ReadingTold>,
    adjustments: BTreeMap<(DateTime<Utc>, EventId), (Node, Adjustment)>,
    went_stale: BTreeMap<DateTime<Utc>, Node>,
}

impl Values {
    pub(super) fn tell(&mut self, event: &KriEvent, sequence: Sequence, node: &Node) {
        if let KriEvent::ValueRecorded(recorded) = event {
            let reading = ReadingTold {
                node: node.clone(),
                sequence,
                observed_at: recorded.observed_at,
                run_id: recorded.run_id,
                read: recorded.value,
                stands: Some(recorded.value),
                expires_at: recorded.expires_at,
                corrected: None,
            };
            self.readings.insert((recorded.observed_at, recorded.run_id), reading);
            self.forget();
        }
        if let KriEvent::ValueCorrected(corrected) = event {
            for reading in self.readings.values_mut().filter(|reading| reading.sequence == corrected.reading)
            {
                reading.stands = corrected.value;
                reading.corrected = Some(node.clone());
            }
        }
        if let KriEvent::ValueAdjusted(adjusted) = event {
            let adjustment = adjusted.adjustment.clone();
            self.adjustments
                .entry((adjustment.effective_at, adjustment.id))
                .or_insert((node.clone(), adjustment));
        }
        if let KriEvent::WentStale(stale) = event {
            self.went_stale.insert(stale.since, node.clone());
        }
    }

    /// Drops what is too old to count again.
    fn forget(&mut self) {
        if self.readings.len() > READINGS {
            self.readings.pop_first();
            if let Some(((oldest, _), _)) = self.readings.first_key_value() {
                let (oldest, last) = (*oldest, self.went_stale.len().saturating_sub(READINGS));
                self.adjustments.retain(|(effective_at, _), _| *effective_at > oldest);
                self.went_stale = std::mem::take(&mut self.went_stale).into_iter().skip(last).collect();
            }
        }
    }

    /// The reading under the value: the latest that was not withdrawn.
    pub(super) fn current(&self) -> Option<&ReadingTold> {
        self.readings.values().rev().find(|reading| reading.stands.is_some())
    }

    /// The adjustments that count, each with the value it made (hazards H12).
    fn counted(&self) -> Vec<(&Node, &Adjustment, Quantity)> {
        let Some(current) = self.current() else { return Vec::new() };
        let Some(mut value) = current.stands else { return Vec::new() };
        let later = self.adjustments.values().filter(|(_, one)| one.effective_at > current.observed_at);
        later
            .map(|(node, adjustment)| {
                value = adjustment.change.apply(value);
                (node, adjustment, value)
            })
            .collect()
    }

    /// The value.
    pub(super) fn value(&self) -> Option<Quantity> {
        let read = self.current()?.stands;
        self.counted().last().map(|(_, _, value)| *value).or(read)
    }

    /// When what the value is evidence for was true.
    pub(super) fn true_at(&self) -> Option<DateTime<Utc>> {
        let read = self.current()?.observed_at;
        Some(self.counted().last().map_or(read, |(_, adjustment, _)| adjustment.effective_at))
    }

    /// Whether anything was ever read.
    pub(super) fn is_measured(&self) -> bool {
        !self.readings.is_empty()
    }

    /// How many of the latest standing readings there are, at most that many.
    pub(super) fn standing(&self, most: usize) -> usize {
        self.readings.values().rev().filter(|reading| reading.stands.is_some()).take(most).count()
    }

    /// From when on the value may no longer stand for the present: at its expiry or by schedule, whichever comes first.
    pub(super) fn stale_at(&self, schedule: Option<Schedule>) -> Option<DateTime<Utc>> {
        let current = self.current()?;
        let due = schedule.and_then(|schedule| stale_at(current.observed_at, schedule));
        current.expires_at.into_iter().chain(due).min()
    }

    /// Names the last standing readings, as many as count, what was withdrawn in front of them, the adjustments after the
    /// latest, and what told that it is stale.
    pub(super) fn name(&self, evidence: usize, schedule: Option<Schedule>, causes: &mut Vec<Cause>) {
        let mut wanted = evidence.max(1);
        let current = self.current().map(|reading| reading.sequence);
        for reading in self.readings.values().rev() {
            reading.name(current, causes);
            if reading.stands.is_some() {
                wanted = wanted.saturating_sub(1);
            }
            if wanted == 0 {
                break;
            }
        }
        for (node, adjustment, value) in self.counted() {
            let (adjustment, run_id) = (adjustment.clone(), run_behind(node.actor));
            causes.push(Cause::new(node, CauseOf::Adjustment { adjustment, value, run_id }));
        }
        if let Some(since) = self.stale_at(schedule)
            && let Some(node) = self.went_stale.get(&since)
        {
            causes.push(Cause::new(node, CauseOf::WentStale { since }));
        }
    }
}

impl ReadingTold {
    fn name(&self, current: Option<Sequence>, causes: &mut Vec<Cause>) {
        let reading = CauseOf::Reading {
            sequence: self.sequence,
            read: self.read,
            stands: self.stands,
            observed_at: self.observed_at,
            current: current == Some(self.sequence),
        };
        causes.push(Cause::new(&self.node, reading));
        if let Some(node) = &self.corrected {
            let correction = CauseOf::Correction { reading: self.sequence, value: self.stands };
            causes.push(Cause::new(node, correction));
        }
    }
}
