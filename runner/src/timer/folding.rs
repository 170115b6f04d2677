//! Folding a tenant's stream into its timers: exact, in one transaction from where it stood to the stream's head.

use std::collections::BTreeMap;

use draxis_commands::CommandError;
use draxis_domain::{DecodeError, EventId, Position, TenantEvent, TenantId};
use draxis_event_store::{
    StoredEvent, StoredTimer, TenantTx, TimerCheckpoint, TimerName, load_timers, lock_timer_checkpoint,
    read_on,
};

use crate::timer::fold::{Timer, TimerKey, Told, VERSION, changes};
use crate::timer::{TimerKind, Timers};

/// How many events are read at once.
const PAGE: u32 = 1_000;

/// Why a tenant's timers could not be brought to its stream's head.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// The database.
    #[error("the tenant's timers could not be read or written")]
    Database(#[from] CommandError),
    /// The stream has a hole, which only a lost or hidden row brings about.
    #[error(
        "the stream goes on at position {found} where {expected} should follow: verify the tenant's audit trail"
    )]
    Gap {
        /// What should have followed.
        expected: Position,
        /// What did.
        found: Position,
    },
    /// An event does not read back.
    #[error("the event at position {position} could not be understood")]
    Event {
        /// Where.
        position: Position,
        /// Why.
        source: DecodeError,
    },
    /// An id or a memo does not read back.
    #[error("what is kept beside position {position} could not be understood")]
    Beside {
        /// Where.
        position: Position,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a fold has come upon.
#[derive(Default)]
pub(super) struct Touched {
    /// The timers that were touched, as they were and as they are.
    pub(super) timers: BTreeMap<TimerKey, (Option<Timer>, Option<Timer>)>,
    /// The events of the last page that touched them: whoever takes up what has just become due need not read them again.
    pub(super) read: BTreeMap<EventId, StoredEvent>,
}

impl Timers {
    /// Brings a tenant's timers to its stream's head and answers with that position. Rows and checkpoint commit together; the
    /// checkpoint's row is locked meanwhile, so that two programs never fold one tenant at once. A tenant whose fold is of
    /// another version is folded anew in the same transaction: claims see the old timers or the new, never some of each.
    pub async fn catch_up(&self, tenant: TenantId) -> Result<Position, FoldError> {
        let pool = &self.0.commands.pools().app;
        let mut transaction = TenantTx::begin_rebuildable(pool, tenant).await.map_err(CommandError::from)?;
        let locked = lock_timer_checkpoint(&mut transaction, VERSION, PAGE).await;
        let (from, mut page) = match locked.map_err(CommandError::from)? {
            TimerCheckpoint::At(position, next) => (position, next),
            TimerCheckpoint::Newer => return Ok(Position::START),
        };
        let mut touched = Touched::default();
        let mut at = from;
        loop {
            let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            at = touched.fold(&mut transaction, at, page).await?;
            if !full {
                break;
            }
            page = read_on(&mut transaction, at, PAGE).await.map_err(CommandError::from)?;
        }
        if at > from {
            let written = self.write(&mut transaction, touched, at).await?;
            match transaction.commit().await {
                Ok(()) => self.set_off(written).await,
                Err(error) => {
                    self.give_up(written).await;
                    return Err(CommandError::from(error).into());
                }
            }
        }
        Ok(at)
    }
}

impl Touched {
    async fn fold(
        &mut self,
        transaction: &mut TenantTx,
        after: Position,
        page: Vec<StoredEvent>,
    ) -> Result<Position, FoldError> {
        let mut at = after;
        let mut planned = Vec::new();
        self.read.clear();
        for event in page {
            at = at.next();
            if event.position != at {
                return Err(FoldError::Gap { expected: at, found: event.position });
            }
            let told = told(&event)?;
            let changes = changes(&told);
            if !changes.is_empty() {
                self.read.insert(told.event_id, event);
                planned.push((told, changes));
            }
        }
        let keys: Vec<&TimerKey> =
            planned.iter().flat_map(|(_, changes)| changes.iter().map(|(key, _)| key)).collect();
        self.load(transaction, &keys, at).await?;
        for (told, changes) in planned {
            for (key, change) in changes {
                let (_, now) = self.timers.entry(key).or_default();
                *now = change.apply(now.take(), &told);
            }
        }
        Ok(at)
    }

    async fn load(
        &mut self,
        transaction: &mut TenantTx,
        keys: &[&TimerKey],
        at: Position,
    ) -> Result<(), FoldError> {
        let mut names = Vec::new();
        for key in keys.iter().copied() {
            if !self.timers.contains_key(key) {
                self.timers.insert(key.clone(), (None, None));
                names.push(TimerName { kind: key.kind.name().to_owned(), subject: key.subject.clone() });
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        for (name, timer) in load_timers(transaction, &names).await.map_err(CommandError::from)? {
            let Some(kind) = TimerKind::parse(&name.kind) else { continue };
            let timer = Some(read(&timer, at)?);
            self.timers.insert(TimerKey { kind, subject: name.subject }, (timer.clone(), timer));
        }
        Ok(())
    }
}

/// A stored event as the fold is told of it.
pub(super) fn told(event: &StoredEvent) -> Result<Told, FoldError> {
    let position = event.position;
    let decoded =
        TenantEvent::decode(&event.aggregate_type, &event.event_type, event.version, &event.payload);
    Ok(Told {
        event_id: event.event_id.parse().map_err(|error: ulid::DecodeError| beside(position, error))?,
        recorded_at: event.recorded_at,
        aggregate_id: event.aggregate_id.clone(),
        sequence: event.sequence,
        metadata: serde_json::from_str(&event.metadata).map_err(|error| beside(position, error))?,
        event: decoded.map_err(|source| FoldError::Event { position, source })?,
    })
}

fn read(timer: &StoredTimer, at: Position) -> Result<Timer, FoldError> {
    let memo = serde_json::from_str(&timer.memo).map_err(|error| beside(at, error))?;
    Ok(Timer { due_at: timer.due_at, cause: timer.cause, memo })
}

pub(super) fn stored(timer: &Timer, at: Position) -> Result<StoredTimer, FoldError> {
    let memo = serde_json::to_string(&timer.memo).map_err(|error| beside(at, error))?;
    Ok(StoredTimer { due_at: timer.due_at, cause: timer.cause, memo })
}

fn beside(position: Position, error: impl std::error::Error + Send + Sync + 'static) -> FoldError {
    FoldError::Beside { position, source: Box::new(error) }
}
