//! Explanations in a long stream: found by position, whatever its length, and told the same as by looking through it.

use draxis_domain::{Actor, EventId, Metadata, Sequence, TenantId};
use draxis_event_store::{Append, Decision, Ids, NewEvent, UlidIds};
use draxis_projections::{ReadModels, Settings};
use sqlx::{Connection, Executor, Row};

use crate::house::{Process, TestDatabase, new_tenant};

/// Appends an outcome's events under this metadata; answers with the first event's id.
async fn append(process: &Process, tenant: TenantId, id: &str, count: u64, metadata: &Metadata) -> EventId {
    let ids: Vec<EventId> = (0..count).map(|_| EventId::new(UlidIds.next())).collect();
    let events = ids.iter().zip(1..).map(|(event_id, n): (&EventId, u64)| NewEvent {
        event_id: *event_id,
        event_type: if n == 1 { "outcome.defined" } else { "outcome.edited" },
        version: 1,
        payload: format!(r#"{{"id":"{id}","version":{n},"name":"Customers can pay","description":null}}"#),
    });
    let decision = Decision {
        aggregate_type: "outcome",
        aggregate_id: id.to_owned(),
        expected: Sequence::START,
        events: events.collect(),
        claims: Vec::new(),
        metadata: serde_json::to_string(metadata).unwrap(),
    };
    let append = Append::of(tenant, decision);
    process.writer.append(append).await.unwrap();
    ids[0]
}

fn outcome_id() -> String {
    draxis_domain::OutcomeId::new(UlidIds.next()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_reads_as_few_pages_of_a_long_stream_as_of_a_short_one() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let read_models = ReadModels::new(&process.pools, Settings::default());
    let tenant = new_tenant();
    let by = Metadata::by(Actor::Runner);
    let origin = append(&process, tenant, &outcome_id(), 1, &by).await;
    for _ in 0..20 {
        append(&process, tenant, &outcome_id(), 100, &by).await;
    }
    let reaction = by.caused(origin, Actor::Runner);
    let effect = append(&process, tenant, &outcome_id(), 3, &reaction).await;
    for _ in 0..20 {
        append(&process, tenant, &outcome_id(), 100, &by).await;
    }
    let second = append(&process, tenant, &outcome_id(), 1, &reaction.caused(effect, Actor::Runner)).await;

    let explained = read_models.explain_event(tenant, origin).await.unwrap().unwrap();
    let told: Vec<_> = explained.effects.iter().map(|effect| (effect.depth, effect.cause)).collect();
    assert_eq!(told, [(1, origin), (1, origin), (1, origin), (2, effect)]);
    let explained = read_models.explain_event(tenant, second).await.unwrap().unwrap();
    let causes: Vec<String> = explained.causes.iter().map(|cause| cause.event_id.clone()).collect();
    assert_eq!(causes, [effect.to_string(), origin.to_string()]);
    let unknown = EventId::new(UlidIds.next());
    assert!(read_models.explain_event(tenant, unknown).await.unwrap().is_none());
    assert!(read_models.explain_event(new_tenant(), origin).await.unwrap().is_none(), "nobody else's");

    let mut superuser = database.superuser().await;
    superuser.execute("ANALYZE events").await.unwrap();
    // What the look for an id costs: the events of one second, not of the stream.
    let second_row = sqlx::raw_sql("SELECT body::text FROM causality WHERE key LIKE 'id/%'");
    let rows = second_row.fetch_all(&mut superuser).await.unwrap();
    assert!(rows.len() < 200, "a row a second, not one an event: {}", rows.len());
    assert!(rows.iter().all(|row| row.get::<String, _>(0).starts_with("{\"between\"")));
    let plan = "EXPLAIN SELECT position FROM events WHERE tenant_id = '00000000-0000-0000-0000-000000000001'
                AND position BETWEEN 5 AND 9 AND event_id = 'x' LIMIT 1";
    let plan = sqlx::raw_sql(plan).fetch_all(&mut superuser).await.unwrap();
    let plan: String = plan.iter().map(|row| row.get::<String, _>(0)).collect();
    assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{plan}");
    superuser.close().await.unwrap();
    process.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_effects_are_told_than_fit_and_that_there_are_more_is_said() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let read_models = ReadModels::new(&process.pools, Settings::default());
    let tenant = new_tenant();
    let by = Metadata::by(Actor::Runner);
    let origin = append(&process, tenant, &outcome_id(), 1, &by).await;
    let reaction = by.caused(origin, Actor::Runner);
    for _ in 0..4 {
        append(&process, tenant, &outcome_id(), 60, &reaction).await;
    }
    let explained = read_models.explain_event(tenant, origin).await.unwrap().unwrap();
    assert_eq!((explained.effects.len(), explained.more_effects), (200, true));
    process.end().await;
}
