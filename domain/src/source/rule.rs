//! The rules of a source: one run at a time, edits on the current version, nothing after archiving.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::source::{
    RunCompleted, RunFailed, RunFailure, RunFailureClass, RunStarted, RunSummary, RunTrigger, SourceArchived,
    SourceBody, SourceConnected, SourceEdited, SourceEvent, SourcePaused, SourceResumed,
};
use crate::{Moment, Rejection, RunId, SecretId, SourceId};

/// A source as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// No event yet: there is no such source.
    #[default]
    Absent,
    /// Connected.
    Present(Box<SourceState>),
}

/// A connected source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceState {
    /// Its id.
    pub id: SourceId,
    /// Counts edits from 1; the `ETag`.
    pub version: u64,
    /// What it is.
    pub body: SourceBody,
    /// Where its credentials and extra config lie sealed.
    pub secret: Option<SecretId>,
    /// Whether it is read.
    pub standing: Standing,
    /// The run under way, and since when.
    pub running: Option<(RunId, DateTime<Utc>)>,
    /// The run that ended last, so that telling it twice is no error.
    pub ended: Option<RunId>,
    /// The latest instant on its schedule that a run began for: one told again, or an earlier one told late, begins none.
    #[serde(default)]
    pub scheduled_to: Option<DateTime<Utc>>,
}

/// Whether a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// On schedule and on demand.
    Active,
    /// On demand only.
    Paused,
    /// Never again.
    Archived,
}

/// What can be asked of a source.
#[derive(Debug, Clone)]
pub enum SourceCommand {
    /// Connects a new one.
    Connect {
        /// Its id, made by the caller.
        id: SourceId,
        /// What it is to be.
        body: SourceBody,
        /// Where its credentials and extra config lie sealed.
        secret: Option<SecretId>,
    },
    /// Replaces what it is.
    Edit {
        /// What it is to be.
        body: SourceBody,
        /// Where newly sealed credentials and extra config lie; none keeps the old ones.
        secret: Option<SecretId>,
    },
    /// Stops its schedule.
    Pause,
    /// Lets its schedule go on.
    Resume,
    /// Takes it out of use.
    Archive,
    /// Begins a run.
    StartRun {
        /// The run, made by the caller from the cause, so that a second delivery names the same one.
        run_id: RunId,
        /// What set it off.
        trigger: RunTrigger,
    },
    /// Ends a run with values.
    CompleteRun {
        /// The run.
        run_id: RunId,
        /// What it saw.
        summary: RunSummary,
    },
    /// Ends a run without.
    FailRun {
        /// The run.
        run_id: RunId,
        /// How.
        failure: RunFailure,
    },
}

impl Source {
    /// The version an edit must name; 0 where there is none.
    pub fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Present(state) => state.version,
        }
    }

    /// The longest a run may last; one that has been under way for longer was lost with its process.
    pub const RUN_LIMIT: Duration = Duration::minutes(15);

    /// The state, where the source exists and is not archived.
    pub fn in_use(&self) -> Option<&SourceState> {
        match self {
            Self::Present(state) if state.standing != Standing::Archived => Some(state),
            Self::Present(_) | Self::Absent => None,
        }
    }

    fn decide(&self, command: SourceCommand, moment: &Moment) -> Result<Vec<SourceEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, SourceCommand::Connect { id, body, secret }) => {
                Ok(vec![SourceEvent::Connected(SourceConnected { id, body, secret })])
            }
            (Self::Present(_), SourceCommand::Connect { .. }) => Ok(Vec::new()),
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "source" }),
            (Self::Present(state), SourceCommand::CompleteRun { run_id, summary }) => {
                state.end_run(run_id, SourceEvent::RunCompleted(RunCompleted { run_id, summary }))
            }
            (Self::Present(state), SourceCommand::FailRun { run_id, failure }) => {
                state.end_run(run_id, SourceEvent::RunFailed(RunFailed { run_id, failure }))
            }
            (Self::Present(state), SourceCommand::Archive) if state.standing == Standing::Archived => {
                Ok(Vec::new())
            }
            (Self::Present(state), _) if state.standing == Standing::Archived => Err(Rejection::conflict(
                "source.archived",
                "the source is archived and read-only; connect another one",
            )),
            (Self::Present(state), command) => state.decide(command, moment),
        }
    }

    fn evolve(&mut self, event: SourceEvent) {
        match (self, event) {
            (this, SourceEvent::Connected(SourceConnected { id, body, secret })) => {
                let standing = Standing::Active;
                let state = SourceState {
                    id,
                    version: 1,
                    body,
                    secret,
                    standing,
                    running: None,
                    ended: None,
                    scheduled_to: None,
                };
                *this = Self::Present(Box::new(state));
            }
            (Self::Present(state), event) => state.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

impl SourceState {
    fn decide(&self, command: SourceCommand, moment: &Moment) -> Result<Vec<SourceEvent>, Rejection> {
        Ok(match command {
            SourceCommand::Edit { body, secret } => {
                moment.must_match(self.version)?;
                if body == self.body && secret.is_none() {
                    return Ok(Vec::new());
                }
                let version = self.version.saturating_add(1);
                vec![SourceEvent::Edited(SourceEdited { version, body, secret })]
            }
            SourceCommand::Pause if self.standing == Standing::Active => {
                vec![SourceEvent::Paused(SourcePaused {})]
            }
            SourceCommand::Resume if self.standing == Standing::Paused => {
                vec![SourceEvent::Resumed(SourceResumed {})]
            }
            SourceCommand::Archive => {
                moment.must_match(self.version)?;
                vec![SourceEvent::Archived(SourceArchived {})]
            }
            SourceCommand::StartRun { run_id, trigger } => return self.start_run(run_id, trigger, moment),
            SourceCommand::Pause
            | SourceCommand::Resume
            | SourceCommand::Connect { .. }
            | SourceCommand::CompleteRun { .. }
            | SourceCommand::FailRun { .. } => Vec::new(),
        })
    }

    /// A manual and a scheduled run of one source never overlap (product.md section 2).
    fn start_run(
        &self,
        run_id: RunId,
        trigger: RunTrigger,
        moment: &Moment,
    ) -> Result<Vec<SourceEvent>, Rejection> {
        if matches!(trigger, RunTrigger::Scheduled { .. }) && self.standing == Standing::Paused {
            return Err(Rejection::conflict(
                "source.paused",
                "the source is paused; resume it to let its schedule go on",
            ));
        }
        // A worker that was stopped past its lease may tell an instant again after others have gone on (hazards H14).
        if let RunTrigger::Scheduled { due_at } = &trigger
            && self.scheduled_to.is_some_and(|latest| *due_at <= latest)
        {
            return Ok(Vec::new());
        }
        let started = SourceEvent::RunStarted(RunStarted { run_id, trigger, started_at: moment.now });
        match self.running {
            None if self.ended == Some(run_id) => Ok(Vec::new()),
            None => Ok(vec![started]),
            Some((running, _)) if running == run_id => Ok(Vec::new()),
            Some((running, since)) if moment.now - since > Source::RUN_LIMIT => {
                let failure = RunFailure::lost();
                Ok(vec![SourceEvent::RunFailed(RunFailed { run_id: running, failure }), started])
            }
            Some(_) => Err(Rejection::conflict(
                "source.run_in_progress",
                "a run of this source is under way; wait for it to end (GET /api/kri-sources/<id>/runs)",
            )),
        }
    }

    fn end_run(&self, run_id: RunId, end: SourceEvent) -> Result<Vec<SourceEvent>, Rejection> {
        match self.running {
            Some((running, _)) if running == run_id => Ok(vec![end]),
            Some(_) | None if self.ended == Some(run_id) => Ok(Vec::new()),
            Some(_) | None => Err(Rejection::conflict(
                "source.run_superseded",
                "the run was given up as lost and another one has begun; its values are not taken",
            )),
        }
    }

    fn evolve(&mut self, event: SourceEvent) {
        match event {
            SourceEvent::Connected(_) => {}
            SourceEvent::Edited(edited) => {
                self.version = edited.version;
                self.body = edited.body;
                self.secret = edited.secret.or(self.secret);
            }
            SourceEvent::Paused(_) => self.standing = Standing::Paused,
            SourceEvent::Resumed(_) => self.standing = Standing::Active,
            SourceEvent::Archived(_) => self.standing = Standing::Archived,
            SourceEvent::RunStarted(started) => {
                self.running = Some((started.run_id, started.started_at));
                if let RunTrigger::Scheduled { due_at } = started.trigger {
                    self.scheduled_to = Some(due_at);
                }
            }
            // A lost run has not ended by its own word: what it says later is refused, not taken for a repetition.
            SourceEvent::RunFailed(RunFailed { failure, .. }) if failure.class == RunFailureClass::Lost => {
                self.running = None;
            }
            SourceEvent::RunCompleted(RunCompleted { run_id, .. })
            | SourceEvent::RunFailed(RunFailed { run_id, .. }) => {
                self.running = None;
                self.ended = Some(run_id);
            }
        }
    }
}

aggregate!(Source, "source", SourceCommand, SourceEvent);

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};
    use uuid::Uuid;

    use super::{Source, SourceCommand};
    use crate::source::{RunFailureClass, RunSummary, RunTrigger, SourceBody, SourceEvent};
    use crate::{Actor, Moment, Rejection, RunId, SourceId};

    fn moment(minutes: i64) -> Moment {
        Moment::new(DateTime::UNIX_EPOCH + Duration::minutes(minutes), Actor::Runner)
    }

    fn run(n: u128) -> RunId {
        RunId::from(Uuid::from_u128(n))
    }

    fn start(n: u128) -> SourceCommand {
        SourceCommand::StartRun { run_id: run(n), trigger: RunTrigger::Manual }
    }

    fn scheduled(n: u128) -> SourceCommand {
        SourceCommand::StartRun {
            run_id: run(n),
            trigger: RunTrigger::Scheduled { due_at: DateTime::UNIX_EPOCH },
        }
    }

    fn complete(n: u128) -> SourceCommand {
        SourceCommand::CompleteRun { run_id: run(n), summary: RunSummary::default() }
    }

    fn after(commands: Vec<(i64, SourceCommand)>) -> Source {
        let body: SourceBody =
            serde_json::from_str(r#"{"name":"Scanner","sourceType":"vulnerability","vendor":"tenable-io"}"#)
                .unwrap();
        let mut source = Source::default();
        let connect = SourceCommand::Connect { id: SourceId::default(), body, secret: None };
        for (minute, command) in std::iter::once((0, connect)).chain(commands) {
            for event in source.decide(command, &moment(minute)).unwrap() {
                source.evolve(event);
            }
        }
        source
    }

    fn code(result: Result<Vec<SourceEvent>, Rejection>) -> &'static str {
        match result {
            Err(Rejection::Conflict { code, .. }) => code,
            other => panic!("expected a conflict, got {other:?}"),
        }
    }

    #[test]
    fn two_runs_never_overlap() {
        let source = after(vec![(0, start(1))]);
        assert_eq!(code(source.decide(start(2), &moment(1))), "source.run_in_progress");
        assert_eq!(
            source.decide(start(1), &moment(1)),
            Ok(Vec::new()),
            "the same run told twice is no error"
        );
    }

    #[test]
    fn a_run_that_never_ended_is_given_up_and_cannot_come_back() {
        let lost = after(vec![(0, start(1))]);
        let events = lost.decide(start(2), &moment(16)).unwrap();
        assert!(
            matches!(&events[0], SourceEvent::RunFailed(failed) if failed.failure.class == RunFailureClass::Lost)
        );
        let superseded = after(vec![(0, start(1)), (16, start(2))]);
        assert_eq!(code(superseded.decide(complete(1), &moment(17))), "source.run_superseded");
    }

    #[test]
    fn an_instant_of_the_schedule_begins_one_run_however_late_it_is_told_again() {
        let due = |n: u128, minute| SourceCommand::StartRun {
            run_id: run(n),
            trigger: RunTrigger::Scheduled { due_at: DateTime::UNIX_EPOCH + Duration::minutes(minute) },
        };
        let source = after(vec![
            (60, due(1, 60)),
            (61, complete(1)),
            (120, due(2, 120)),
            (121, complete(2)),
            (122, start(3)),
            (123, complete(3)),
        ]);
        assert_eq!(source.decide(due(1, 60), &moment(130)), Ok(Vec::new()), "told after another has run");
        assert_eq!(source.decide(due(2, 120), &moment(130)), Ok(Vec::new()), "told after a manual run");
        assert_eq!(source.decide(due(4, 180), &moment(180)).unwrap().len(), 1);
    }

    #[test]
    fn telling_an_ended_run_again_changes_nothing() {
        let ended = after(vec![(0, start(1)), (1, complete(1))]);
        assert_eq!(ended.decide(complete(1), &moment(2)), Ok(Vec::new()));
        assert_eq!(ended.decide(start(1), &moment(2)), Ok(Vec::new()));
    }

    #[test]
    fn pausing_stops_the_schedule_and_leaves_the_button() {
        let paused = after(vec![(0, SourceCommand::Pause)]);
        assert_eq!(code(paused.decide(scheduled(1), &moment(1))), "source.paused");
        assert_eq!(paused.decide(start(1), &moment(1)).unwrap().len(), 1);
    }

    #[test]
    fn an_archived_source_is_read_only() {
        let archived = after(vec![(0, SourceCommand::Archive)]);
        assert_eq!(code(archived.decide(start(1), &moment(1))), "source.archived");
        assert_eq!(archived.decide(SourceCommand::Archive, &moment(1)), Ok(Vec::new()));
    }
}
