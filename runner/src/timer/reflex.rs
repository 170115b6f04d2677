//! The reflex: a breach that this process has just committed is told of at once to the workflows that were asking for it last, and
//! the runs that come of it begin in the commit that starts them. Only ever a short way: it begins nothing that the long way, by
//! what is folded from the log, would not, and what it leaves undone the long way does.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use draxis_commands::CommandError;
use draxis_commands::workflow::{BegunRun, TriggeredBreach};
use draxis_domain::kri::Kri;
use draxis_domain::workflow::KriBreach;
use draxis_domain::{TenantId, WorkflowId};
use draxis_event_store::{Listener, Recorded};
use futures_util::future::join_all;
use lru::LruCache;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::relay::OpenedRelay;
use crate::timer::duty::{Duty, LEVELS};
use crate::timer::fold::Reached;
use crate::timer::folding::told;
use crate::timer::places::Place;
use crate::timer::{Lane, Timers, Working};

/// How long the long way waits for the short one: ten times what that takes.
const PATIENCE: Duration = Duration::from_millis(50);
/// Of so many tenants it is known what they ask for.
const MOST: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// What a workflow asks to be told of.
pub(super) type Asked = (WorkflowId, KriBreach);

/// What the reflexes of a process know and are at; clones share it.
#[derive(Clone)]
pub(super) struct Reflexes(Arc<Shared>);

struct Shared {
    /// What was asked for when it was looked up last. What has changed since is for the long way to find.
    asked: Mutex<LruCache<TenantId, Arc<[Asked]>>>,
    under_way: Mutex<BTreeMap<TenantId, usize>>,
    ended: Notify,
}

/// A reflex under way, until it is dropped.
struct UnderWay {
    reflexes: Reflexes,
    tenant: TenantId,
}

impl Default for Reflexes {
    fn default() -> Self {
        let asked = Mutex::new(LruCache::new(MOST));
        Self(Arc::new(Shared { asked, under_way: Mutex::default(), ended: Notify::new() }))
    }
}

impl Reflexes {
    /// Takes note of what a tenant's workflows ask for.
    pub(super) fn note(&self, tenant: TenantId, asked: Vec<Asked>) {
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner).put(tenant, asked.into());
    }

    fn asked(&self, tenant: TenantId) -> Option<Arc<[Asked]>> {
        let mut asked = self.0.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(&tenant).filter(|asked| !asked.is_empty()).cloned()
    }

    /// Waits until no reflex of the tenant is under way, or a moment: whoever goes the long way meanwhile would only be in the way.
    pub(super) async fn ended(&self, tenant: TenantId) {
        let none = async {
            loop {
                let ended = self.0.ended.notified();
                if !self.lock().contains_key(&tenant) {
                    return;
                }
                ended.await;
            }
        };
        // What has not ended by then goes on beside.
        drop(timeout(PATIENCE, none).await);
    }

    fn begin(&self, tenant: TenantId) -> UnderWay {
        let mut under_way = self.lock();
        let count = under_way.entry(tenant).or_default();
        *count = count.saturating_add(1);
        UnderWay { reflexes: self.clone(), tenant }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TenantId, usize>> {
        self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut under_way = self.reflexes.lock();
        match under_way.get_mut(&self.tenant) {
            Some(count) if *count > 1 => *count = count.saturating_sub(1),
            Some(_) | None => drop(under_way.remove(&self.tenant)),
        }
        drop(under_way);
        self.reflexes.0.ended.notify_waiters();
    }
}

impl Timers {
    /// Listens for breaches that this process commits.
    pub(super) fn listen(&self) {
        let timers = Arc::downgrade(&self.0);
        let tell = Box::new(move |recorded| {
            if let Some(timers) = timers.upgrade() {
                Self(timers).react(recorded);
            }
        });
        self.0.commands.log().writer().listen(Listener { types: &LEVELS, tell });
    }

    /// Reacts to a breach in a task of its own, where somebody asks for it and nobody may have waited longer for a place.
    fn react(self, recorded: Recorded) {
        let tenant = recorded.tenant;
        let Some(working) = self.0.working.get().filter(|working| !working.stop.is_cancelled()).cloned()
        else {
            return;
        };
        let Some(asked) = self.0.reflexes.asked(tenant) else { return };
        let Some(place) = self.0.lanes.places(Lane::Decisions).take_free(tenant) else { return };
        let under_way = self.0.reflexes.begin(tenant);
        let tasks = working.tasks.clone();
        tasks.spawn(async move {
            let longest = self.0.settings.of(Lane::Decisions).longest;
            let done = timeout(longest, self.tell_at_once(&recorded, &asked, &working)).await;
            if let Err(error) = done.map_err(CommandError::failed).flatten() {
                tracing::debug!(tenant.id = %tenant, reason = %error, "a breach is left to whoever follows the log");
            }
            drop((under_way, place));
        });
    }

    async fn tell_at_once(
        &self,
        Recorded { tenant, event, with }: &Recorded,
        asked: &[Asked],
        working: &Working,
    ) -> Result<(), CommandError> {
        let (tenant, commands) = (*tenant, &self.0.commands);
        let told = told(event).map_err(CommandError::failed)?;
        let Some(reached) = Reached::by(&told) else { return Ok(()) };
        let kri = commands.load_left::<Kri>((tenant, &told.aggregate_id), with).await?;
        let Kri::Present(kri) = kri else { return Ok(()) };
        let duty = Duty { timers: self, tenant, due_at: told.recorded_at, cause: told.event_id };
        let breach = duty.triggered(&kri, &reached);
        let (breach, ()) = tokio::try_join!(breach, commands.expect_scene(tenant))?;
        let named = asked.iter().filter(|(_, asked)| asked.kri.names(kri.id, &kri.body.slug));
        let begun = named.map(|(workflow, _)| async {
            let Some(place) = self.0.lanes.places(Lane::Runs).take_free(tenant) else { return Ok(()) };
            if let Some((begun, opened)) = self.begin_run(&duty, *workflow, (&reached, &breach)).await? {
                self.clone().drive_on(working, (tenant, place), (begun, opened));
            }
            Ok(())
        });
        join_all(begun).await.into_iter().collect()
    }

    /// Has a run begin; what its first step goes through is opened meanwhile.
    async fn begin_run(
        &self,
        duty: &Duty<'_>,
        workflow: WorkflowId,
        (reached, breach): (&Reached, &TriggeredBreach),
    ) -> Result<Option<(BegunRun, Option<OpenedRelay>)>, CommandError> {
        let (runs, context) = (&self.0.workflow_runs, duty.reacting_to(reached));
        let page = |run| runs.page(run);
        let begin = self.0.commands.begin_on_breach(&context, (workflow, breach), page);
        let (begun, opened) = tokio::join!(begin, runs.open_first(duty.tenant, workflow));
        Ok(begun?.map(|begun| (begun, opened)))
    }

    /// Goes on with a run that has begun, in a task of its own.
    fn drive_on(
        self,
        working: &Working,
        (tenant, place): (TenantId, Place),
        (begun, opened): (BegunRun, Option<OpenedRelay>),
    ) {
        working.tasks.spawn(async move {
            let (run, longest) = (begun.id, self.0.settings.of(Lane::Runs).longest);
            let driven = timeout(longest, self.0.workflow_runs.drive_on(tenant, begun, opened)).await;
            match driven.map_err(CommandError::failed).flatten() {
                Ok(()) => {}
                Err(CommandError::Rejected(rejection)) => tracing::info!(
                    tenant.id = %tenant, workflow_run.id = %run, reason = %rejection,
                    "a run is not gone on with"
                ),
                Err(error) => {
                    let chain: &dyn std::error::Error = &error;
                    tracing::error!(
                        tenant.id = %tenant, workflow_run.id = %run, error = chain,
                        "a run could not be gone on with; its timer finds it"
                    );
                }
            }
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::TenantId;
    use futures_util::FutureExt as _;
    use ulid::Ulid;

    use super::Reflexes;

    const ONE: TenantId = TenantId::new(Ulid(1));
    const OTHER: TenantId = TenantId::new(Ulid(2));

    #[tokio::test]
    async fn the_long_way_waits_for_what_is_under_way_of_its_tenant_and_for_no_longer_than_a_moment() {
        let reflexes = Reflexes::default();
        let (first, second) = (reflexes.begin(ONE), reflexes.begin(ONE));
        assert!(reflexes.ended(OTHER).now_or_never().is_some());
        let mut waits = Box::pin(reflexes.ended(ONE));
        assert!(waits.as_mut().now_or_never().is_none());
        drop(first);
        assert!(waits.as_mut().now_or_never().is_none(), "another one is under way");
        drop(second);
        assert!(waits.as_mut().now_or_never().is_some());
        let _hangs = reflexes.begin(ONE);
        reflexes.ended(ONE).await;
    }
}
