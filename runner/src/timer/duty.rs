//! Duties: what is done when each kind is due. Each is a command that changes nothing where it no longer fits.

mod reaction;

use std::time::Duration;

use chrono::{DateTime, Utc};
use draxis_commands::{Caller, CommandError, Commands, Context};
use draxis_domain::kri::{BreachCommand, Kri, KriCommand};
use draxis_domain::source::{RunFailure, Source, SourceCommand};
use draxis_domain::{ApprovalId, EventId, KriId, SourceId, TenantId, WorkflowId};
use draxis_event_store::{ClaimedTimer, StoredTimer};

use crate::run::ClaimedRun;
use crate::timer::fold::Memo;
use crate::timer::work::Held;
use crate::timer::{TimerKind, Timers};

pub(super) use reaction::LEVELS;

/// What becomes of a timer whose duty has been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// It is done, until an event makes it due again.
    Done,
    /// What it waits for is not there yet: it is looked at again after so long.
    LookAgain(Duration),
    /// An event that came of it makes it due anew, or not: it is left to whoever folds that.
    Moved,
    /// What it is about is over: there is nothing to keep of it. An event that came after all would make it anew.
    Over,
}

/// A due timer.
pub(super) struct Duty<'a> {
    pub(super) timers: &'a Timers,
    pub(super) tenant: TenantId,
    pub(super) due_at: DateTime<Utc>,
    pub(super) cause: EventId,
}

impl Timers {
    /// Does what a timer of that kind is for.
    pub(super) async fn duty(
        &self,
        kind: TimerKind,
        claimed: &ClaimedTimer,
        held: &Held,
    ) -> Result<Afterwards, CommandError> {
        let (subject, timer) = (claimed.name.subject.as_str(), &held.timer);
        let duty = Duty { timers: self, tenant: claimed.tenant, due_at: claimed.due_at, cause: timer.cause };
        let done = match kind {
            TimerKind::RunDue => return self.0.workflow_runs.drive(run(claimed, held)?).await,
            TimerKind::SourceRun => {
                self.0.source_runs.run_scheduled(claimed.tenant, id(subject)?, claimed.due_at).await
            }
            TimerKind::RunLost => duty.give_up_run(id(subject)?).await,
            TimerKind::KriStale => duty.mark_stale(id(subject)?).await,
            TimerKind::BreachWake => duty.wake_breach(id(subject)?).await,
            TimerKind::KriReschedule => duty.reschedule(id(subject)?, &memo(timer)?).await,
            TimerKind::WorkflowDue => self.then_fold(claimed, duty.tick(id(subject)?).await).await,
            TimerKind::WorkflowActivated => {
                self.then_fold(claimed, duty.look_for_open_breach(id(subject)?).await).await
            }
            TimerKind::BreachReaction => {
                self.then_fold(claimed, duty.tell_of_breaches(id(subject)?, &memo(timer)?).await).await
            }
            TimerKind::ApprovalDue => duty.tick_approval(id(subject)?).await,
        };
        done.map(|()| Afterwards::Done)
    }
}

impl Timers {
    /// What may have started a run is folded at once, so that the run need not wait for whoever follows the log. Where that
    /// fails, the follower finds it. A fold that has begun is not cut off with the duty: it takes up what must not lie still.
    async fn then_fold(
        &self,
        claimed: &ClaimedTimer,
        done: Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        done?;
        let (timers, tenant) = (self.clone(), claimed.tenant);
        let fold = async move { timers.catch_up(tenant).await.map_err(CommandError::failed) };
        let folded = match self.0.working.get() {
            Some(working) => working.tasks.spawn(fold).await.map_err(CommandError::failed).flatten(),
            None => fold.await,
        };
        if let Err(error) = folded {
            tracing::debug!(tenant.id = %tenant, reason = %error, "timers are left to whoever follows the log");
        }
        Ok(())
    }
}

/// The run that was claimed.
fn run(claimed: &ClaimedTimer, Held { timer, cause }: &Held) -> Result<ClaimedRun, CommandError> {
    let start = if let Memo::Run(kept) = memo(timer)? { kept.start } else { None };
    let (tenant, id, fence) = (claimed.tenant, id(&claimed.name.subject)?, claimed.fence);
    Ok(ClaimedRun { tenant, id, start, told: cause.clone(), fence, cause: timer.cause })
}

fn memo(timer: &StoredTimer) -> Result<Memo, CommandError> {
    serde_json::from_str(&timer.memo).map_err(CommandError::failed)
}

fn id<I: std::str::FromStr<Err = ulid::DecodeError>>(subject: &str) -> Result<I, CommandError> {
    subject.parse().map_err(CommandError::failed)
}

impl Duty<'_> {
    fn commands(&self) -> &Commands {
        &self.timers.0.commands
    }

    fn context(&self) -> Context {
        Context { causation: Some(self.cause), ..Context::of(Caller::runner(self.tenant)) }
    }

    /// A run that has not ended by now has lost its process, or is taken for it: what it says later is refused.
    async fn give_up_run(&self, id: SourceId) -> Result<(), CommandError> {
        let Source::Present(source) = self.commands().load::<Source>(self.tenant, &id.to_string()).await?
        else {
            return Ok(());
        };
        let Some((run_id, _)) = source.running.filter(|(_, since)| *since + Source::RUN_LIMIT <= self.due_at)
        else {
            return Ok(());
        };
        let context = Context { correlation: Some(run_id.to_string()), ..self.context() };
        let command = SourceCommand::FailRun { run_id, failure: RunFailure::lost() };
        self.commands().change_source(&context, id, command).await?;
        Ok(())
    }

    async fn mark_stale(&self, id: KriId) -> Result<(), CommandError> {
        self.commands().change_kri(&self.context(), id, KriCommand::MarkStale).await?;
        Ok(())
    }

    async fn wake_breach(&self, id: KriId) -> Result<(), CommandError> {
        let kri = self.commands().load::<Kri>(self.tenant, &id.to_string()).await?;
        let Some(open) = kri.in_use().and_then(|kri| kri.episodes.open.as_ref()) else { return Ok(()) };
        let command = BreachCommand::SnoozeOver { until: self.due_at };
        self.commands().change_kri(&self.context(), id, KriCommand::Breach { id: open.id, command }).await?;
        Ok(())
    }

    /// Serves what a workflow's schedule has due: that its trigger was switched on or edited, is why.
    async fn tick(&self, id: WorkflowId) -> Result<(), CommandError> {
        self.commands().tick_workflow(&self.context(), id).await?;
        Ok(())
    }

    async fn tick_approval(&self, id: ApprovalId) -> Result<(), CommandError> {
        self.commands().tick_approval(&self.context(), id).await?;
        Ok(())
    }

    /// Tells each KRI that is still wired to the source how often it is read now. The source's own word counts, not the
    /// memo's: an edit that came since makes this due again.
    async fn reschedule(&self, id: SourceId, memo: &Memo) -> Result<(), CommandError> {
        let Memo::Wiring(wiring) = memo else { return Ok(()) };
        let source = self.commands().load::<Source>(self.tenant, &id.to_string()).await?;
        let Some(schedule) = source.in_use().map(|source| source.body.schedule) else { return Ok(()) };
        for kri_id in &wiring.kris {
            let kri = self.commands().load::<Kri>(self.tenant, &kri_id.to_string()).await?;
            let wired = kri.in_use().is_some_and(|kri| kri.body.source_id == Some(id));
            if wired {
                let command = KriCommand::Reschedule(Some(schedule));
                self.commands().change_kri(&self.context(), *kri_id, command).await?;
            }
        }
        Ok(())
    }
}
