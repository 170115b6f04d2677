//! What the workflow's own events say of the world outside its rule: pauses, presses, times that were served, ends of runs.

use chrono::{DateTime, Utc};

use crate::workflow::WorkflowCommand;
use crate::workflow::backtest::{Backtest, BacktestRun, Pauses};
use crate::workflow::event::{MissedWhat, MissedWhy, WorkflowEvent};
use crate::workflow::rule::Standing;
use crate::workflow::run::{BreachReached, RunTrigger};

impl Backtest {
    /// What an event of the workflow says of the world outside the rule.
    pub(super) fn mirror(&mut self, event: &WorkflowEvent, at: DateTime<Utc>) {
        let pauses = self.tried.what_if.pauses == Pauses::AsRecorded;
        match event {
            WorkflowEvent::Activated(activated) if pauses => {
                let paused = self.sim.as_ref().is_some_and(|sim| sim.standing != Standing::Active);
                let version = self.sim.as_ref().map_or(0, |sim| sim.version);
                let drafted = self.real.as_ref().is_some_and(|real| real.standing == Standing::Draft);
                if paused || drafted {
                    self.activate(version, activated.at);
                }
            }
            WorkflowEvent::Paused(_) | WorkflowEvent::Archived(_) if pauses => {
                if let Some(sim) = &mut self.sim {
                    sim.evolve(event.clone());
                }
            }
            WorkflowEvent::RunStarted(started) => {
                let (run_id, key, version) = (started.run_id, started.key.clone(), started.version);
                self.happened.insert(run_id, BacktestRun { run_id, key, at, version });
                self.again(&started.trigger, &started.key, at);
            }
            WorkflowEvent::RunRequested(requested) => self.serve(requested.due_at),
            WorkflowEvent::RunMissed(missed) => match (&missed.what, missed.why) {
                // A circle was closed by what others did, which no definition of this workflow's alone would change.
                (MissedWhat::KriBreach(_), MissedWhy::Loop) => {}
                (MissedWhat::KriBreach(breach), _) => self.tell_breach(breach.clone(), at),
                (MissedWhat::Schedule(times), MissedWhy::Overlap) => self.serve(times.last),
                // Nobody was there: that is no decision of the rule.
                (MissedWhat::Schedule(_), MissedWhy::Late) if self.as_recorded() => {
                    if let Some(sim) = &mut self.sim {
                        sim.evolve(event.clone());
                    }
                }
                (
                    MissedWhat::Schedule(_),
                    MissedWhy::Late
                    | MissedWhy::Paused
                    | MissedWhy::Archived
                    | MissedWhy::Edited
                    | MissedWhy::Loop,
                ) => {}
            },
            WorkflowEvent::RunEnded(ended) => {
                let command = WorkflowCommand::EndRun { run_id: ended.run_id, kri_events: Vec::new() };
                self.decide(command, at);
            }
            WorkflowEvent::Drafted(_)
            | WorkflowEvent::Edited(_)
            | WorkflowEvent::Restored(_)
            | WorkflowEvent::Activated(_)
            | WorkflowEvent::Paused(_)
            | WorkflowEvent::Archived(_) => {}
        }
    }

    /// What set a recorded run off sets off what it would have set off.
    fn again(&mut self, trigger: &RunTrigger, key: &str, at: DateTime<Utc>) {
        match trigger {
            RunTrigger::KriBreach(breach) => self.tell_breach(breach.clone(), at),
            RunTrigger::Schedule { due_at } => self.serve(*due_at),
            RunTrigger::Manual { inputs } => {
                let key = key.strip_prefix("manual:").unwrap_or(key).to_owned();
                let command = WorkflowCommand::Run { key, inputs: inputs.clone(), kri_events: Vec::new() };
                self.decide(command, at);
            }
        }
    }

    fn tell_breach(&mut self, breach: BreachReached, at: DateTime<Utc>) {
        if self.breaches.is_as_recorded(breach.kri) {
            self.decide(super::reached(breach), at);
        }
    }

    /// Somebody was there at a due time.
    fn serve(&mut self, due_at: DateTime<Utc>) {
        if self.as_recorded() {
            self.decide(WorkflowCommand::Tick { kri_events: Vec::new() }, due_at);
        }
    }
}
