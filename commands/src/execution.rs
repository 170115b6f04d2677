//! Carrying out a command: permission, load, decide, append, answer; a lost race is run again from the load.

mod context;
mod in_flight;
mod turns;

use std::sync::Arc;

use cqrs_es::{AggregateError, CqrsFramework};
use draxis_domain::{Moment, Rejection, Root, Sequence, TenantId};
use draxis_event_store::{
    Accompany, Answer, CacheUse, Clock, CommandKey, Committed, Ids, PlatformRepository, Pools, Respond,
    StoredEvent, TenantEventRepository, TenantLog, TenantTx, find_receipt, flatten,
};
use tokio::sync::OwnedMutexGuard;

pub use crate::execution::context::Context;
use crate::execution::in_flight::InFlight;
use crate::execution::turns::Turns;
use crate::member::Rosters;
use crate::vault::Vault;
use crate::{CommandError, Guarded};

/// How often a command that lost a race is decided again before the caller is asked to come back.
const ATTEMPTS: usize = 16;

/// Carries out commands: the only way anything changes.
#[derive(Clone)]
pub struct Commands {
    log: TenantLog,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    vault: Vault,
    in_flight: InFlight,
    turns: Turns,
    rosters: Rosters,
}

/// How a command's answer is made of the state it leaves and the aggregate's id.
pub type Responder<A> = Arc<dyn Fn(&A, &str) -> Answer + Send + Sync>;

/// One command on one aggregate, and the answer it will be given if it holds.
pub struct Execution<A: Root> {
    /// The aggregate's id.
    pub id: String,
    /// What is asked of it.
    pub command: A::Command,
    /// What is answered, made of the state the command leaves.
    pub respond: Responder<A>,
}

impl Commands {
    /// Commands over a log.
    pub fn new(log: TenantLog, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>, vault: Vault) -> Self {
        let (in_flight, turns, rosters) = (InFlight::default(), Turns::default(), Rosters::new());
        Self { log, clock, ids, vault, in_flight, turns, rosters }
    }

    /// The log behind it.
    pub const fn log(&self) -> &TenantLog {
        &self.log
    }

    /// The pools behind it.
    pub const fn pools(&self) -> &Pools {
        self.log.pools()
    }

    /// The time that rules are told.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The same clock, for parts of the program that outlive a command.
    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The same source of ids, for parts of the program that outlive a command.
    pub(crate) fn shared_ids(&self) -> Arc<dyn Ids> {
        Arc::clone(&self.ids)
    }

    /// Where new ids come from.
    pub fn ids(&self) -> &dyn Ids {
        self.ids.as_ref()
    }

    /// What is known of the members of tenants.
    pub(crate) const fn rosters(&self) -> &Rosters {
        &self.rosters
    }

    /// Where secrets are sealed.
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Carries out a command on the caller's tenant.
    pub async fn on_tenant<A>(
        &self,
        context: &Context,
        execution: Execution<A>,
    ) -> Result<Committed, CommandError>
    where
        A: Root + 'static,
        A::Command: Guarded + Clone,
    {
        let tenant = context.caller.tenant()?;
        context.caller.must(execution.command.permission())?;
        let _held = self.hold_key(tenant, context)?;
        let (mut cache, mut turn) = (CacheUse::Trusted, None);
        for attempt in 0..ATTEMPTS {
            match self.attempt((tenant, context), &execution, (cache, None)).await {
                Ok(committed) => return Ok(committed),
                // Somebody else was at it: after them, on what they have left in the cache; then on what the log has beyond that;
                // where even that goes on failing, by the log alone.
                Err(AggregateError::AggregateConflict) if turn.is_none() => {
                    turn = self.turn_at::<A>(tenant, &execution.id).await;
                }
                Err(AggregateError::AggregateConflict) if attempt < ATTEMPTS / 2 => {
                    cache = CacheUse::LoadedOn;
                }
                Err(AggregateError::AggregateConflict) => cache = CacheUse::Bypassed,
                // A refusal is only as true as the state it was read from: read the log before saying no.
                Err(AggregateError::UserError(rejection)) => {
                    if cache == CacheUse::Bypassed || !rejection.may_be_stale() {
                        return self.repeated(tenant, context, rejection.into()).await;
                    }
                    cache = CacheUse::Bypassed;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(CommandError::Contended)
    }

    /// One attempt at a command, on what may be known of its aggregate; another may begin with it.
    pub(crate) async fn attempt<A>(
        &self,
        (tenant, context): (TenantId, &Context),
        execution: &Execution<A>,
        (cache, accompany): (CacheUse, Option<Accompany<A>>),
    ) -> Result<Committed, AggregateError<Rejection>>
    where
        A: Root + 'static,
        A::Command: Clone,
    {
        let (key, respond) = (context.key.clone(), responding(execution));
        let store = TenantEventRepository::new(&self.log, tenant, key, respond, cache)
            .unless(context.unless)
            .accompanied(accompany);
        let outcome = store.outcome();
        let framework = CqrsFramework::new(store, Vec::new(), self.moment(context));
        let (command, metadata) = (execution.command.clone(), flatten(&context.metadata())?);
        framework.execute_with_metadata(&execution.id, command, metadata).await?;
        outcome.take().ok_or(AggregateError::AggregateConflict)
    }

    /// Carries out a command that hangs on more than its own aggregate: `held` is what was found of the rest. Where that
    /// does not hold any more, a command that was carried out while it did is still answered as it was then.
    pub(crate) async fn on_tenant_if<A>(
        &self,
        context: &Context,
        held: Result<(), CommandError>,
        execution: Execution<A>,
    ) -> Result<Committed, CommandError>
    where
        A: Root + 'static,
        A::Command: Guarded + Clone,
    {
        let Err(refusal) = held else { return self.on_tenant(context, execution).await };
        context.caller.must(execution.command.permission())?;
        self.repeated(context.caller.tenant()?, context, refusal).await
    }

    /// Carries out a command on the platform's stream, through postgres-es.
    pub async fn on_platform<A>(
        &self,
        context: &Context,
        execution: Execution<A>,
    ) -> Result<Committed, CommandError>
    where
        A: Root + 'static,
        A::Command: Guarded + Clone,
    {
        context.caller.must(execution.command.permission())?;
        let _held = self.hold_key(TenantId::PLATFORM, context)?;
        for _ in 0..ATTEMPTS {
            if let Some(answered) = self.answered(TenantId::PLATFORM, context).await? {
                return Ok(answered);
            }
            let store = PlatformRepository::new(self.pools(), context.key.clone(), responding(&execution));
            let outcome = store.outcome();
            let framework = CqrsFramework::new(store, Vec::new(), self.moment(context));
            let metadata = flatten(&context.metadata())?;
            match framework.execute_with_metadata(&execution.id, execution.command.clone(), metadata).await {
                Ok(()) => {
                    self.rosters.wrote();
                    return outcome.take().ok_or(CommandError::Contended);
                }
                Err(AggregateError::AggregateConflict) => {}
                Err(error) => {
                    let error = CommandError::from(error);
                    // The key's receipt, written by another process in the meantime, is found at the next turn.
                    if !matches!(error, CommandError::Contended) {
                        return Err(error);
                    }
                }
            }
        }
        Err(CommandError::Contended)
    }

    /// Another aggregate of the caller's tenant, as the log has it now.
    pub async fn load<A: Root + 'static>(&self, tenant: TenantId, id: &str) -> Result<A, CommandError> {
        Ok(self.log.load(tenant, id).await?)
    }

    /// Another aggregate as it stood once it had come to that place, or later.
    pub async fn load_reached<A: Root + 'static>(
        &self,
        tenant: TenantId,
        id: &str,
        place: Sequence,
    ) -> Result<A, CommandError> {
        Ok(self.log.load_reached(tenant, id, place).await?)
    }

    /// Another aggregate as events that this process has just recorded have left it, or later.
    pub async fn load_left<A: Root + 'static>(
        &self,
        of: (TenantId, &str),
        recorded: &[StoredEvent],
    ) -> Result<A, CommandError> {
        Ok(self.log.load_left(of, recorded).await?)
    }

    pub(crate) fn moment(&self, context: &Context) -> Moment {
        Moment {
            now: self.clock.now(),
            actor: context.caller.actor,
            impersonator: context.caller.impersonator,
            expected_version: context.expected_version,
        }
    }

    /// A turn at an aggregate, for commands of this process that would only race each other.
    pub(crate) async fn turn_at<A: Root>(&self, tenant: TenantId, id: &str) -> Option<OwnedMutexGuard<()>> {
        self.turns.take((tenant, A::TYPE, id.to_owned())).await
    }

    fn hold_key(&self, tenant: TenantId, context: &Context) -> Result<Option<in_flight::Held>, CommandError> {
        match &context.key {
            Some(CommandKey { caller, key, .. }) => self
                .in_flight
                .hold((tenant, caller.clone(), key.clone()))
                .map(Some)
                .ok_or(CommandError::InFlight),
            None => Ok(None),
        }
    }

    /// A command that was answered before is answered so again, even where the world has moved on and would refuse it now.
    async fn repeated(
        &self,
        tenant: TenantId,
        context: &Context,
        refusal: CommandError,
    ) -> Result<Committed, CommandError> {
        self.answered(tenant, context).await?.ok_or(refusal)
    }

    /// What this key was answered with before, if it was.
    pub async fn answered(
        &self,
        tenant: TenantId,
        context: &Context,
    ) -> Result<Option<Committed>, CommandError> {
        let Some(CommandKey { caller, key, request }) = &context.key else { return Ok(None) };
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        let Some(before) = find_receipt(&mut transaction, tenant, caller, key).await? else {
            return Ok(None);
        };
        if before.request != *request {
            return Err(CommandError::KeyReused);
        }
        Ok(Some(Committed {
            position: before.position,
            answer: before.answer,
            events: Vec::new(),
            repeated: true,
        }))
    }
}

/// The answer as the store wants it: of the state alone.
fn responding<A: Root + 'static>(execution: &Execution<A>) -> Respond<A> {
    let (respond, id) = (Arc::clone(&execution.respond), execution.id.clone());
    Box::new(move |aggregate| respond(aggregate, &id))
}

/// Whether a refusal hangs on the state at all.
trait MayBeStale {
    fn may_be_stale(&self) -> bool;
}

impl MayBeStale for Rejection {
    fn may_be_stale(&self) -> bool {
        match self {
            Self::NotFound { .. } | Self::Conflict { .. } | Self::Stale { .. } | Self::Invalid { .. } => true,
            // Judged under the head's lock, never on a cached state.
            Self::Taken { .. } => false,
        }
    }
}
