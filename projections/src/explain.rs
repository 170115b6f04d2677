//! Explaining a KRI: the chain of events behind its value and its colour, and why something that could have followed did not.
//!
//! A pure fold of events, which recomputes from them instead of trusting what they say of each other: what is named is what it
//! hangs on. Take a named event out of the log and the explanation is another; take out any other and it is the same.

mod answer;
mod episode;
mod values;
mod why_not;
mod workflows;

use chrono::{DateTime, Utc};
use draxis_domain::kri::{KriBody, KriEvent, Status};
use draxis_domain::source::{Schedule, SourceEvent};
use draxis_domain::{EventSet, KriId, Recorded, RunId, TenantEvent};

pub use answer::{Cause, CauseOf, Explanation, Node, OpenBreach, WhyNot};

use episode::Episodes;
use values::Values;
use workflows::Workflows;

/// A KRI being explained: events go in, in order.
#[derive(Debug, Clone)]
pub struct Explaining {
    kri: KriId,
    /// Its id, as events name their aggregate.
    key: String,
    definition: Option<Definition>,
    archived: Option<Node>,
    values: Values,
    runs: Vec<(RunId, Node)>,
    episodes: Episodes,
    workflows: Workflows,
}

/// What the KRI is, and who made it so.
#[derive(Debug, Clone)]
struct Definition {
    defined: Node,
    edited: Option<Node>,
    body: KriBody,
    version: u64,
    schedule: Option<Schedule>,
    rescheduled: Option<Node>,
}

impl Explaining {
    /// Nothing is known of the KRI yet.
    pub fn new(kri: KriId) -> Self {
        Self {
            kri,
            key: kri.to_string(),
            definition: None,
            archived: None,
            values: Values::default(),
            runs: Vec::new(),
            episodes: Episodes::default(),
            workflows: Workflows::default(),
        }
    }

    /// Takes the next event; one that concerns neither the KRI nor what it sets off is passed over.
    pub fn tell(&mut self, told: &Recorded<TenantEvent>) {
        if let TenantEvent::Kri(event) = &told.event
            && told.aggregate_id == self.key
        {
            self.tell_kri(event, told);
        }
        if let TenantEvent::Source(event @ SourceEvent::RunStarted(started)) = &told.event {
            self.runs.push((started.run_id, Node::of(told, event.wire_type())));
        }
        if let TenantEvent::Workflow(event) = &told.event {
            self.workflows.tell(self.kri, event, told);
        }
    }

    fn tell_kri(&mut self, event: &KriEvent, told: &Recorded<TenantEvent>) {
        let node = Node::of(told, event.wire_type());
        if let KriEvent::Defined(defined) = event {
            self.definition = Some(Definition {
                defined: node.clone(),
                edited: None,
                body: defined.body.clone(),
                version: 1,
                schedule: defined.schedule,
                rescheduled: None,
            });
        }
        if let Some(definition) = &mut self.definition {
            definition.tell(event, &node);
        }
        if matches!(event, KriEvent::Archived(_)) {
            self.archived = Some(node.clone());
        }
        self.values.tell(event, told.sequence, &node);
        self.episodes.tell(event, node);
    }

    /// The run that read the current value, where it hangs on one: its start is to be told as well.
    pub fn run(&self) -> Option<RunId> {
        self.values.current()?.run_id
    }

    /// The open breach, where there is one: what it set off is to be told as well.
    pub fn breach(&self) -> Option<draxis_domain::BreachId> {
        self.episodes.open().map(|open| open.id)
    }

    /// The explanation; none where the KRI was never defined.
    pub fn explained(&self) -> Option<Explanation> {
        let definition = self.definition.as_ref()?;
        let value = self.values.value();
        let mut explanation = Explanation {
            kri_id: self.kri,
            slug: definition.body.slug.clone(),
            as_of: None,
            value,
            status: value.map_or(Status::Unknown, |value| definition.body.judge(value)),
            stale: false,
            stale_at: self.values.stale_at(definition.schedule),
            archived: self.archived.is_some(),
            breach: self.episodes.open().map(OpenBreach::of),
            causes: Vec::new(),
            why_not: Vec::new(),
        };
        let causes = &mut explanation.causes;
        definition.name(causes);
        self.name_values(definition, explanation.status, causes);
        self.episodes.name(causes);
        self.workflows.name_runs(self.breach(), causes);
        causes.extend(self.archived.iter().map(|node| Cause::new(node, CauseOf::Archived)));
        causes.sort_by_key(|cause| cause.node.position);
        explanation.stale = Self::is_stale(explanation.stale_at, causes);
        explanation.why_not = self.why_not(definition, &explanation);
        Some(explanation)
    }

    fn name_values(&self, definition: &Definition, status: Status, causes: &mut Vec<Cause>) {
        let evidence = self.evidence_needed(definition, status);
        self.values.name(evidence, definition.schedule, causes);
        if let Some(run) = self.run()
            && let Some((_, node)) = self.runs.iter().find(|(id, _)| *id == run)
        {
            causes.push(Cause::new(node, CauseOf::Run { run_id: run }));
        }
    }

    /// Stale is what something told so at or after the time from which the value may no longer stand for the present.
    fn is_stale(stale_at: Option<DateTime<Utc>>, causes: &[Cause]) -> bool {
        let Some(stale_at) = stale_at else { return false };
        let bears = |cause: &&Cause| match cause.of {
            CauseOf::Reading { .. }
            | CauseOf::Correction { .. }
            | CauseOf::WentStale { .. }
            | CauseOf::Schedule { .. } => true,
            CauseOf::Definition { .. }
            | CauseOf::Thresholds { .. }
            | CauseOf::Run { .. }
            | CauseOf::Adjustment { .. }
            | CauseOf::BreachOpened { .. }
            | CauseOf::BreachRaised { .. }
            | CauseOf::BreachLowered { .. }
            | CauseOf::BreachClosed { .. }
            | CauseOf::WorkflowRun { .. }
            | CauseOf::Archived => false,
        };
        causes.iter().filter(bears).any(|cause| cause.node.at >= stale_at)
    }
}

impl Definition {
    fn tell(&mut self, event: &KriEvent, node: &Node) {
        if let KriEvent::Edited(edited) = event {
            self.body = edited.body.clone();
            self.version = edited.version;
            self.schedule = edited.schedule;
            self.edited = Some(node.clone());
            self.rescheduled = None;
        }
        if let KriEvent::Rescheduled(rescheduled) = event {
            self.schedule = rescheduled.schedule;
            self.rescheduled = Some(node.clone());
        }
    }

    fn name(&self, causes: &mut Vec<Cause>) {
        causes.push(Cause::new(&self.defined, CauseOf::Definition { slug: self.body.slug.clone() }));
        let thresholds = CauseOf::Thresholds {
            version: self.version,
            direction: self.body.direction,
            warn: self.body.warn,
            critical: self.body.critical,
            flapping: self.body.flapping,
        };
        causes.push(Cause::new(self.edited.as_ref().unwrap_or(&self.defined), thresholds));
        if let Some(node) = &self.rescheduled {
            causes.push(Cause::new(node, CauseOf::Schedule { schedule: self.schedule }));
        }
    }
}

#[cfg(test)]
mod tests;
