//! Working: a lane claims what is due, does it within bounds, and says so; what fails is tried again later.

use std::collections::BTreeMap;

use draxis_commands::CommandError;
use draxis_domain::TenantId;
use draxis_event_store::{
    ClaimedTimer, StoredEvent, StoredTimer, TimerClaim, claim_timers, drop_timer, find_claimed, finish_timer,
    hand_back_timer, hold_timer, retry_timer,
};
use futures_util::future::join_all;
use tokio_util::task::TaskTracker;

use crate::timer::duty::Afterwards;
use crate::timer::places::Place;
use crate::timer::{Lane, Timers, Working};

/// The shortest pause before something is looked at again.
const SHORTEST: std::time::Duration = std::time::Duration::from_millis(20);
/// How many jobs [`Timers::do_due`] claims at a time in each lane.
const ROUND: u32 = 256;

/// A timer as whoever has claimed it knows it.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) timer: StoredTimer,
    /// The event that made it due, where this process has just folded it.
    pub(super) cause: Option<StoredEvent>,
}

/// A lane of this process at work.
struct Worker {
    timers: Timers,
    lane: Lane,
    last: LastClaim,
}

/// What the last claim came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastClaim {
    /// Everything that was due.
    All,
    /// For want of a place something may have been left, which a place that is free again is for.
    Some,
    /// It failed: said once, not at every look.
    Failed,
}

impl Worker {
    /// Claims as much as there are free places, and takes these.
    async fn claim(&mut self) -> Vec<(Place, ClaimedTimer)> {
        let places = self.timers.0.lanes.places(self.lane);
        let free = places.before_claim();
        match self.timers.claim(self.lane, &free.busy, free.places).await {
            Ok(claimed) => {
                let of: Vec<_> = claimed.iter().map(|claimed| claimed.tenant).collect();
                let placed = of.iter().map(|tenant| places.take(*tenant)).zip(claimed).collect();
                let all = places.after_claim(free, &of);
                self.last = if all { LastClaim::All } else { LastClaim::Some };
                placed
            }
            Err(error) => {
                if std::mem::replace(&mut self.last, LastClaim::Failed) != LastClaim::Failed {
                    let chain: &dyn std::error::Error = &error;
                    tracing::error!(error = chain, "due timers cannot be claimed; it is tried again");
                }
                Vec::new()
            }
        }
    }

    async fn run(mut self, working: &Working) {
        let timers = self.timers.clone();
        let lanes = &timers.0.lanes;
        while !working.stop.is_cancelled() {
            // Heard from here on, so that nothing that falls due during the claim is missed.
            let (due, freed) = (lanes.heard(self.lane), lanes.places(self.lane).freed());
            for (place, claimed) in self.claim().await {
                timers.begin(working, (place, claimed), None).await;
            }
            tokio::select! {
                () = working.stop.cancelled() => {}
                () = due => {}
                () = tokio::time::sleep(timers.0.settings.look_every) => {}
                () = freed, if self.last == LastClaim::Some => {}
            }
        }
    }
}

impl Timers {
    /// Does what is due in a lane until told to stop.
    pub(super) async fn work(self, lane: Lane, working: Working) {
        Worker { timers: self, lane, last: LastClaim::All }.run(&working).await;
    }

    /// Does everything that is due now, in all lanes, and answers with how many timers that were: for whoever must know that
    /// nothing is left, such as a test.
    pub async fn do_due(&self) -> Result<usize, CommandError> {
        let mut done = 0_usize;
        loop {
            let mut round = Vec::new();
            for lane in Lane::ALL {
                round.extend(self.claim(lane, &BTreeMap::new(), ROUND).await?);
            }
            if round.is_empty() {
                return Ok(done);
            }
            done = done.saturating_add(round.len());
            join_all(round.iter().map(|claimed| self.job(claimed, None))).await;
        }
    }

    async fn claim(
        &self,
        lane: Lane,
        busy: &BTreeMap<TenantId, u32>,
        free: u32,
    ) -> Result<Vec<ClaimedTimer>, CommandError> {
        if free == 0 {
            return Ok(Vec::new());
        }
        let limits = self.0.settings.of(lane);
        let claim = TimerClaim {
            kinds: &lane.kinds(),
            due: self.0.commands.clock().now(),
            of_tenant: limits.of_tenant,
            up_to: free,
            busy,
            lease: limits.lease,
            durability: lane.durability(),
        };
        Ok(claim_timers(&self.0.commands.pools().app, &claim).await?)
    }

    /// Begins what this process has claimed, in a task of its own; where it has been told to stop meanwhile, somebody else may
    /// have it at once. The timer itself is given by whoever has just written it.
    pub(super) async fn begin(
        &self,
        working: &Working,
        (place, claimed): (Place, ClaimedTimer),
        held: Option<Held>,
    ) {
        if working.stop.is_cancelled() {
            self.hand_back(&claimed).await;
        } else {
            self.clone().spawn(&working.tasks, (place, claimed), held);
        }
    }

    fn spawn(self, tasks: &TaskTracker, (place, claimed): (Place, ClaimedTimer), held: Option<Held>) {
        tasks.spawn(async move {
            self.job(&claimed, held).await;
            drop(place);
        });
    }

    /// One timer, from the claim to its end. Nothing that happens here ends the lane.
    async fn job(&self, claimed: &ClaimedTimer, held: Option<Held>) {
        if let Err(error) = self.try_job(claimed, held).await {
            let chain: &dyn std::error::Error = &error;
            tracing::error!(
                tenant.id = %claimed.tenant, timer.kind = claimed.name.kind, timer.subject = claimed.name.subject,
                error = chain,
                "what became of a timer could not be written; it is done again when its lease ends"
            );
        }
    }

    async fn try_job(&self, claimed: &ClaimedTimer, held: Option<Held>) -> Result<(), CommandError> {
        let held = if held.is_some() {
            held
        } else {
            // Between claim and now an event may have moved it, or the lease may have ended: then it is somebody else's.
            let found = find_claimed(&self.0.commands.pools().app, claimed).await?;
            found.map(|timer| Held { timer, cause: None })
        };
        let Some(held) = held else { return Ok(()) };
        self.do_held(claimed, &held).await
    }

    async fn do_held(&self, claimed: &ClaimedTimer, held: &Held) -> Result<(), CommandError> {
        let (pool, timer) = (&self.0.commands.pools().app, &held.timer);
        match self.carry_out(claimed, held).await {
            Ok(Afterwards::Done) => {
                finish_timer(pool, claimed, timer).await?;
            }
            Ok(Afterwards::Moved) => {}
            Ok(Afterwards::Over) => drop_timer(pool, claimed, timer).await?,
            Ok(Afterwards::LookAgain(pause)) => hold_timer(pool, claimed, pause.max(SHORTEST)).await?,
            // A rule said no: asking again would not change that, and the next event may.
            Err(CommandError::Rejected(rejection)) => {
                tracing::info!(
                    tenant.id = %claimed.tenant, timer.kind = claimed.name.kind, timer.subject = claimed.name.subject,
                    timer.due_at = %claimed.due_at, reason = %rejection,
                    "what was due is skipped"
                );
                finish_timer(pool, claimed, timer).await?;
            }
            Err(error) => self.retry_later(claimed, &error).await?,
        }
        Ok(())
    }

    async fn retry_later(&self, claimed: &ClaimedTimer, error: &CommandError) -> Result<(), CommandError> {
        let pauses = (self.0.settings.first_pause, self.0.settings.longest_pause);
        let failures = retry_timer(&self.0.commands.pools().app, claimed, pauses).await?;
        // A failure is logged once, however often it is met again.
        if failures == Some(1) {
            let chain: &dyn std::error::Error = error;
            tracing::error!(
                tenant.id = %claimed.tenant, timer.kind = claimed.name.kind, timer.subject = claimed.name.subject,
                error = chain,
                "what was due could not be done; it is tried again, ever more seldom"
            );
        }
        Ok(())
    }

    pub(super) async fn hand_back(&self, claimed: &ClaimedTimer) {
        if let Err(error) = hand_back_timer(&self.0.commands.pools().app, claimed).await {
            let error = CommandError::from(error);
            let chain: &dyn std::error::Error = &error;
            tracing::warn!(error = chain, "a timer was not handed back; its lease ends by itself");
        }
    }

    async fn carry_out(&self, claimed: &ClaimedTimer, held: &Held) -> Result<Afterwards, CommandError> {
        let Some(kind) = crate::timer::TimerKind::parse(&claimed.name.kind) else {
            return Ok(Afterwards::Done);
        };
        let longest = self.0.settings.of(kind.lane()).longest;
        match tokio::time::timeout(longest, self.duty(kind, claimed, held)).await {
            Ok(done) => done,
            Err(elapsed) => Err(CommandError::failed(elapsed)),
        }
    }
}
