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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::cycles;
    use crate::workflow::sample::definition;
    use crate::workflow::{Definition, TenantFacts};
    use crate::{KriId, WorkflowId};

    fn workflow(n: u128) -> WorkflowId {
        WorkflowId::from(uuid::Uuid::from_u128(n))
    }

    /// A tenant in which event `touch_x` changes KRI `x`.
    fn tenant(kris: &[&str]) -> TenantFacts {
        let mut facts = TenantFacts::default();
        for (n, slug) in (1..).zip(kris) {
            let id = KriId::from(uuid::Uuid::from_u128(n));
            let slug = crate::KriSlug::parse(slug).unwrap();
            facts.kri_events.insert(format!("touch_{}", slug.as_str()).try_into().unwrap(), [id].into());
            facts.kris.push(crate::workflow::KriFact { id, slug, owner: None });
        }
        facts
    }

    fn on(kri: &str, touches: &[&str]) -> Definition {
        let steps: Vec<_> = touches
            .iter()
            .map(|kri| json!({"id": kri, "type": "emit_kri_event", "eventType": format!("touch_{kri}")}))
            .collect();
        definition(&json!({"type": "kri_breach", "kri": kri, "level": "red"}), &json!(steps))
    }

    #[test]
    fn the_way_round_is_found_through_other_workflows() {
        let facts = tenant(&["a", "b", "c"]);
        let (first, second, third) = (on("a", &["b"]), on("b", &["c"]), on("c", &["a"]));
        let others = BTreeMap::from([(workflow(2), &second), (workflow(3), &third)]);
        let found = cycles(workflow(1), &first, &others, &facts);
        let way: Vec<_> = found
            .iter()
            .map(|cycle| cycle.links.iter().map(|link| link.workflow).collect::<Vec<_>>())
            .collect();
        assert_eq!(way, [[workflow(1), workflow(2), workflow(3)]]);
        assert!(found[0].to_string().ends_with(&format!("workflow {} again", workflow(1))));
        let without_the_last = BTreeMap::from([(workflow(2), &second)]);
        assert!(cycles(workflow(1), &first, &without_the_last, &facts).is_empty());
    }

    #[test]
    fn a_workflow_may_set_itself_off() {
        let facts = tenant(&["a", "b"]);
        assert_eq!(cycles(workflow(1), &on("a", &["a", "b"]), &BTreeMap::new(), &facts).len(), 1);
    }

    #[test]
    fn others_that_go_round_without_it_are_not_its_cycle() {
        let facts = tenant(&["a", "b", "c"]);
        let (second, third) = (on("b", &["c"]), on("c", &["b"]));
        let others = BTreeMap::from([(workflow(2), &second), (workflow(3), &third)]);
        assert!(cycles(workflow(1), &on("a", &["b"]), &others, &facts).is_empty());
    }
}
