//! The rule of a workflow: what each command makes of each state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::workflow::command::WorkflowCommand;
use crate::workflow::due::{served_after, standing_after};
use crate::workflow::event::{
    MissedWhat, MissedWhy, Provenance, WorkflowActivated, WorkflowArchived, WorkflowDrafted, WorkflowEdited,
    WorkflowEvent, WorkflowPaused, WorkflowRestored,
};
use crate::workflow::recent::Recent;
use crate::workflow::run::RunTrigger;
use crate::workflow::start::ToldBreach;
use crate::workflow::{Definition, TenantFacts, validate};
use crate::{BreachId, Moment, Rejection, Violation, WorkflowId, WorkflowRunId};

/// A workflow as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Workflow {
    /// No event yet: there is no such workflow.
    #[default]
    Absent,
    /// It has come into being.
    Present(Box<WorkflowState>),
}

/// A workflow that has come into being.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowState {
    /// Its id.
    pub id: WorkflowId,
    /// Counts definitions from 1; the `ETag`. Transitions do not change it.
    pub version: u64,
    /// The definition in force.
    pub definition: Definition,
    /// Where it stands.
    pub standing: Standing,
    /// Due times up to here are settled: run, waiting or missed. What was before the trigger came into force is, too.
    pub served_until: DateTime<Utc>,
    /// The due time that waits for a run to end.
    pub waiting: Option<DateTime<Utc>>,
    /// Runs under way that stand in the way of the next due time.
    pub running: Recent<WorkflowRunId>,
    /// Runs that were started.
    pub started: Recent<WorkflowRunId>,
    /// Breaches that were missed.
    pub missed: Recent<BreachId>,
}

/// Where a workflow stands (product.md section 4).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Never switched on.
    Draft,
    /// Its trigger is on.
    Active,
    /// Its trigger is off.
    Paused,
    /// Read-only for good.
    Archived,
}

impl Workflow {
    /// The state, where the workflow exists.
    pub fn state(&self) -> Option<&WorkflowState> {
        match self {
            Self::Absent => None,
            Self::Present(state) => Some(state),
        }
    }

    /// The version an edit must name; 0 where there is none.
    pub fn version(&self) -> u64 {
        self.state().map_or(0, |state| state.version)
    }

    fn decide(&self, command: WorkflowCommand, moment: &Moment) -> Result<Vec<WorkflowEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, WorkflowCommand::Draft { id, definition, provenance }) => {
                Ok(vec![WorkflowEvent::Drafted(WorkflowDrafted { id, definition, provenance })])
            }
            (Self::Present(_), WorkflowCommand::Draft { .. }) => Ok(Vec::new()),
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "workflow" }),
            (Self::Present(state), command) => state.decide(command, moment),
        }
    }

    fn evolve(&mut self, event: WorkflowEvent) {
        match (self, event) {
            (this, WorkflowEvent::Drafted(WorkflowDrafted { id, definition, .. })) => {
                *this = Self::Present(Box::new(WorkflowState::new(id, *definition)));
            }
            (Self::Present(state), event) => state.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

aggregate!(Workflow, "workflow", WorkflowCommand, WorkflowEvent);

impl WorkflowState {
    pub(super) fn new(id: WorkflowId, definition: Definition) -> Self {
        Self {
            id,
            version: 1,
            definition,
            standing: Standing::Draft,
            served_until: DateTime::UNIX_EPOCH,
            waiting: None,
            running: Recent::default(),
            started: Recent::default(),
            missed: Recent::default(),
        }
    }

    pub(super) fn decide(
        &self,
        command: WorkflowCommand,
        moment: &Moment,
    ) -> Result<Vec<WorkflowEvent>, Rejection> {
        match command {
            WorkflowCommand::Draft { .. } => Ok(Vec::new()),
            WorkflowCommand::Edit { definition, provenance } => self.edit(definition, provenance, moment),
            WorkflowCommand::Restore { version, definition } => self.restore(version, definition, moment),
            WorkflowCommand::Activate { facts } => self.activate(&facts, moment),
            WorkflowCommand::Pause => self.pause(moment),
            WorkflowCommand::Archive => self.archive(moment),
            WorkflowCommand::Breached { breach, open, chain, kri_events } => {
                self.breached(ToldBreach { reached: breach, open, chain }, kri_events)
            }
            WorkflowCommand::Run { key, inputs, kri_events } => self.run(key, &inputs, kri_events),
            WorkflowCommand::Tick { kri_events } => Ok(self.tick(moment.now, &kri_events)),
            WorkflowCommand::EndRun { run_id, kri_events } => Ok(self.end_run(run_id, kri_events)),
        }
    }

    /// Archived is final, and says so to whoever would change anything.
    pub(super) fn must_live(&self) -> Result<(), Rejection> {
        if self.standing == Standing::Archived {
            return Err(Rejection::conflict(
                "workflow.archived",
                "the workflow is archived and read-only; make another one from its definition",
            ));
        }
        Ok(())
    }

    fn edit(
        &self,
        definition: Box<Definition>,
        provenance: Provenance,
        moment: &Moment,
    ) -> Result<Vec<WorkflowEvent>, Rejection> {
        self.must_live()?;
        if *definition == self.definition {
            return Ok(Vec::new());
        }
        moment.must_match(self.version)?;
        let mut events = self.settle_before(&definition, moment.now);
        let version = self.version.saturating_add(1);
        events.push(WorkflowEvent::Edited(WorkflowEdited {
            version,
            definition,
            provenance,
            at: moment.now,
        }));
        Ok(events)
    }

    fn restore(
        &self,
        from: u64,
        definition: Box<Definition>,
        moment: &Moment,
    ) -> Result<Vec<WorkflowEvent>, Rejection> {
        self.must_live()?;
        if from == 0 || from > self.version {
            return Err(Rejection::conflict(
                "workflow.version_unknown",
                format!("there is no version {from}; the versions are 1 to {}", self.version),
            ));
        }
        if *definition == self.definition {
            return Ok(Vec::new());
        }
        moment.must_match(self.version)?;
        let mut events = self.settle_before(&definition, moment.now);
        let version = self.version.saturating_add(1);
        events.push(WorkflowEvent::Restored(WorkflowRestored { version, from, definition, at: moment.now }));
        Ok(events)
    }

    fn activate(&self, facts: &TenantFacts, moment: &Moment) -> Result<Vec<WorkflowEvent>, Rejection> {
        self.must_live()?;
        if self.standing == Standing::Active {
            return Ok(Vec::new());
        }
        moment.must_match(self.version)?;
        validate(&self.definition.to_value(), facts).map_err(|problems| Rejection::Invalid {
            code: "workflow.not_ready",
            violations: problems
                .into_iter()
                .map(|problem| Violation {
                    pointer: format!("/definition{}", problem.pointer),
                    detail: format!("{}: {}. {}", problem.code, problem.message, problem.next),
                })
                .collect(),
        })?;
        let mut events = self.settle(moment.now, MissedWhy::Paused);
        events.push(WorkflowEvent::Activated(WorkflowActivated { version: self.version, at: moment.now }));
        Ok(events)
    }

    fn pause(&self, moment: &Moment) -> Result<Vec<WorkflowEvent>, Rejection> {
        self.must_live()?;
        match self.standing {
            Standing::Paused | Standing::Archived => Ok(Vec::new()),
            Standing::Draft => Err(Rejection::conflict(
                "workflow.draft",
                "the workflow is a draft, so nothing triggers it; activate or archive it",
            )),
            Standing::Active => {
                moment.must_match(self.version)?;
                Ok(vec![WorkflowEvent::Paused(WorkflowPaused { version: self.version })])
            }
        }
    }

    fn archive(&self, moment: &Moment) -> Result<Vec<WorkflowEvent>, Rejection> {
        if self.standing == Standing::Archived {
            return Ok(Vec::new());
        }
        moment.must_match(self.version)?;
        let mut events = self.settle(moment.now, MissedWhy::Archived);
        events.extend(self.give_up_waiting(MissedWhy::Archived));
        events.push(WorkflowEvent::Archived(WorkflowArchived { version: self.version }));
        Ok(events)
    }

    pub(super) fn evolve(&mut self, event: WorkflowEvent) {
        self.served_until = served_after(&event, &self.definition.trigger, self.served_until);
        self.standing = standing_after(&event, self.standing);
        match event {
            WorkflowEvent::Drafted(_)
            | WorkflowEvent::Activated(_)
            | WorkflowEvent::Paused(_)
            | WorkflowEvent::Archived(_) => {}
            WorkflowEvent::Edited(edited) => self.replace(edited.version, *edited.definition),
            WorkflowEvent::Restored(restored) => self.replace(restored.version, *restored.definition),
            WorkflowEvent::RunStarted(started) => {
                self.started.remember(started.run_id);
                if self.is_scheduled() {
                    self.running.remember(started.run_id);
                }
                if let RunTrigger::Schedule { due_at } = started.trigger {
                    self.waiting = self.waiting.filter(|waiting| *waiting != due_at);
                }
            }
            WorkflowEvent::RunRequested(requested) => self.waiting = Some(requested.due_at),
            WorkflowEvent::RunMissed(missed) => match missed.what {
                MissedWhat::KriBreach(breach) => self.missed.remember(breach.breach_id),
                MissedWhat::Schedule(times) => {
                    self.waiting =
                        self.waiting.filter(|waiting| !(times.first..=times.last).contains(waiting));
                }
            },
            WorkflowEvent::RunEnded(ended) => self.running.forget(&ended.run_id),
        }
    }

    fn replace(&mut self, version: u64, definition: Definition) {
        self.version = version;
        self.definition = definition;
    }
}
