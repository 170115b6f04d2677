//! The workflows that a breach of the KRI being explained sets off, or does not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use draxis_domain::kri::{KriBody, Level};
use draxis_domain::workflow::{
    KriRef, MissedWhat, MissedWhy, OnActivate, RunTrigger, Trigger, WorkflowEvent,
};
use draxis_domain::{BreachId, EventSet, KriId, Recorded, TenantEvent, WorkflowId, WorkflowRunId};

use crate::explain::answer::{Cause, CauseOf, Node, OpenBreach, WhyNot};

/// What is known of the workflows, by id.
#[derive(Debug, Clone, Default)]
pub(super) struct Workflows(BTreeMap<String, Flow>);

/// One workflow.
#[derive(Debug, Clone, Default)]
struct Flow {
    definitions: Vec<Defined>,
    /// The last that was said of whether it is in force.
    standing: Option<(Node, InForce)>,
    runs: Vec<(BreachId, WorkflowRunId, Node)>,
    missed: Vec<(BreachId, MissedWhy, Node)>,
}

/// A definition it had, as far as it concerns a KRI's breach.
#[derive(Debug, Clone)]
struct Defined {
    node: Node,
    trigger: Option<(KriRef, Level, OnActivate)>,
    /// From when on the trigger counts, where it replaced another.
    since: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InForce {
    Since(DateTime<Utc>),
    Paused,
    Archived,
}

impl Workflows {
    pub(super) fn tell(&mut self, kri: KriId, event: &WorkflowEvent, told: &Recorded<TenantEvent>) {
        let node = Node::of(told, event.wire_type());
        let flow = self.0.entry(told.aggregate_id.clone()).or_default();
        match event {
            WorkflowEvent::Drafted(drafted) => flow.define(node, &drafted.definition.trigger, None),
            WorkflowEvent::Edited(edited) => flow.define(node, &edited.definition.trigger, Some(edited.at)),
            WorkflowEvent::Restored(restored) => {
                flow.define(node, &restored.definition.trigger, Some(restored.at));
            }
            WorkflowEvent::Activated(activated) => {
                flow.standing = Some((node, InForce::Since(activated.at)));
            }
            WorkflowEvent::Paused(_) => flow.standing = Some((node, InForce::Paused)),
            WorkflowEvent::Archived(_) => flow.standing = Some((node, InForce::Archived)),
            WorkflowEvent::RunStarted(started) => {
                if let RunTrigger::KriBreach(breach) = &started.trigger
                    && breach.kri == kri
                {
                    flow.runs.push((breach.breach_id, started.run_id, node));
                }
            }
            WorkflowEvent::RunMissed(missed) => {
                if let MissedWhat::KriBreach(breach) = &missed.what
                    && breach.kri == kri
                {
                    flow.missed.push((breach.breach_id, missed.why, node));
                }
            }
            WorkflowEvent::RunRequested(_) | WorkflowEvent::RunEnded(_) => {}
        }
    }

    /// Names the runs that the breach set off.
    pub(super) fn name_runs(&self, breach: Option<BreachId>, causes: &mut Vec<Cause>) {
        for (id, flow) in &self.0 {
            let Ok(workflow_id) = id.parse::<WorkflowId>() else { continue };
            for (_, run, node) in flow.runs.iter().filter(|(of, ..)| Some(*of) == breach) {
                causes.push(Cause::new(node, CauseOf::WorkflowRun { workflow_id, run_id: *run }));
            }
        }
    }

    /// Why no workflow ran on the open breach: one answer for each that names the KRI or did, or one for there being none.
    pub(super) fn why_not(&self, kri: KriId, body: &KriBody, breach: &OpenBreach) -> Vec<WhyNot> {
        let names = |named: &KriRef| named.names(kri, &body.slug);
        let mut answers = Vec::new();
        let mut any = false;
        for (id, flow) in &self.0 {
            if flow.runs.iter().any(|(of, ..)| *of == breach.id) {
                any = true;
                continue;
            }
            let Some((code, because, events)) = flow.idle(names, breach) else { continue };
            any |= code != "points_elsewhere";
            let (workflow_id, because) = (id.parse().ok(), because.to_owned());
            answers.push(WhyNot { what: "workflow_run", code, because, workflow_id, events });
        }
        if !any {
            let because =
                "no workflow run was started because no workflow's trigger names this KRI".to_owned();
            let (what, code) = ("workflow_run", "no_workflow");
            answers.push(WhyNot { what, code, because, workflow_id: None, events: Vec::new() });
        }
        answers
    }
}

type Idle = (&'static str, &'static str, Vec<Node>);

impl Flow {
    fn define(&mut self, node: Node, trigger: &Trigger, since: Option<DateTime<Utc>>) {
        let trigger = if let Trigger::KriBreach(breach) = trigger {
            Some((breach.kri.clone(), breach.level, breach.on_activate))
        } else {
            None
        };
        self.definitions.push(Defined { node, trigger, since });
    }

    /// Why the workflow has not run on the breach; none where it never named the KRI.
    fn idle(&self, names: impl Fn(&KriRef) -> bool, breach: &OpenBreach) -> Option<Idle> {
        let naming = |defined: &&Defined| defined.trigger.as_ref().is_some_and(|(kri, ..)| names(kri));
        let pointed_here = self.definitions.iter().rev().find(naming)?;
        let last = self.definitions.last()?;
        if pointed_here.node != last.node {
            let because = "the workflow's trigger no longer names this KRI";
            return Some(("points_elsewhere", because, vec![pointed_here.node.clone(), last.node.clone()]));
        }
        let mut events = vec![pointed_here.node.clone()];
        if let Some((_, why, node)) = self.missed.iter().rev().find(|(of, ..)| *of == breach.id) {
            events.push(node.clone());
            return Some(("missed", missed(*why), events));
        }
        let Some((node, standing)) = &self.standing else {
            return Some(("draft", "the workflow was never activated", events));
        };
        events.push(node.clone());
        let (_, level, on_activate) = pointed_here.trigger.as_ref()?;
        Some(match standing {
            InForce::Paused => ("paused", "the workflow is paused", events),
            InForce::Archived => ("archived", "the workflow is archived", events),
            InForce::Since(_) if breach.level < *level => (
                "level_not_reached",
                "the breach has not reached the level that the trigger asks for",
                events,
            ),
            InForce::Since(since)
                if *on_activate == OnActivate::NextBreach
                    && (*since).max(pointed_here.since.unwrap_or(*since)) > breach.opened_at =>
            {
                let because = "the breach was open already when the trigger came into force, and only the next one counts";
                ("opened_before", because, events)
            }
            InForce::Since(_) => {
                ("not_started", "the workflow is in force, and its run has not begun", events)
            }
        })
    }
}

const fn missed(why: MissedWhy) -> &'static str {
    match why {
        MissedWhy::Paused => "the workflow was paused when the breach reached the level",
        MissedWhy::Archived => "the workflow was archived when the breach reached the level",
        MissedWhy::Late => "nobody was there in time, and the trigger lets it go then",
        MissedWhy::Overlap => "a run was under way",
        MissedWhy::Edited => "the trigger was changed while it waited",
        MissedWhy::Loop => {
            "stopped: it would run in a circle, or runs have led to it one after another too often"
        }
    }
}
