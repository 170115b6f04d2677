//! A stream as a whole, and what must hold of any.

use std::collections::BTreeMap;

use draxis_domain::{Position, TenantId};
use draxis_event_store::{EventFilter, StoredEvent, TenantTx, read_events};
use draxis_proof::tree::leaf_hash;
use sqlx::PgPool;

/// Every event of a stream in order.
pub async fn whole_stream(pool: &PgPool, tenant: TenantId) -> Vec<StoredEvent> {
    let mut events: Vec<StoredEvent> = Vec::new();
    let mut transaction = TenantTx::begin(pool, tenant).await.expect("a transaction");
    loop {
        let after = events.last().map_or(Position::START, |event| event.position);
        let page = read_events(&mut transaction, after, &EventFilter::default(), 5000)
            .await
            .expect("events are read");
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// The stream, after making sure of what holds of every stream: positions and each aggregate's sequences count 1, 2, 3…, time
/// never falls, every record hashes to its leaf.
pub async fn sound_stream(pool: &PgPool, tenant: TenantId) -> Vec<StoredEvent> {
    let events = whole_stream(pool, tenant).await;
    let head = draxis_event_store::head(pool, tenant).await.expect("the head is read");
    assert_eq!(head.get(), u64::try_from(events.len()).unwrap_or_default(), "the head counts the events");
    let mut sequences: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut time = None;
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position.get(), position, "positions have no gap");
        let sequence = sequences.entry((&event.aggregate_type, &event.aggregate_id)).or_default();
        *sequence += 1;
        assert_eq!(event.sequence.get(), *sequence, "sequences of {} have no gap", event.aggregate_id);
        assert!(time <= Some(event.recorded_at), "time falls at {position}");
        time = Some(event.recorded_at);
        let record = event.record(tenant).expect("the stored texts make a record");
        assert_eq!(
            leaf_hash(&record).as_bytes(),
            event.leaf_hash.as_slice(),
            "{position} does not hash to its leaf"
        );
    }
    events
}
