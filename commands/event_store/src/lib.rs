//! The log in Postgres: tenant transactions, append, read, idempotency.
//!
//! Here lives every statement that touches `events`, `stream_heads`, `claims`, `idempotency_keys`, `snapshots` and
//! `checkpoints`. What never lives here: a rule of the product, a read model, HTTP.

mod append;
mod cache;
mod clock;
mod database;
mod metadata;
mod platform;
mod read;
mod receipt;
mod repository;
mod snapshot;
mod tenant_tx;
mod writer;

pub use append::{Append, AppendError, Appended, NewEvent};
pub use clock::{Clock, Ids, ManualClock, SystemClock, UlidIds};
pub use database::{Database, DatabaseError, Pools, migrate};
pub use metadata::{CqrsMetadata, flatten};
pub use platform::PlatformRepository;
pub use read::{EventFilter, StoredEvent, claim_owner, head, read_events, read_on, stream_positions};
pub use receipt::{Answer, Answered, Receipt, RequestHash, find_receipt};
pub use repository::{CacheUse, CommandKey, Committed, Outcome, Respond, TenantEventRepository, TenantLog};
pub use tenant_tx::TenantTx;
pub use writer::{Wakeups, Writer, WriterLimits};
