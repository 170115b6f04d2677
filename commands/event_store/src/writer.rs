//! Group commit: a writer takes whatever has queued while its last commit was in flight and commits it as one transaction
//! over many tenants (design.md section 3).

mod batch;
mod judge;
mod queue;
mod sequences;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use draxis_domain::{Position, TenantId};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::append::{Append, AppendError, Appended};
use crate::clock::Clock;
use crate::database::Pools;
use crate::read::StoredEvent;
use crate::writer::batch::{Batch, BatchError, Line, Outcome};
use crate::writer::queue::{Pending, Queue};
use crate::writer::sequences::Sequences;

/// How much a writer takes at once and lets wait.
#[derive(Debug, Clone, Copy)]
pub struct WriterLimits {
    /// Events in one transaction.
    pub batch_events: usize,
    /// Bytes in one transaction.
    pub batch_bytes: usize,
    /// Idempotency keys in one transaction, each of which is a lock at the server (`max_locks_per_transaction`).
    pub batch_keys: usize,
    /// Commands that may wait for one writer.
    pub waiting: usize,
    /// Commands of one tenant that may wait, so that none fills the queue alone.
    pub waiting_of_tenant: usize,
    /// Bytes that may wait for one writer.
    pub waiting_bytes: usize,
    /// How long a command may wait for its turn before it is turned away.
    pub patience: Duration,
    /// How long one transaction may take before its connection is given up.
    pub batch_time: Duration,
}

impl Default for WriterLimits {
    fn default() -> Self {
        Self {
            batch_events: 1000,
            batch_bytes: 4 << 20,
            batch_keys: 128,
            waiting: 8192,
            waiting_of_tenant: 4096,
            waiting_bytes: 64 << 20,
            patience: Duration::from_secs(5),
            // Longer than the wait for a lock (see `Database`), which the server ends by itself.
            batch_time: Duration::from_secs(15),
        }
    }
}

/// What followers in this process are woken by: a tenant and its new head. A hint; the head in the database is the truth.
pub type Wakeups = broadcast::Sender<(TenantId, Position)>;

/// Whoever must hear of some events as soon as they are committed by this process, before any follower is woken.
pub struct Listener {
    /// The wire names of these.
    pub types: &'static [&'static str],
    /// Whom to tell of one of these, and of all that was recorded of its aggregate with it: it comes back at once. A hint, as the
    /// wakeups are.
    pub tell: Box<dyn Fn(Recorded) + Send + Sync>,
}

/// An event that somebody listens for.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The stream.
    pub tenant: TenantId,
    /// The event.
    pub event: StoredEvent,
    /// All events of its aggregate in its commit, in order.
    pub with: Vec<StoredEvent>,
}

/// The only way events get into tenants' streams.
#[derive(Clone)]
pub struct Writer {
    queues: Arc<[Queue]>,
    wakeups: Wakeups,
    listener: Arc<OnceLock<Listener>>,
    patience: Duration,
}

impl Writer {
    /// Starts `writers` writers, each with a connection of its own, into the given set of tasks.
    pub fn start(
        pools: &Pools,
        clock: &Arc<dyn Clock>,
        limits: WriterLimits,
        writers: usize,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let (wakeups, _) = broadcast::channel(4096);
        let listener = Arc::new(OnceLock::new());
        let queues: Arc<[Queue]> = (0..writers.max(1)).map(|_| Queue::new(limits)).collect();
        for queue in queues.iter() {
            let scribe = Scribe {
                queue: queue.clone(),
                options: pools.writer.clone(),
                clock: Arc::clone(clock),
                wakeups: wakeups.clone(),
                listener: Arc::clone(&listener),
                batch_time: limits.batch_time,
                line: None,
                sequences: Sequences::new(),
            };
            tasks.spawn(scribe.run());
        }
        Self { queues, wakeups, listener, patience: limits.patience }
    }

    /// Has somebody told of what this process commits. There is one listener; another one that comes later hears nothing.
    pub fn listen(&self, listener: Listener) {
        drop(self.listener.set(listener));
    }

    /// Where followers hear of new events.
    pub const fn wakeups(&self) -> &Wakeups {
        &self.wakeups
    }

    /// Queues one command's events and waits until they are durable, or refused.
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let (reply, mut answer) = oneshot::channel();
        let queue = self.queue_of(append.tenant);
        let pending = Pending::new(append, reply);
        let place = pending.place();
        queue.push(pending)?;
        let told = match timeout(self.patience, &mut answer).await {
            Ok(told) => told,
            Err(_) if place.end() => return Err(AppendError::Overloaded),
            // Its turn has come: how it ends is known soon.
            Err(_) => answer.await,
        };
        // A writer that ends with commands in hand has lost its process: whether they hold is not known.
        told.unwrap_or(Err(AppendError::Unknown))
    }

    /// Turns new commands away and lets the writers end once what waits is written.
    pub fn close(&self) {
        for queue in self.queues.iter() {
            queue.close();
        }
    }

    /// A tenant is pinned to one writer, so that its commands never contend for its head within a process.
    fn queue_of(&self, tenant: TenantId) -> &Queue {
        let pin = usize::try_from(tenant.ulid().random() % 65_521).unwrap_or(0);
        #[expect(
            clippy::indexing_slicing,
            reason = "there is at least one queue and the index is taken modulo their count"
        )]
        &self.queues[pin % self.queues.len()]
    }
}

/// One writer: a queue, a connection, and what it knows of the streams it wrote last.
struct Scribe {
    queue: Queue,
    options: PgConnectOptions,
    clock: Arc<dyn Clock>,
    wakeups: Wakeups,
    listener: Arc<OnceLock<Listener>>,
    batch_time: Duration,
    line: Option<Line>,
    sequences: Sequences,
}

impl Scribe {
    async fn run(mut self) {
        while let Some(pending) = self.queue.take_batch().await {
            self.write(pending).await;
        }
        if let Some(line) = self.line.take() {
            // A failed goodbye changes nothing: everything acknowledged is committed.
            drop(line.close().await);
        }
    }

    /// Writes the batch; where the database refuses it as a whole, each command is tried alone so that only the guilty one
    /// fails.
    async fn write(&mut self, pending: Vec<Pending>) {
        let alone = pending.len() == 1;
        match self.commit(pending).await {
            Ok(()) => {}
            Err((guilty, error)) if alone || !error.is_refusal() => {
                let why = error.for_caller();
                for pending in guilty {
                    pending.answer(Err(why.clone()));
                }
            }
            Err((suspects, _)) => {
                for suspect in suspects {
                    Box::pin(self.write(vec![suspect])).await;
                }
            }
        }
    }

    async fn commit(&mut self, pending: Vec<Pending>) -> Result<(), (Vec<Pending>, BatchError)> {
        let mut line = match self.connect().await {
            Ok(line) => line,
            Err(error) => return Err((pending, BatchError::NotBegun(error))),
        };
        let batch = Batch::new(self.clock.as_ref(), &pending);
        let committed = timeout(self.batch_time, batch.commit(&mut line, &mut self.sequences)).await;
        match committed.unwrap_or_else(|_| Err(batch.given_up())) {
            Ok(outcome) => {
                self.line = Some(line);
                let results = self.announce(outcome);
                for (pending, result) in pending.into_iter().zip(results) {
                    pending.answer(result);
                }
                Ok(())
            }
            Err(error) => {
                let chain: &dyn std::error::Error = &error;
                tracing::error!(error = chain, commands = pending.len(), "a batch was not committed");
                self.sequences.forget();
                // A connection that failed in another way than by a refusal is not used again.
                self.line = error.is_refusal().then_some(line);
                Err((pending, error))
            }
        }
    }

    /// Tells whoever waits for what was committed, and hands on what each command is told.
    fn announce(&self, outcome: Outcome) -> Vec<Result<Appended, AppendError>> {
        if let Some(Listener { types, tell }) = self.listener.get() {
            for row in outcome.events.iter().filter(|row| types.contains(&row.event_type)) {
                let with = outcome.events.iter().filter(|other| other.is_beside(row));
                let with = with.map(StoredEvent::from).collect();
                tell(Recorded { tenant: row.tenant, event: row.into(), with });
            }
        }
        for (tenant, head) in outcome.heads {
            // No follower listening is no error.
            drop(self.wakeups.send((tenant, head)));
        }
        outcome.results
    }

    async fn connect(&mut self) -> Result<Line, sqlx::Error> {
        if let Some(line) = self.line.take() {
            return Ok(line);
        }
        let greeted = timeout(self.batch_time, Line::greet(&self.options)).await;
        greeted.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}
