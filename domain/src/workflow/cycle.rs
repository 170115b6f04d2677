//! Cycles: workflows that would set each other off through the KRI events they emit (hazards H11).

use std::collections::{BTreeMap, BTreeSet};

use crate::kri_event_definition::EventType;
use crate::workflow::{Definition, TenantFacts, Trigger};
use crate::{KriId, WorkflowId};

/// One way round: each workflow emits an event that changes the KRI that triggers the next, the last one the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// The way round, beginning with the workflow that was asked about.
    pub links: Vec<CycleLink>,
}

/// One workflow on the way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CycleLink {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The event it emits.
    pub event_type: EventType,
    /// The KRI that the event changes.
    pub kri: KriId,
}

impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for link in &self.links {
            write!(
                f,
                "workflow {} emits {}, which changes KRI {} and so starts ",
                link.workflow, link.event_type, link.kri
            )?;
        }
        match self.links.first() {
            Some(first) => write!(f, "workflow {} again", first.workflow),
            None => Ok(()),
        }
    }
}

/// The cycles that begin with this workflow, the shortest for each event and KRI it begins with. `others` are the other
/// active workflows. A cycle is a warning: a KRI that only falls does not breach.
pub fn cycles(
    workflow: WorkflowId,
    definition: &Definition,
    others: &BTreeMap<WorkflowId, &Definition>,
    facts: &TenantFacts,
) -> Vec<Cycle> {
    let mut all = others.clone();
    all.insert(workflow, definition);
    let started = started_by(&all, facts);
    let Some(home) = trigger_kri(definition, facts) else { return Vec::new() };
    steps_from(workflow, definition, facts)
        .into_iter()
        .filter_map(|first| way_home(first, home, &all, &started, facts))
        .collect()
}

fn trigger_kri(definition: &Definition, facts: &TenantFacts) -> Option<KriId> {
    match &definition.trigger {
        Trigger::KriBreach(breach) => facts.kri(&breach.kri).map(|kri| kri.id),
        Trigger::Schedule(_) | Trigger::Manual(_) => None,
    }
}

/// Which workflows a KRI starts.
fn started_by(
    all: &BTreeMap<WorkflowId, &Definition>,
    facts: &TenantFacts,
) -> BTreeMap<KriId, Vec<WorkflowId>> {
    let mut started: BTreeMap<KriId, Vec<WorkflowId>> = BTreeMap::new();
    for (id, definition) in all {
        if let Some(kri) = trigger_kri(definition, facts) {
            started.entry(kri).or_default().push(*id);
        }
    }
    started
}

/// What a workflow can change.
fn steps_from(workflow: WorkflowId, definition: &Definition, facts: &TenantFacts) -> Vec<CycleLink> {
    let changes = |event_type: &EventType| {
        facts.kri_events.get(event_type).into_iter().flatten().copied().collect::<Vec<_>>()
    };
    definition
        .emits()
        .into_iter()
        .flat_map(|event_type| {
            changes(event_type).into_iter().map(|kri| CycleLink {
                workflow,
                event_type: event_type.clone(),
                kri,
            })
        })
        .collect()
}

/// The shortest way from one change back to the KRI that began it.
fn way_home(
    first: CycleLink,
    home: KriId,
    all: &BTreeMap<WorkflowId, &Definition>,
    started: &BTreeMap<KriId, Vec<WorkflowId>>,
    facts: &TenantFacts,
) -> Option<Cycle> {
    let mut seen = BTreeSet::from([first.kri]);
    let mut ways = std::collections::VecDeque::from([vec![first]]);
    while let Some(way) = ways.pop_front() {
        let here = way.last()?.kri;
        if here == home {
            return Some(Cycle { links: way });
        }
        let next = started.get(&here).into_iter().flatten().filter_map(|id| Some((*id, *all.get(id)?)));
        for link in next.flat_map(|(id, definition)| steps_from(id, definition, facts)) {
            if seen.insert(link.kri) {
                ways.push_back(way.iter().cloned().chain([link]).collect());
            }
        }
    }
    None
}
