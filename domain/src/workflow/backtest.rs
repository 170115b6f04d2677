//! Backtest: a definition held against what was recorded: which runs it would have started, and which there were.
//!
//! A fold of recorded events through the workflow's own rule and nothing else: there is no clock here and no way outside. What
//! came from outside the rule is taken as it was: when breaches were told of, when somebody pressed the button, when time was
//! served and when nobody was there to serve it, pauses, and when runs that there were ended. All else the rule decides anew, so
//! that the definition that was in force, over its own time, starts exactly the runs that there were. A backtest begins and ends
//! between two positions of the stream: what was recorded in the same instant lies on one side or the other, never on both.

mod episode;
mod load;
mod mirror;
mod own_time;
mod sought;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::kri::{KriEvent, Level};
use crate::workflow::backtest::episode::Breaches;
use crate::workflow::event::{MissedWhat, MissedWhy, WorkflowActivated, WorkflowEdited, WorkflowEvent};
use crate::workflow::rule::{Standing, WorkflowState};
use crate::workflow::run::{BreachReached, RunTrigger};
use crate::workflow::{Definition, Provenance, Trigger, WorkflowCommand};
use crate::{Actor, BreachId, Moment, Position, Recorded, TenantEvent, WorkflowId, WorkflowRunId};

pub use episode::{Misfit, Unanswered, UnansweredBecause};
pub use load::{Approvals, ApproverLoad};
pub use own_time::own_time;
pub use sought::{Absence, OtherThresholds, Pauses, WhatIf};

/// What is tried.
#[derive(Debug, Clone)]
pub struct Tried {
    /// The workflow.
    pub id: WorkflowId,
    /// The definition.
    pub definition: Definition,
    /// Its version, where it is one of the workflow's.
    pub version: Option<u64>,
    /// The last position before it is taken to be in force.
    pub after: Position,
    /// From when on it is.
    pub from: DateTime<Utc>,
    /// The last position that is looked at.
    pub until: Position,
    /// Until when.
    pub to: DateTime<Utc>,
    /// What is taken to have been otherwise.
    pub what_if: WhatIf,
}

/// A run that would have started, or did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BacktestRun {
    /// Its id, computed from its cause: the same where both have it.
    pub run_id: WorkflowRunId,
    /// The cause in words.
    pub key: String,
    /// When it would have started, or did.
    pub at: DateTime<Utc>,
    /// The version it would have run on, or did.
    pub version: u64,
}

/// What a backtest has shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Backtested {
    /// The position behind which the definition was taken to be in force.
    pub from: Position,
    /// The last position that was looked at.
    pub to: Position,
    /// Runs that would have started and did.
    pub both: Vec<BacktestRun>,
    /// Runs that would have started and did not.
    pub only_tried: Vec<BacktestRun>,
    /// Runs that did start and would not have.
    pub only_recorded: Vec<BacktestRun>,
    /// What the runs would have asked of people.
    pub approvals: Approvals,
    /// Breaches that no run would have answered.
    pub unanswered: Vec<Unanswered>,
    /// Whether there are more than are counted.
    pub cut_short: bool,
    /// Other thresholds that fit no KRI: a question that cannot be answered.
    #[serde(skip)]
    pub misfits: Vec<Misfit>,
    /// What was taken for granted.
    pub assumed: Vec<&'static str>,
}

/// A backtest under way: events go in, in order.
#[derive(Debug, Clone)]
pub struct Backtest {
    tried: Tried,
    /// The workflow as it was recorded.
    real: Option<WorkflowState>,
    /// The workflow as it would have been, once it is in force.
    sim: Option<WorkflowState>,
    /// The events of the workflow itself, by which some breaches were told of later than they happened.
    told_at: BTreeMap<BreachId, Position>,
    recorded: BTreeSet<WorkflowRunId>,
    ended: BTreeSet<WorkflowRunId>,
    breaches: Breaches,
    /// Ends of runs that there were not, as they are assumed.
    ends: BTreeSet<(DateTime<Utc>, WorkflowRunId)>,
    started: BTreeMap<WorkflowRunId, BacktestRun>,
    happened: BTreeMap<WorkflowRunId, BacktestRun>,
    served: usize,
}

impl Backtest {
    /// So many runs are counted.
    pub const MOST: usize = 10_000;

    /// Begins one; `own` are all events of the workflow up to the end.
    pub fn new(tried: Tried, own: &[Recorded<WorkflowEvent>]) -> Self {
        let (mut told_at, mut recorded, mut ended) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        for told in own {
            match &told.event {
                WorkflowEvent::RunStarted(started) => {
                    recorded.insert(started.run_id);
                    if let RunTrigger::KriBreach(breach) = &started.trigger {
                        told_at.entry(breach.breach_id).or_insert(told.position);
                    }
                }
                WorkflowEvent::RunMissed(missed) => {
                    if let MissedWhat::KriBreach(breach) = &missed.what {
                        told_at.entry(breach.breach_id).or_insert(told.position);
                    }
                }
                WorkflowEvent::RunEnded(over) => drop(ended.insert(over.run_id)),
                WorkflowEvent::Drafted(_)
                | WorkflowEvent::Edited(_)
                | WorkflowEvent::Restored(_)
                | WorkflowEvent::Activated(_)
                | WorkflowEvent::Paused(_)
                | WorkflowEvent::Archived(_)
                | WorkflowEvent::RunRequested(_) => {}
            }
        }
        let breaches = Breaches::new(&tried.what_if.thresholds);
        Self {
            tried,
            real: None,
            sim: None,
            told_at,
            recorded,
            ended,
            breaches,
            ends: BTreeSet::new(),
            started: BTreeMap::new(),
            happened: BTreeMap::new(),
            served: 0,
        }
    }

    /// Takes the next event of the stream; what is of no KRI and no workflow is passed over.
    pub fn tell(&mut self, told: &Recorded<TenantEvent>) {
        let at = told.recorded_at;
        if told.position > self.tried.until {
            return;
        }
        if told.position > self.tried.after {
            self.enter();
            self.pass_time(at);
        }
        if let TenantEvent::Kri(event) = &told.event {
            self.tell_kri(told, event);
        }
        if let TenantEvent::Workflow(event) = &told.event {
            if told.aggregate_id == self.tried.id.to_string() {
                self.tell_own(event, at);
            } else {
                self.breaches.answered_by_another(event);
            }
        }
    }

    /// The result.
    pub fn finish(mut self) -> Backtested {
        self.enter();
        self.pass_time(self.tried.to);
        let Self { tried, breaches, started, happened, served, .. } = self;
        let (mut both, mut only_tried): (Vec<_>, Vec<_>) =
            started.values().cloned().partition(|run| happened.contains_key(&run.run_id));
        let only_recorded = happened.values().filter(|run| !started.contains_key(&run.run_id));
        let mut only_recorded: Vec<BacktestRun> = only_recorded.cloned().collect();
        for runs in [&mut both, &mut only_tried, &mut only_recorded] {
            runs.sort_by_key(|run| (run.at, run.run_id));
        }
        let times: Vec<DateTime<Utc>> = started.values().map(|run| run.at).collect();
        let approvals = Approvals::of(&tried.definition, &times, &tried.what_if);
        let cut_short = started.len() >= Self::MOST || served >= Self::MOST || breaches.cut_short();
        let answered: BTreeSet<&str> = started.values().map(|run| run.key.as_str()).collect();
        let (unanswered, misfits) = (breaches.unanswered(&tried, &answered), breaches.misfits());
        let (from, to, assumed) = (tried.after, tried.until, tried.assumed());
        Backtested {
            from,
            to,
            both,
            only_tried,
            only_recorded,
            approvals,
            unanswered,
            cut_short,
            misfits,
            assumed,
        }
    }

    /// Puts the definition in force, once.
    fn enter(&mut self) {
        if self.sim.is_some() {
            return;
        }
        let Tried { id, definition, version, from, what_if, .. } = &self.tried;
        let from = *from;
        let mut sim = match &self.real {
            Some(real) => real.clone(),
            None => WorkflowState::new(*id, definition.clone()),
        };
        if sim.definition != *definition {
            let version = version.unwrap_or_else(|| sim.version.saturating_add(1));
            let settled = sim.settle_before(definition, from);
            for event in settled {
                sim.evolve(event);
            }
            let (definition, provenance) = (Box::new(definition.clone()), Provenance::Written);
            sim.evolve(WorkflowEvent::Edited(WorkflowEdited { version, definition, provenance, at: from }));
        }
        let stays = match sim.standing {
            Standing::Active => true,
            Standing::Paused => what_if.pauses == Pauses::AsRecorded,
            Standing::Draft | Standing::Archived => false,
        };
        let version = sim.version;
        self.sim = Some(sim);
        if !stays {
            self.activate(version, from);
        }
    }

    fn activate(&mut self, version: u64, at: DateTime<Utc>) {
        let Some(sim) = &mut self.sim else { return };
        let settled = sim.settle(at, MissedWhy::Paused);
        for event in settled {
            sim.evolve(event);
        }
        sim.evolve(WorkflowEvent::Activated(WorkflowActivated { version, at }));
        // A trigger that counts what is open at activation is told of it; any other refuses it by itself.
        for breach in self.breaches.open() {
            if !self.told_at.contains_key(&breach.breach_id) {
                self.decide(reached(breach), at);
            }
        }
    }

    /// Serves what is due before a time, where the trigger is another than the one that was in force: then nobody's record says
    /// when its times were served, and they are taken to have been served on time.
    fn pass_time(&mut self, until: DateTime<Utc>) {
        while self.served < Self::MOST {
            let due = self.sim.as_ref().filter(|_| !self.as_recorded()).and_then(WorkflowState::next_due);
            let due = due.filter(|due| *due <= until);
            let end = self.ends.first().copied().filter(|(end, _)| *end <= until);
            match (due, end) {
                (_, Some((end, run_id))) if due.is_none_or(|due| end <= due) => {
                    self.ends.remove(&(end, run_id));
                    self.decide(WorkflowCommand::EndRun { run_id, kri_events: Vec::new() }, end);
                }
                (Some(due), _) => {
                    self.served = self.served.saturating_add(1);
                    self.decide(WorkflowCommand::Tick { kri_events: Vec::new() }, due);
                }
                (None, _) => return,
            }
        }
    }

    /// Whether the schedule that is tried is the one that was in force, so that the record says when its times were served.
    fn as_recorded(&self) -> bool {
        self.real.as_ref().is_some_and(|real| {
            real.standing == Standing::Active && real.definition.trigger == self.tried.definition.trigger
        })
    }

    fn decide(&mut self, command: WorkflowCommand, now: DateTime<Utc>) {
        let Some(sim) = &mut self.sim else { return };
        let moment = Moment::new(now, Actor::Runner);
        let Ok(events) = sim.decide(command, &moment) else { return };
        for event in events {
            if let WorkflowEvent::RunStarted(started) = &event
                && self.started.len() < Self::MOST
            {
                let (run_id, key, version) = (started.run_id, started.key.clone(), started.version);
                self.started.entry(run_id).or_insert(BacktestRun { run_id, key, at: now, version });
                // A run that there was ends when it did; where nothing says so, it is still under way.
                let tracked = self.real.as_ref().is_some_and(WorkflowState::is_scheduled);
                let known = self.recorded.contains(&run_id) && (tracked || self.ended.contains(&run_id));
                if !known {
                    self.ends.insert((now + self.tried.what_if.runs_take(), run_id));
                }
            }
            sim.evolve(event);
        }
    }

    fn tell_kri(&mut self, told: &Recorded<TenantEvent>, event: &KriEvent) {
        let inside = told.position > self.tried.after;
        if let Some(breach) = self.breaches.tell(told, event, inside) {
            // One that the workflow itself spoke of is told of where it did.
            let later = self.told_at.get(&breach.breach_id).is_some_and(|at| *at > told.position);
            if inside && !(later && self.breaches.is_as_recorded(breach.kri)) {
                self.decide(reached(breach), told.recorded_at);
            }
        }
    }

    /// Takes an event of the workflow itself.
    fn tell_own(&mut self, event: &WorkflowEvent, at: DateTime<Utc>) {
        if self.sim.is_some() {
            self.mirror(event, at);
        }
        match (&mut self.real, event) {
            (real, WorkflowEvent::Drafted(drafted)) => {
                *real = Some(WorkflowState::new(drafted.id, Definition::clone(&drafted.definition)));
            }
            (Some(real), event) => real.evolve(event.clone()),
            (None, _) => {}
        }
    }
}

/// What a workflow is told of a breach while it lasts. What led to it is not looked at.
const fn reached(breach: BreachReached) -> WorkflowCommand {
    WorkflowCommand::Breached { breach, open: true, chain: Vec::new(), kri_events: Vec::new() }
}

impl Tried {
    /// What a run of this definition on that KRI's breaches is asked for; none where the trigger is another.
    fn level_asked(&self, breach: &BreachReached) -> Option<Level> {
        match &self.definition.trigger {
            Trigger::KriBreach(asked) if asked.kri.names(breach.kri, &breach.slug) => Some(asked.level),
            Trigger::KriBreach(_) | Trigger::Schedule(_) | Trigger::Manual(_) => None,
        }
    }

    fn assumed(&self) -> Vec<&'static str> {
        let mut assumed = vec![
            "every step of a run is reached: conditions are not looked at, and nothing is done outside",
            "people press the button, sources read and breaches are closed by hand as they did",
        ];
        if matches!(self.definition.trigger, Trigger::Schedule(_)) {
            assumed.push("due times of a schedule that was not in force are served on time");
        }
        if self.what_if.pauses == Pauses::AsRecorded {
            assumed.push("while the workflow was paused or archived, nothing would have started");
        }
        assumed
    }
}
