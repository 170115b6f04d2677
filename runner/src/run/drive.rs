//! Driving: one turn after the other, until the run waits for somebody or for a time, or is over.

use std::collections::BTreeSet;
use std::time::Duration;

use draxis_commands::CommandError;
use draxis_commands::workflow::BegunRun;
use draxis_commands::workflow_run::{DrivenRun, Holder, ProducedDocument};
use draxis_domain::workflow::{Action, Step, Trigger};
use draxis_domain::workflow_run::{
    EffectId, EffectReference, Known, Next, Progress, RunBegun, RunState, WorkflowRun,
};
use draxis_domain::{TenantId, WorkflowRunId};

use crate::relay::OpenedRelay;
use crate::run::scene::Seen;
use crate::run::{ClaimedRun, WorkflowRuns};
use crate::timer::{Afterwards, RunStart};

/// How many turns one claim may take: more than any definition has steps and any step attempts.
const TURNS: usize = 2_000;

/// A worker at one run.
pub(super) struct Worker<'a> {
    pub(super) runs: &'a WorkflowRuns,
    pub(super) claimed: ClaimedRun,
    pub(super) holder: Holder,
    /// What this worker has sent under its claim.
    sent: BTreeSet<(EffectId, u32)>,
    pub(super) seen: Seen,
    /// The relay that it sends through first, where it was opened while the run began.
    pub(super) opened: Option<OpenedRelay>,
    /// What this worker has done in the house, can do again, and has not said yet: it is said together with what comes next.
    unsaid: Vec<Progress>,
    /// Documents of which that speaks, which are kept first.
    pub(super) written: Vec<ProducedDocument>,
    /// Whether this worker has recorded anything of the run.
    recorded: bool,
}

impl WorkflowRuns {
    /// Does what a run needs, as far as it goes now.
    pub(crate) async fn drive(&self, claimed: ClaimedRun) -> Result<Afterwards, CommandError> {
        let holder = Holder::new((claimed.tenant, claimed.id), claimed.fence, claimed.cause);
        let mut worker = Worker::new(self, claimed, holder);
        let run = worker.take_up().await?;
        worker.go_on(run).await
    }

    /// Does what a run needs that has begun in the commit that started it: what it is about to send first may have been opened
    /// meanwhile. Whatever becomes of it, what it has recorded says when it is due next.
    pub(crate) async fn drive_on(
        &self,
        tenant: TenantId,
        BegunRun { holder, id, run, cause }: BegunRun,
        opened: Option<OpenedRelay>,
    ) -> Result<(), CommandError> {
        let fence = holder.fence;
        let claimed = ClaimedRun { tenant, id, start: None, told: None, fence, cause };
        let mut worker = Worker { opened, recorded: true, ..Worker::new(self, claimed, holder) };
        worker.go_on(run).await.map(drop)
    }
}

/// Whether a step that was done twice is the same as one that was done once, and nobody waits to hear of it: a document is kept
/// under the hash of its bytes. What the panel answers costs, and what KRIs become is seen.
const fn leaves_no_trace(step: &Step) -> bool {
    matches!(step.action, Action::ProduceDocument(_))
}

/// What came of one turn.
pub(super) enum Turned {
    /// The run has gone on to this.
    On(WorkflowRun),
    /// The run needs nobody now.
    Rests(Afterwards),
}

impl<'a> Worker<'a> {
    fn new(runs: &'a WorkflowRuns, claimed: ClaimedRun, holder: Holder) -> Self {
        let (sent, seen, opened) = (BTreeSet::new(), Seen::default(), None);
        let (unsaid, written) = (Vec::new(), Vec::new());
        Self { runs, claimed, holder, sent, seen, opened, unsaid, written, recorded: false }
    }

    /// One turn after the other.
    async fn go_on(&mut self, mut run: WorkflowRun) -> Result<Afterwards, CommandError> {
        for _ in 0..TURNS {
            let WorkflowRun::Present(state) = run else { return Ok(Afterwards::Done) };
            self.holder = self.holder.clone().of(&state.begun);
            run = match self.turn(&state).await? {
                Turned::On(run) => run,
                Turned::Rests(afterwards) => {
                    self.withdraw_left_behind(&state).await?;
                    // What it has recorded says when the run is due next, whatever is said of this time.
                    return Ok(if self.recorded { Afterwards::Moved } else { afterwards });
                }
            };
        }
        Ok(Afterwards::LookAgain(Duration::from_secs(1)))
    }

    pub(super) const fn id(&self) -> WorkflowRunId {
        self.claimed.id
    }

    /// The run as it stands; taken up first, where its workflow has only started it.
    async fn take_up(&mut self) -> Result<WorkflowRun, CommandError> {
        let (commands, tenant, id) = (&self.runs.0.commands, self.claimed.tenant, self.id());
        let Some(begun) = self.started().await? else { return commands.load_run(tenant, id).await };
        let scene = self.scene(&begun).await?;
        if self.claimed.told.is_some() {
            commands.presume_untaken(tenant, id);
        }
        self.holder = self.holder.clone().of(&begun);
        let driven = commands.begin_run(&self.holder, begun, scene).await?;
        Ok(self.note(driven))
    }

    fn note(&mut self, driven: DrivenRun) -> WorkflowRun {
        self.recorded |= driven.recorded;
        driven.run
    }

    /// What the run begins with, where it has not been taken up as far as its timer knows.
    async fn started(&self) -> Result<Option<RunBegun>, CommandError> {
        let (commands, claimed) = (&self.runs.0.commands, &self.claimed);
        let Some(RunStart { workflow_id, sequence }) = claimed.start else { return Ok(None) };
        let told = match &claimed.told {
            Some(told) => commands.started_run(claimed.tenant, (workflow_id, claimed.id), told)?,
            None => None,
        };
        match told {
            Some(begun) => Ok(Some(begun)),
            None => commands.read_started_run(claimed.tenant, (workflow_id, sequence, claimed.id)).await,
        }
    }

    async fn turn(&mut self, state: &RunState) -> Result<Turned, CommandError> {
        let now = self.runs.0.commands.clock().now();
        let (about_to, next) = (self.to_be_sent(state), state.next(now));
        // For what is sent at once, and for nothing later.
        let opened = self.opened.take();
        let alone = about_to.is_none() && matches!(&next, Next::Do(step) if leaves_no_trace(step));
        // Nothing that is seen outside the run is done before the run says that it is at it.
        if !self.unsaid.is_empty() && !alone {
            return self.say(state).await;
        }
        if let Some((effect, attempt)) = about_to {
            self.sent.insert((effect, attempt));
            let outcome = self.send(state, effect, opened).await?;
            return self.give(state, Progress::Sent { effect, attempt, outcome }).await;
        }
        match next {
            Next::Do(step) => self.do_step(state, step).await,
            Next::Due => self.give(state, Progress::Due).await,
            Next::LookUp(effect) => {
                let seen = self.look_up(state, effect).await?;
                self.give(state, Progress::LookedUp { effect, seen }).await
            }
            Next::Ask(step) => {
                let progress = self.ask(state, step).await?;
                self.give(state, progress).await
            }
            Next::Approval { .. } | Next::Ticket { .. } | Next::Nothing(_) | Next::Over => {
                self.rest(state, next).await
            }
        }
    }

    async fn do_step(&mut self, state: &RunState, step: &Step) -> Result<Turned, CommandError> {
        let progress = self.do_in_house(state, step).await?;
        if leaves_no_trace(step) {
            self.put_off(state, progress).await
        } else {
            self.give(state, progress).await
        }
    }

    /// Looks at what the run waits for; where that is not there, the run rests.
    async fn rest(&mut self, state: &RunState, next: Next<'_>) -> Result<Turned, CommandError> {
        match next {
            Next::Approval { step, approval_id, round } => {
                match self.look_at(state, (step, approval_id, round)).await? {
                    Some(progress) => self.give(state, progress).await,
                    None => Ok(Turned::Rests(self.until(state.next_time()))),
                }
            }
            Next::Ticket { step, ticket } => self.look_at_ticket(state, (step, ticket)).await,
            Next::Nothing(at) => Ok(Turned::Rests(self.until(at))),
            Next::Over | Next::Due | Next::LookUp(_) | Next::Do(_) | Next::Ask(_) => {
                self.tell_workflow(&state.begun).await?;
                Ok(Turned::Rests(Afterwards::Over))
            }
        }
    }

    /// What this worker has said that it is about to send and has not sent.
    fn to_be_sent(&self, state: &RunState) -> Option<(EffectId, u32)> {
        state.effects.iter().find_map(|(id, effect)| match effect.known {
            Known::Sending { fence, .. }
                if fence == self.claimed.fence && !self.sent.contains(&(*id, effect.attempts)) =>
            {
                Some((*id, effect.attempts))
            }
            Known::Sending { .. }
            | Known::Planned(_)
            | Known::Confirmed(_)
            | Known::Rejected
            | Known::Ambiguous { .. } => None,
        })
    }

    /// Tells the run what has come of something, and of what was put off before.
    async fn give(&mut self, state: &RunState, with: Progress) -> Result<Turned, CommandError> {
        self.unsaid.push(with);
        self.say(state).await
    }

    async fn say(&mut self, state: &RunState) -> Result<Turned, CommandError> {
        let (commands, written) = (&self.runs.0.commands, std::mem::take(&mut self.written));
        if !written.is_empty() {
            commands.keep_documents(self.claimed.tenant, written).await?;
        }
        let scene = self.scene(&state.begun).await?;
        let unsaid = std::mem::take(&mut self.unsaid);
        let driven = commands.drive_run(&self.holder, self.id(), (scene, unsaid)).await?;
        Ok(Turned::On(self.note(driven)))
    }

    /// Goes on as if the run had been told already. Cut off before it is, the step is done again.
    async fn put_off(&mut self, state: &RunState, with: Progress) -> Result<Turned, CommandError> {
        let scene = self.scene(&state.begun).await?;
        let ahead = self.runs.0.commands.run_ahead(&self.holder, state, (scene, with.clone()))?;
        self.unsaid.push(with);
        Ok(Turned::On(WorkflowRun::Present(Box::new(ahead))))
    }

    /// Nothing to do until then. An event that has come meanwhile makes the run due by itself.
    fn until(&self, at: Option<chrono::DateTime<chrono::Utc>>) -> Afterwards {
        let now = self.runs.0.commands.clock().now();
        at.map_or(Afterwards::Done, |at| Afterwards::LookAgain((at - now).to_std().unwrap_or_default()))
    }

    async fn look_at_ticket(
        &mut self,
        state: &RunState,
        (step, ticket): (&Step, &EffectReference),
    ) -> Result<Turned, CommandError> {
        let pause = self.runs.0.settings.ticket_every;
        let status = match self.runs.0.relays.ticket_status(self.claimed.tenant, ticket).await {
            Ok(status) => status,
            Err(error) => {
                tracing::info!(workflow_run.id = %self.id(), reason = %error, "a ticket could not be looked at; it is tried again");
                return Ok(Turned::Rests(Afterwards::LookAgain(pause)));
            }
        };
        let step = step.frame.id.clone();
        let turned = self.give(state, Progress::TicketSeen { step: step.clone(), status }).await?;
        match &turned {
            Turned::On(WorkflowRun::Present(after))
                if after.current().is_some_and(|(at, _)| at.frame.id == step) =>
            {
                Ok(Turned::Rests(Afterwards::LookAgain(pause)))
            }
            Turned::On(_) | Turned::Rests(_) => Ok(turned),
        }
    }

    /// A run that is over may be what the workflow's next due time has waited for.
    async fn tell_workflow(&self, begun: &RunBegun) -> Result<(), CommandError> {
        match begun.definition.trigger {
            Trigger::Schedule(_) => {
                let context = &self.holder.context;
                self.runs.0.commands.end_workflow_run(context, begun.workflow_id, begun.id).await?;
                Ok(())
            }
            Trigger::KriBreach(_) | Trigger::Manual(_) => Ok(()),
        }
    }
}
