//! What many tests begin with: a tenant, a KRI, a reading.

use chrono::{DateTime, Utc};
use draxis_commands::{Caller, Context};
use draxis_domain::kri::{Direction, Flapping, KriBody, NewReading};
use draxis_domain::{EventId, KriId, KriSlug, Name, Quantity, Sequence, TenantId, Unit};
use draxis_event_store::{Append, Decision, Ids, NewEvent, UlidIds};

use super::Process;

/// When every test begins.
pub fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time within the calendar")
}

/// A tenant that nobody has seen. Its stream needs no other making.
pub fn new_tenant() -> TenantId {
    TenantId::new(UlidIds.next())
}

/// A KRI that people enter values of: amber from 10, red from 20.
pub fn kri_body(slug: &str) -> KriBody {
    KriBody {
        slug: KriSlug::parse(slug).expect("a KRI's slug"),
        name: Name::parse("Unpatched systems").expect("a name"),
        description: None,
        unit: Unit::parse("count").expect("a unit"),
        source_id: None,
        direction: Direction::HigherIsWorse,
        warn: quantity(10),
        critical: quantity(20),
        flapping: Flapping::default(),
        risk_ids: std::collections::BTreeSet::default(),
        outcome_id: None,
        owner: None,
        reason: None,
    }
}

/// Defines a KRI in the tenant, as the program itself.
pub async fn define_kri(process: &Process, tenant: TenantId, slug: &str) -> KriId {
    let context = Context::of(Caller::runner(tenant));
    let done = process.commands.define_kri(&context, kri_body(slug)).await.expect("the KRI is defined");
    let answer: serde_json::Value = serde_json::from_slice(&done.answer.body).expect("the answer is JSON");
    answer
        .get("id")
        .and_then(|id| id.as_str())
        .and_then(|id| id.parse().ok())
        .expect("the answer names the KRI")
}

/// A reading of that value, observed so many seconds after the start of time.
pub fn reading(value: i64, seconds: i64) -> NewReading {
    NewReading {
        value: quantity(value),
        observed_at: start_of_time() + chrono::Duration::seconds(seconds),
        source_id: None,
        run_id: None,
        note: None,
        expires_at: None,
    }
}

/// So many edits of an outcome, as a writer takes them, decided at that sequence: for tests of the writer alone.
pub fn edits(tenant: TenantId, id: &str, expected: u64, count: u64) -> Append {
    let edit = |n: u64| NewEvent {
        event_id: EventId::new(UlidIds.next()),
        event_type: "outcome.edited",
        version: 1,
        payload: format!(r#"{{"version":{n},"name":"Customers can pay","description":null}}"#),
    };
    let decision = Decision {
        aggregate_type: "outcome",
        aggregate_id: id.to_owned(),
        expected: Sequence::new(expected),
        events: (expected + 1..=expected + count).map(edit).collect(),
        claims: Vec::new(),
        metadata: r#"{"actor":"runner"}"#.to_owned(),
    };
    Append::of(tenant, decision)
}

fn quantity(value: i64) -> Quantity {
    Quantity::new(value.into())
}
