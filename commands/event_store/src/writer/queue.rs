//! What waits for a writer: bounded, fair between tenants, in order within one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use draxis_domain::TenantId;
use tokio::sync::{Notify, oneshot};

use crate::append::{Append, AppendError, Appended};
use crate::writer::WriterLimits;

/// One command that waits, and whom to tell.
pub(super) struct Pending {
    pub(super) append: Append,
    weight: usize,
    place: Place,
    reply: oneshot::Sender<Result<Appended, AppendError>>,
}

/// A place in the queue, which ends once: taken by the writer or given up by the caller, whoever comes first. So what was
/// given up is never written, and what is being written is never given up.
#[derive(Clone, Default)]
pub(super) struct Place(Arc<AtomicBool>);

impl Place {
    /// Ends the place; false where the other side has done so already.
    pub(super) fn end(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

impl Pending {
    pub(super) fn new(append: Append, reply: oneshot::Sender<Result<Appended, AppendError>>) -> Self {
        Self { weight: append.weight(), append, place: Place::default(), reply }
    }

    /// Its place in the queue.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Tells the caller, unless it has hung up: what was committed stays committed.
    pub(super) fn answer(self, result: Result<Appended, AppendError>) {
        drop(self.reply.send(result));
    }
}

#[derive(Default)]
struct Waiting {
    of_tenant: BTreeMap<TenantId, VecDeque<Pending>>,
    count: usize,
    bytes: usize,
    closed: bool,
    /// Whom the next batch begins after, so that the first tenant by id is not always the first served.
    served_last: TenantId,
}

/// The queue of one writer.
#[derive(Clone)]
pub(super) struct Queue {
    waiting: Arc<Mutex<Waiting>>,
    filled: Arc<Notify>,
    limits: WriterLimits,
}

impl Queue {
    pub(super) fn new(limits: WriterLimits) -> Self {
        Self { waiting: Arc::default(), filled: Arc::default(), limits }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, pending: Pending) -> Result<(), AppendError> {
        let mut waiting = self.lock();
        let of_tenant = waiting.of_tenant.get(&pending.append.tenant).map_or(0, VecDeque::len);
        if waiting.closed
            || waiting.count >= self.limits.waiting
            || of_tenant >= self.limits.waiting_of_tenant
            || waiting.bytes.saturating_add(pending.weight) > self.limits.waiting_bytes
        {
            return Err(AppendError::Overloaded);
        }
        waiting.count = waiting.count.saturating_add(1);
        waiting.bytes = waiting.bytes.saturating_add(pending.weight);
        waiting.of_tenant.entry(pending.append.tenant).or_default().push_back(pending);
        drop(waiting);
        self.filled.notify_one();
        Ok(())
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Lets those run who are ready to: whoever has just been answered often asks again at once, and comes along instead of
    /// waiting for a whole commit. No timer: it ends as soon as nobody new has come.
    async fn gather(&self) {
        let mut before = 0;
        loop {
            let waiting = self.lock().count;
            if waiting == before || waiting >= self.limits.batch_events {
                return;
            }
            before = waiting;
            tokio::task::yield_now().await;
        }
    }

    /// Waits for commands and takes as many as one transaction may hold; none once closed and empty.
    pub(super) async fn take_batch(&self) -> Option<Vec<Pending>> {
        loop {
            self.gather().await;
            let batch = {
                let mut waiting = self.lock();
                if waiting.closed && waiting.count == 0 {
                    return None;
                }
                waiting.next_batch(&self.limits)
            };
            if !batch.is_empty() {
                return Some(batch);
            }
            self.filled.notified().await;
        }
    }
}

impl Waiting {
    /// One command a tenant, round and round, until the batch is full.
    fn next_batch(&mut self, limits: &WriterLimits) -> Vec<Pending> {
        let mut batch = Vec::new();
        let (mut events, mut bytes, mut keys) = (0_usize, 0_usize, 0_usize);
        while events < limits.batch_events && bytes < limits.batch_bytes && keys < limits.batch_keys {
            let Some(pending) = self.next() else { break };
            if !pending.place.end() {
                continue;
            }
            events = events.saturating_add(pending.append.events().max(1));
            bytes = bytes.saturating_add(pending.weight);
            keys = keys.saturating_add(usize::from(pending.append.receipt.is_some()));
            batch.push(pending);
        }
        batch
    }

    fn next(&mut self) -> Option<Pending> {
        let after = (std::ops::Bound::Excluded(self.served_last), std::ops::Bound::Unbounded);
        let tenant = *self.of_tenant.range(after).next().or_else(|| self.of_tenant.iter().next())?.0;
        self.served_last = tenant;
        let queued = self.of_tenant.get_mut(&tenant)?;
        let pending = queued.pop_front();
        if queued.is_empty() {
            self.of_tenant.remove(&tenant);
        }
        if let Some(pending) = &pending {
            self.count = self.count.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(pending.weight);
        }
        pending
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::TenantId;
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::{Pending, Queue};
    use crate::append::{Append, AppendError};
    use crate::receipt::{Answer, Receipt, RequestHash};
    use crate::writer::WriterLimits;

    fn pending(tenant: u128) -> Pending {
        let append = Append {
            tenant: TenantId::from(Uuid::from_u128(tenant)),
            decisions: Vec::new(),
            receipt: None,
            unless: None,
        };
        Pending::new(append, oneshot::channel().0)
    }

    #[tokio::test]
    async fn a_busy_tenant_does_not_hold_up_a_quiet_one() {
        let queue = Queue::new(WriterLimits { batch_events: 4, ..WriterLimits::default() });
        for _ in 0..100 {
            queue.push(pending(1)).unwrap();
        }
        queue.push(pending(2)).unwrap();
        let batch = queue.take_batch().await.unwrap();
        assert!(batch.iter().any(|pending| pending.append.tenant == TenantId::from(Uuid::from_u128(2))));
    }

    #[tokio::test]
    async fn a_batch_holds_no_more_keys_than_the_server_has_locks_for() {
        let queue = Queue::new(WriterLimits { batch_keys: 3, ..WriterLimits::default() });
        for n in 0..10_u8 {
            let answer = Answer { status: 201, body: Vec::new(), version: None };
            let request = RequestHash([n; 32]);
            let receipt = Receipt { caller: "runner".to_owned(), key: n.to_string(), request, answer };
            let keyed = pending(1);
            queue
                .push(Pending { append: Append { receipt: Some(receipt), ..keyed.append }, ..keyed })
                .unwrap();
        }
        assert_eq!(queue.take_batch().await.map(|batch| batch.len()), Some(3));
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_and_one_tenant_cannot_fill_it() {
        let queue = Queue::new(WriterLimits { waiting: 10, waiting_of_tenant: 8, ..WriterLimits::default() });
        for _ in 0..8 {
            queue.push(pending(1)).unwrap();
        }
        assert_eq!(queue.push(pending(1)), Err(AppendError::Overloaded));
        queue.push(pending(2)).unwrap();
        queue.push(pending(3)).unwrap();
        assert_eq!(queue.push(pending(4)), Err(AppendError::Overloaded));
    }

    #[tokio::test]
    async fn what_was_given_up_is_not_taken_and_what_was_taken_cannot_be_given_up() {
        let queue = Queue::new(WriterLimits::default());
        let (impatient, patient) = (pending(1), pending(1));
        let places = [impatient.place(), patient.place()];
        queue.push(impatient).unwrap();
        queue.push(patient).unwrap();
        assert!(places[0].end());
        assert_eq!(queue.take_batch().await.map(|batch| batch.len()), Some(1));
        assert!(!places[1].end());
    }

    #[tokio::test]
    async fn whoever_is_ready_to_ask_comes_along() {
        let queue = Queue::new(WriterLimits::default());
        queue.push(pending(1)).unwrap();
        let (asking, mut ready) = (queue.clone(), tokio::task::JoinSet::new());
        ready.spawn(async move { asking.push(pending(1)).unwrap() });
        assert_eq!(queue.take_batch().await.map(|batch| batch.len()), Some(2), "both in one commit");
    }

    #[tokio::test]
    async fn a_closed_queue_is_emptied_before_it_ends() {
        let queue = Queue::new(WriterLimits::default());
        queue.push(pending(1)).unwrap();
        queue.close();
        assert_eq!(queue.push(pending(1)), Err(AppendError::Overloaded));
        assert_eq!(queue.take_batch().await.map(|batch| batch.len()), Some(1));
        assert!(queue.take_batch().await.is_none());
    }
}
