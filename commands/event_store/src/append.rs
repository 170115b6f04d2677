//! What is asked of a writer: a command's events, under what they were decided on.

use chrono::{DateTime, Utc};
use draxis_domain::{Claim, EventId, Position, Sequence, TenantId};

use crate::receipt::{Answered, Receipt};

/// An event that has been decided and not yet recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id, made by whoever decided it.
    pub event_id: EventId,
    /// The wire name.
    pub event_type: &'static str,
    /// The payload's version.
    pub version: u16,
    /// The payload, as JSON text.
    pub payload: String,
}

/// A caller's key within a stream.
pub(crate) type ReceiptKey = (TenantId, String, String);

/// What was decided for one aggregate.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The aggregate's type.
    pub aggregate_type: &'static str,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// The sequence the events were decided at.
    pub expected: Sequence,
    /// The events, which may be none where only the receipt is new.
    pub events: Vec<NewEvent>,
    /// Names the events take or release.
    pub claims: Vec<Claim>,
    /// The metadata of each event, as JSON text.
    pub metadata: String,
}

/// What one command decided, recorded all or none: for its aggregate, and for whichever others stand or fall with that.
#[derive(Debug, Clone)]
pub struct Append {
    /// The stream.
    pub tenant: TenantId,
    /// What was decided, for each aggregate once, in the order in which it is recorded.
    pub decisions: Vec<Decision>,
    /// The command's key and answer, recorded with the events.
    pub receipt: Option<Receipt>,
    /// What must not have happened since, where it was decided on more than its own aggregates.
    pub unless: Option<Unless>,
}

/// Events that would overtake a decision: it was made on the stream as it was, and does not hold where one of them has been
/// recorded since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unless {
    /// The stream's head before it was read.
    pub since: Position,
    /// The events' wire names.
    pub events: &'static [&'static str],
}

impl Append {
    /// What was decided for one aggregate alone, by nobody who would ask again.
    pub fn of(tenant: TenantId, decision: Decision) -> Self {
        Self { tenant, decisions: vec![decision], receipt: None, unless: None }
    }

    /// The key that its receipt stands under.
    pub(crate) fn receipt_key(&self) -> Option<ReceiptKey> {
        let receipt = self.receipt.as_ref()?;
        Some((self.tenant, receipt.caller.clone(), receipt.key.clone()))
    }

    /// How many events it records.
    pub(crate) fn events(&self) -> usize {
        self.decisions.iter().map(|decision| decision.events.len()).sum()
    }

    /// About how many bytes it puts on the wire to the database.
    pub(crate) fn weight(&self) -> usize {
        self.decisions.iter().map(Decision::weight).sum::<usize>().saturating_add(200)
    }
}

impl Decision {
    /// What the aggregate is known by within its stream.
    pub(crate) fn aggregate(&self) -> (&'static str, String) {
        (self.aggregate_type, self.aggregate_id.clone())
    }

    /// The sequence that it leaves the aggregate at.
    pub(crate) fn leaves_at(&self) -> Sequence {
        self.expected.plus(u64::try_from(self.events.len()).unwrap_or(u64::MAX))
    }

    fn weight(&self) -> usize {
        let each = self.metadata.len().saturating_add(self.aggregate_id.len()).saturating_add(200);
        self.events.iter().map(|event| event.payload.len().saturating_add(each)).sum()
    }
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The events stand in the stream.
    Recorded {
        /// The position of the last of them; the stream's head where there were none.
        position: Position,
        /// When.
        recorded_at: DateTime<Utc>,
    },
    /// The same command had been answered before; nothing was appended.
    Repeated(Answered),
}

/// Why an append was not made, told apart by what the caller can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The aggregate has moved on: load it again and decide again.
    #[error("the aggregate has moved on since it was loaded")]
    Conflict,
    /// Something else has changed that the decision stood on: read it again and decide again.
    #[error("something that this was decided on has changed since")]
    Overtaken,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request; send a new key")]
    KeyReused,
    /// The key is being written, by another process: nothing was appended.
    #[error("a command with this idempotency key is under way; wait for its answer")]
    InFlight,
    /// A name that must be unique is taken.
    #[error("this {0} is taken")]
    Taken(&'static str),
    /// More is waiting than can be written in time: nothing was appended, try again later.
    #[error("more commands are waiting than the database takes; try again in a second")]
    Overloaded,
    /// The database refused these events alone; logged where it happened.
    #[error("the database refused the events")]
    Refused,
    /// The connection broke while the commit was under way: whether it holds is not known here. The same idempotency key
    /// finds out.
    #[error("the database went away during the commit; repeat the command with the same Idempotency-Key")]
    Unknown,
}
