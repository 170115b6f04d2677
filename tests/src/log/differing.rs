//! One contract, two writers: the same random commands through our own store and through postgres-es over the view leave the
//! same streams (design.md section 3).

use cqrs_es::{AggregateError, CqrsFramework};
use draxis_domain::kri::{Adjustment, Change, Kri, KriCommand, Operator};
use draxis_domain::outcome::{Outcome, OutcomeBody, OutcomeCommand};
use draxis_domain::{
    Actor, EventId, KriId, Metadata, Moment, Name, OutcomeId, Quantity, Reason, Rejection, RiskId, Root,
    TenantId,
};
use draxis_event_store::{
    Answer, CacheUse, Database, PlatformRepository, StoredEvent, TenantEventRepository, flatten,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use ulid::Ulid;

use crate::house::{Process, TestDatabase, kri_body, new_tenant, reading, sound_stream, start_of_time};

/// A command on one of a few aggregates.
#[derive(Debug, Clone)]
enum Asked {
    Kri(KriId, KriCommand),
    Outcome(OutcomeId, OutcomeCommand),
}

fn a_kri_command() -> impl Strategy<Value = Asked> {
    let id = (1_u128..4).prop_map(|n| KriId::new(Ulid(n)));
    let slug = prop::sample::select(vec!["unpatched", "open-ports"]);
    let names = prop::sample::select(vec!["Ünpatched \"systems\"", "Open\\ports", "名前 😀"]);
    let body = (slug, names, 1_i64..40).prop_map(|(slug, name, warn)| {
        let mut body = kri_body(slug);
        body.name = Name::parse(name).unwrap();
        (body.warn, body.critical) = (quantity(warn), quantity(40));
        Box::new(body)
    });
    let values = (0_i64..50, 0_i64..20);
    let change = (
        0_u128..6,
        0_i64..20,
        prop::sample::select(vec![Operator::Increment, Operator::Decrement, Operator::Set]),
    );
    let command = prop_oneof![
        3 => body.clone().prop_map(|body| KriCommand::Define { id: KriId::default(), body, schedule: None }),
        1 => body.prop_map(|body| KriCommand::Edit { body, schedule: None }),
        1 => Just(KriCommand::Archive),
        6 => values.prop_map(|(value, at)| KriCommand::RecordReading(reading(value, -at))),
        2 => change.prop_map(|(id, at, operation)| KriCommand::Adjust(Adjustment {
            id: EventId::new(Ulid(id)),
            change: Change { operation, amount: quantity(5), floor: quantity(0) },
            effective_at: start_of_time() - chrono::Duration::seconds(at),
        })),
        1 => (0_u128..3).prop_map(|id| KriCommand::LinkRisk(RiskId::new(Ulid(id)))),
    ];
    (id, command).prop_map(|(id, mut command)| {
        if let KriCommand::Define { id: its, .. } = &mut command {
            *its = id;
        }
        Asked::Kri(id, command)
    })
}

fn an_outcome_command() -> impl Strategy<Value = Asked> {
    let id = (1_u128..3).prop_map(|n| OutcomeId::new(Ulid(n)));
    let name = prop::sample::select(vec!["Customers can pay", "Données\u{2028}sûres", "</script>"]);
    let body = name.prop_map(|name| OutcomeBody {
        name: Name::parse(name).unwrap(),
        description: None,
        reason: None,
    });
    let command = prop_oneof![
        2 => body.clone().prop_map(|body| OutcomeCommand::Define { id: OutcomeId::default(), body }),
        3 => body.prop_map(|body| OutcomeCommand::Edit { body }),
        1 => Just(OutcomeCommand::Archive),
    ];
    (id, command).prop_map(|(id, mut command)| {
        if let OutcomeCommand::Define { id: its, .. } = &mut command {
            *its = id;
        }
        Asked::Outcome(id, command)
    })
}

fn quantity(value: i64) -> Quantity {
    Quantity::new(value.into())
}

/// The two ways to write, each with a stream of its own.
struct TwoWriters {
    process: Process,
    ours: TenantId,
    bound: PgPool,
    theirs: TenantId,
}

/// What came of a command: what it was answered, or why not.
type Told = Result<(Answer, bool), Rejection>;

impl TwoWriters {
    async fn ask(&self, asked: &Asked) -> (Told, Told) {
        match asked {
            Asked::Kri(id, command) => self.both::<Kri>(&id.to_string(), command).await,
            Asked::Outcome(id, command) => self.both::<Outcome>(&id.to_string(), command).await,
        }
    }

    async fn both<A: Root + Clone + 'static>(&self, id: &str, command: &A::Command) -> (Told, Told)
    where
        A::Command: Clone,
    {
        (self.through_ours::<A>(id, command).await, self.through_postgres_es::<A>(id, command).await)
    }

    async fn through_ours<A: Root + 'static>(&self, id: &str, command: &A::Command) -> Told
    where
        A::Command: Clone,
    {
        let mut cache = CacheUse::Trusted;
        loop {
            let store = TenantEventRepository::<A>::new(&self.process.log, self.ours, None, answer(), cache);
            let outcome = store.outcome();
            let framework = CqrsFramework::new(store, Vec::new(), moment());
            let metadata = flatten(&metadata()).unwrap();
            match framework.execute_with_metadata(id, command.clone(), metadata).await {
                Ok(()) => return Ok(outcome.take().map(|done| (done.answer, done.repeated)).unwrap()),
                Err(AggregateError::AggregateConflict) if cache == CacheUse::Trusted => {
                    cache = CacheUse::Bypassed;
                }
                Err(AggregateError::UserError(rejection)) => return Err(rejection),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    async fn through_postgres_es<A: Root + 'static>(&self, id: &str, command: &A::Command) -> Told
    where
        A::Command: Clone,
    {
        let store = PlatformRepository::<A>::on_stream(
            &self.bound,
            &self.process.pools.app,
            self.theirs,
            None,
            answer(),
        );
        let outcome = store.outcome();
        let framework = CqrsFramework::new(store, Vec::new(), moment());
        match framework.execute_with_metadata(id, command.clone(), flatten(&metadata()).unwrap()).await {
            Ok(()) => Ok(outcome.take().map(|done| (done.answer, done.repeated)).unwrap()),
            Err(AggregateError::UserError(rejection)) => Err(rejection),
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// The state the command leaves, as the answer.
fn answer<A: Root>() -> Box<dyn Fn(&A) -> Answer + Send + Sync> {
    Box::new(|state| Answer { status: 200, body: serde_json::to_vec(state).unwrap(), version: None })
}

fn moment() -> Moment {
    Moment::new(start_of_time(), Actor::Runner)
}

fn metadata() -> Metadata {
    Metadata {
        reason: Some(Reason::parse("why \"not\"\n\ta \\ or 😀").unwrap()),
        correlation: Some("run:1".to_owned()),
        request: Some("r/<>&\u{7f}".to_owned()),
        ..Metadata::by(Actor::Runner)
    }
}

/// What must be equal: everything but ids and times, which each writer makes for itself.
fn comparable(stream: &[StoredEvent]) -> Vec<serde_json::Value> {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let event = |event: &StoredEvent| {
        serde_json::json!({
            "position": event.position,
            "aggregate": [event.aggregate_type, event.aggregate_id],
            "sequence": event.sequence,
            "type": [event.event_type, event.version.to_string()],
            "payload": json(&event.payload),
            "metadata": event.metadata,
        })
    };
    stream.iter().map(event).collect()
}

#[tokio::test]
async fn the_same_commands_leave_the_same_streams_through_either_writer() {
    let database = TestDatabase::make().await;
    let mut process = Process::start(&database).await;
    let mut runner = TestRunner::deterministic();
    let strategy =
        prop::collection::vec(prop_oneof![3 => a_kri_command(), 1 => an_outcome_command()], 40..60);
    let mut events = 0;
    for _ in 0..5 {
        let theirs = new_tenant();
        let bound = Database::new(database.options("draxis"), 1).stream_pool(theirs);
        let writers = TwoWriters { process, ours: new_tenant(), bound, theirs };
        for asked in strategy.new_tree(&mut runner).unwrap().current() {
            let (ours, theirs) = writers.ask(&asked).await;
            assert_eq!(ours, theirs, "{asked:?}");
        }
        let TwoWriters { process: back, ours, bound, theirs } = writers;
        process = back;
        bound.close().await;
        let streams =
            [sound_stream(&process.pools.app, ours).await, sound_stream(&process.pools.app, theirs).await];
        assert_eq!(comparable(&streams[0]), comparable(&streams[1]));
        events += streams[0].len();
    }
    assert!(events > 60, "{events} events are enough to differ");
    process.end().await;
}
