//! Working: a lane claims what is due, does it within bounds, and says so; what fails is tried again later.

use draxis_commands::CommandError;
use draxis_event_store::{
    ClaimedTimer, StoredTimer, TimerClaim, claim_timers, drop_timer, find_claimed, finish_timer,
    hand_back_timer, hold_timer, retry_timer,
};
use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::timer::duty::Afterwards;
use crate::timer::places::{Place, Places};
use crate::timer::{Lane, Timers};

/// The shortest pause before something is looked at again.
const SHORTEST: std::time::Duration = std::time::Duration::from_millis(20);
/// How many jobs [`Timers::do_due`] claims at a time in each lane.
const ROUND: u32 = 256;

/// A lane of this process at work.
struct Worker {
    timers: Timers,
    lane: Lane,
    places: Places,
    under_way: JoinSet<()>,
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
    /// Claims as much as there are free places.
    async fn claim(&mut self) -> Vec<ClaimedTimer> {
        while self.under_way.try_join_next().is_some() {}
        let busy = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
        let limits = self.timers.0.settings.of(self.lane);
        let free = limits.at_once.saturating_sub(busy);
        match self.timers.claim(self.lane, &self.places, free).await {
            Ok(claimed) => {
                let full = self.places.would_be_full(&claimed, (free, limits.of_tenant));
                self.last = if full { LastClaim::Some } else { LastClaim::All };
                claimed
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

    async fn begin(&mut self, claimed: Vec<ClaimedTimer>, stop: &CancellationToken) {
        for claimed in claimed {
            if stop.is_cancelled() {
                self.timers.hand_back(&claimed).await;
            } else {
                let place = self.places.take(claimed.tenant);
                self.under_way.spawn(self.timers.clone().placed_job(place, claimed));
            }
        }
    }

    async fn run(mut self, stop: CancellationToken) {
        let timers = self.timers.clone();
        while !stop.is_cancelled() {
            // Heard from here on, so that nothing that falls due during the claim is missed.
            let due = timers.0.bells.heard(self.lane);
            let claimed = self.claim().await;
            self.begin(claimed, &stop).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = due => {}
                () = tokio::time::sleep(self.timers.0.settings.look_every) => {}
                Some(_) = self.under_way.join_next(), if self.last == LastClaim::Some => {}
            }
        }
        while self.under_way.join_next().await.is_some() {}
    }
}

impl Timers {
    /// Does what is due in a lane until told to stop; then ends when what was begun has.
    pub(super) async fn work(self, lane: Lane, stop: CancellationToken) {
        let worker = Worker {
            timers: self,
            lane,
            places: Places::default(),
            under_way: JoinSet::new(),
            last: LastClaim::All,
        };
        worker.run(stop).await;
    }

    /// Does everything that is due now, in all lanes, and answers with how many timers that were: for whoever must know that
    /// nothing is left, such as a test.
    pub async fn do_due(&self) -> Result<usize, CommandError> {
        let mut done = 0_usize;
        loop {
            let mut round = Vec::new();
            for lane in Lane::ALL {
                round.extend(self.claim(lane, &Places::default(), ROUND).await?);
            }
            if round.is_empty() {
                return Ok(done);
            }
            done = done.saturating_add(round.len());
            join_all(round.iter().map(|claimed| self.job(claimed))).await;
        }
    }

    async fn claim(&self, lane: Lane, places: &Places, free: u32) -> Result<Vec<ClaimedTimer>, CommandError> {
        if free == 0 {
            return Ok(Vec::new());
        }
        let limits = self.0.settings.of(lane);
        let claim = TimerClaim {
            kinds: &lane.kinds(),
            due: self.0.commands.clock().now(),
            of_tenant: limits.of_tenant,
            up_to: free,
            busy: &places.taken(),
            lease: limits.lease,
            durability: lane.durability(),
        };
        Ok(claim_timers(&self.0.commands.pools().app, &claim).await?)
    }

    async fn placed_job(self, place: Place, claimed: ClaimedTimer) {
        self.job(&claimed).await;
        drop(place);
    }

    /// One timer, from the claim to its end. Nothing that happens here ends the lane.
    async fn job(&self, claimed: &ClaimedTimer) {
        if let Err(error) = self.try_job(claimed).await {
            let chain: &dyn std::error::Error = &error;
            tracing::error!(
                tenant.id = %claimed.tenant, timer.kind = claimed.name.kind, timer.subject = claimed.name.subject,
                error = chain,
                "what became of a timer could not be written; it is done again when its lease ends"
            );
        }
    }

    async fn try_job(&self, claimed: &ClaimedTimer) -> Result<(), CommandError> {
        let pool = &self.0.commands.pools().app;
        // Between claim and now an event may have moved it, or the lease may have ended: then it is somebody else's.
        let Some(timer) = find_claimed(pool, claimed).await? else { return Ok(()) };
        match self.carry_out(claimed, &timer).await {
            Ok(Afterwards::Done) => {
                finish_timer(pool, claimed, &timer).await?;
            }
            Ok(Afterwards::Over) => drop_timer(pool, claimed, &timer).await?,
            Ok(Afterwards::LookAgain(pause)) => hold_timer(pool, claimed, pause.max(SHORTEST)).await?,
            // A rule said no: asking again would not change that, and the next event may.
            Err(CommandError::Rejected(rejection)) => {
                tracing::info!(
                    tenant.id = %claimed.tenant, timer.kind = claimed.name.kind, timer.subject = claimed.name.subject,
                    timer.due_at = %claimed.due_at, reason = %rejection,
                    "what was due is skipped"
                );
                finish_timer(pool, claimed, &timer).await?;
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

    async fn hand_back(&self, claimed: &ClaimedTimer) {
        if let Err(error) = hand_back_timer(&self.0.commands.pools().app, claimed).await {
            let error = CommandError::from(error);
            let chain: &dyn std::error::Error = &error;
            tracing::warn!(error = chain, "a timer was not handed back; its lease ends by itself");
        }
    }

    async fn carry_out(
        &self,
        claimed: &ClaimedTimer,
        timer: &StoredTimer,
    ) -> Result<Afterwards, CommandError> {
        let Some(kind) = crate::timer::TimerKind::parse(&claimed.name.kind) else {
            return Ok(Afterwards::Done);
        };
        let longest = self.0.settings.of(kind.lane()).longest;
        match tokio::time::timeout(longest, self.duty(kind, claimed, timer)).await {
            Ok(done) => done,
            Err(elapsed) => Err(CommandError::failed(elapsed)),
        }
    }
}
