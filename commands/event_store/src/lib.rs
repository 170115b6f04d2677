//! The log in Postgres: tenant transactions, append, read, idempotency.
//!
//! Here lives every statement that touches `events`, `stream_heads`, `claims`, `idempotency_keys`, `snapshots`,
//! `checkpoints`, `tree_nodes` and `timers`. What never lives here: a rule of the product, a read model, HTTP.

mod aggregate_events;
mod append;
mod cache;
mod causes;
mod checkpoints;
mod clock;
mod companion;
mod copy;
mod database;
mod deliveries;
mod ends;
mod known_heads;
mod lookup;
mod metadata;
mod out_of_reach;
mod platform;
mod read;
mod receipt;
mod repository;
mod snapshot;
mod stretch;
mod tenant_log;
mod tenant_tx;
mod timers;
mod writer;

pub use aggregate_events::{
    OfAggregate, find_run_start, read_aggregate, read_aggregate_back, read_workflow_events,
};
pub use append::{Append, AppendError, Appended, Decision, NewEvent, Unless};
pub use causes::{find_event_between, read_positions, recorded_together};
pub use checkpoints::{
    StoredCheckpoint, StoredNode, TILE, as_hash, checkpoints_from, last_checkpoint, read_tile,
    store_checkpoint,
};
pub use clock::{Clock, Ids, ManualClock, SystemClock, UlidIds};
pub use companion::{Accompany, Companion};
pub use copy::{CopiedEvent, Page, read_page};
pub use database::{Database, DatabaseError, Pools, migrate};
pub use deliveries::{delivered_size, note_delivered};
pub use ends::{
    SequenceFault, StreamEnd, Written, first_sequence_fault, last_before, recorded_at, stream_end,
};
pub use lookup::{Those, aggregate_ids, claims_of, read_aggregate_until};
pub use metadata::{CqrsMetadata, flatten};
pub use out_of_reach::is_out_of_reach;
pub use platform::PlatformRepository;
pub use read::{EventFilter, StoredEvent, claim_owner, head, read_events, read_on, stream_positions};
pub use receipt::{Answer, Answered, Receipt, RequestHash, find_receipt};
pub use repository::{CacheUse, CommandKey, Committed, Outcome, Respond, TenantEventRepository};
pub use stretch::{Stretch, StretchError, StretchReader};
pub use tenant_log::TenantLog;
pub use tenant_tx::TenantTx;
pub use timers::{
    ClaimDurability, ClaimedTimer, PutTimer, StoredTimer, TimerCheckpoint, TimerClaim, TimerName,
    TimerProgress, claim_timers, drop_timer, find_claimed, finish_timer, hand_back_timer, hold_timer,
    load_timers, lock_timer_checkpoint, put_timers, remove_timers, retry_timer, timer_memos, timers_of,
};
pub use writer::{Listener, Recorded, Wakeups, Writer, WriterLimits};
