//! Repeating a command under its `Idempotency-Key` (product.md section 7): the same answer, byte for byte, and nothing twice.

use draxis_commands::Scope;
use draxis_commands::platform::OrganizationBody;
use draxis_commands::{Caller, CommandError, Commands, Context};
use draxis_domain::account::Role;
use draxis_domain::outcome::OutcomeBody;
use draxis_domain::{AccountId, Actor, Name, TenantId};
use draxis_event_store::{CommandKey, Committed, Ids, RequestHash, UlidIds};
use sqlx::{Executor, Row};

use super::appending::hold_head;
use crate::house::{Process, TestDatabase, kri_body, new_tenant, sound_stream};

fn keyed(caller: Caller, key: &str, body: u8) -> Context {
    let key = CommandKey {
        caller: caller.actor.to_string(),
        key: key.to_owned(),
        request: RequestHash([body; 32]),
    };
    Context { key: Some(key), ..Context::of(caller) }
}

async fn define(
    commands: &Commands,
    tenant: TenantId,
    key: &str,
    body: u8,
) -> Result<Committed, CommandError> {
    let context = keyed(Caller::runner(tenant), key, body);
    commands.define_kri(&context, kri_body("unpatched")).await
}

async fn outcome(commands: &Commands, tenant: TenantId, key: &str) -> Result<Committed, CommandError> {
    let body =
        OutcomeBody { name: Name::parse("Customers can pay").unwrap(), description: None, reason: None };
    commands.define_outcome(&keyed(Caller::runner(tenant), key, 1), body).await
}

#[tokio::test]
async fn a_key_is_answered_with_the_same_bytes_here_elsewhere_and_after_a_restart() {
    let database = TestDatabase::make().await;
    let (process, other) = (Process::start(&database).await, Process::start(&database).await);
    let tenant = new_tenant();
    let first = define(&process.commands, tenant, "k", 1).await.unwrap();
    assert!(!first.repeated);

    let here = define(&process.commands, tenant, "k", 1).await.unwrap();
    let elsewhere = define(&other.commands, tenant, "k", 1).await.unwrap();
    process.end().await;
    let restarted = Process::start(&database).await;
    let after = define(&restarted.commands, tenant, "k", 1).await.unwrap();
    for again in [here, elsewhere, after] {
        assert!(again.repeated);
        // The id in it was made for the first: each repetition made another one that was thrown away.
        assert_eq!((again.answer, again.position), (first.answer.clone(), first.position));
    }
    assert_eq!(sound_stream(&restarted.pools.app, tenant).await.len(), 1);
    restarted.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_key_used_for_another_request_is_refused_wherever_it_comes() {
    let database = TestDatabase::make().await;
    let (process, other) = (Process::start(&database).await, Process::start(&database).await);
    let tenant = new_tenant();
    define(&process.commands, tenant, "k", 1).await.unwrap();
    for commands in [&process.commands, &other.commands] {
        let refused = define(commands, tenant, "k", 2).await;
        assert!(matches!(refused, Err(CommandError::KeyReused)), "{refused:?}");
    }
    // Another caller's key of the same text, and the same caller's in another tenant, are other keys.
    let admin = Caller { actor: Actor::Account(AccountId::new(UlidIds.next())), ..Caller::runner(tenant) };
    let named = process.commands.define_kri(&keyed(admin, "k", 2), kri_body("another")).await.unwrap();
    assert!(!named.repeated);
    assert!(!define(&process.commands, new_tenant(), "k", 2).await.unwrap().repeated);
    process.end().await;
    other.end().await;
}

/// Until somebody waits for the head with a key in hand.
async fn until_a_key_is_held(database: &TestDatabase) {
    let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let mut superuser = database.superuser().await;
    let holding = async {
        while superuser.fetch_one(held).await.unwrap().get::<i64, _>(0) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), holding).await.expect("a key is held");
}

#[tokio::test]
async fn a_key_under_way_is_in_flight_here_and_elsewhere_at_once() {
    let database = TestDatabase::make().await;
    let (process, other) = (Process::start(&database).await, Process::start(&database).await);
    let (tenant, another) = (new_tenant(), new_tenant());
    process.commands.define_kri(&Context::of(Caller::runner(tenant)), kri_body("first")).await.unwrap();
    // The first key is written in one exchange; then the stream has moved, so the second goes the long way, under locks.
    for key in ["k", "l"] {
        let mut holder = hold_head(&database, tenant).await;
        let (commands, here) = (process.commands.clone(), key.to_owned());
        let mut under_way = Box::pin(async move { outcome(&commands, tenant, &here).await });
        let twice = async {
            until_a_key_is_held(&database).await;
            (outcome(&process.commands, tenant, key).await, outcome(&other.commands, tenant, key).await)
        };
        let (here, elsewhere) = tokio::select! {
            early = &mut under_way => panic!("the head is held: {early:?}"),
            twice = twice => twice,
        };
        assert!(matches!(here, Err(CommandError::InFlight)), "{here:?}");
        assert!(matches!(elsewhere, Err(CommandError::InFlight)), "{elsewhere:?}");
        // Neither the same key of another tenant waits, nor does it hold anything up.
        assert!(!outcome(&other.commands, another, key).await.unwrap().repeated);
        holder.execute("COMMIT").await.unwrap();
        let first = under_way.await.unwrap();
        let again = outcome(&other.commands, tenant, key).await.unwrap();
        assert_eq!((again.repeated, again.answer), (true, first.answer));
        outcome(&other.commands, tenant, &format!("moved after {key}")).await.unwrap();
    }
    assert_eq!(sound_stream(&process.pools.app, tenant).await.len(), 5);
    process.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_repetition_is_answered_as_then_though_the_world_has_moved_on() {
    use draxis_domain::kri::KriCommand;

    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    let context = Context::of(Caller::runner(tenant));
    let kri = crate::house::define_kri(&process, tenant, "unpatched").await;
    let link = KriCommand::RecordReading(crate::house::reading(5, 0));
    let key = keyed(Caller::runner(tenant), "value", 1);
    let first = process.commands.change_kri(&key, kri, link.clone()).await.unwrap();
    process.commands.change_kri(&context, kri, KriCommand::Archive).await.unwrap();
    let again = process.commands.change_kri(&key, kri, link.clone()).await.unwrap();
    assert_eq!(again.answer, first.answer);
    let anew = process.commands.change_kri(&context, kri, link).await;
    assert!(matches!(anew, Err(CommandError::Rejected(_))), "an archived KRI takes no value: {anew:?}");
    process.end().await;
}

#[tokio::test]
async fn a_command_with_nothing_new_keeps_its_answer_under_its_key_too() {
    use draxis_domain::kri::KriCommand;

    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    let context = Context::of(Caller::runner(tenant));
    let kri = crate::house::define_kri(&process, tenant, "unpatched").await;
    let reading = || KriCommand::RecordReading(crate::house::reading(5, 0));
    process.commands.change_kri(&context, kri, reading()).await.unwrap();
    let key = keyed(Caller::runner(tenant), "same", 1);
    let first = process.commands.change_kri(&key, kri, reading()).await.unwrap();
    assert!(first.events.is_empty(), "the very same reading is nothing new");
    process.commands.change_kri(&context, kri, KriCommand::Archive).await.unwrap();
    let again = process.commands.change_kri(&key, kri, reading()).await.unwrap();
    assert_eq!((again.repeated, again.answer), (true, first.answer));
    process.end().await;
}

fn meridian() -> OrganizationBody {
    OrganizationBody { name: Name::parse("Meridian Bank").unwrap() }
}

fn superadmin() -> Caller {
    Caller {
        actor: Actor::Account(AccountId::default()),
        impersonator: None,
        role: Role::Superadmin,
        scope: Scope::Platform,
        ..Caller::public()
    }
}

#[tokio::test]
async fn the_platforms_stream_keeps_the_same_promise() {
    let database = TestDatabase::make().await;
    let (process, other) = (Process::start(&database).await, Process::start(&database).await);
    let create = |commands: &Commands, body: u8| {
        let commands = commands.clone();
        async move { commands.create_organization(&keyed(superadmin(), "k", body), meridian()).await }
    };
    process.commands.create_organization(&Context::of(superadmin()), meridian()).await.unwrap();
    let mut holder = hold_head(&database, TenantId::PLATFORM).await;
    let mut under_way = Box::pin(create(&process.commands, 1));
    let twice = async {
        until_a_key_is_held(&database).await;
        create(&other.commands, 1).await
    };
    let elsewhere = tokio::select! {
        early = &mut under_way => panic!("the head is held: {early:?}"),
        elsewhere = twice => elsewhere,
    };
    assert!(matches!(elsewhere, Err(CommandError::InFlight)), "{elsewhere:?}");
    holder.execute("COMMIT").await.unwrap();
    let first = under_way.await.unwrap();
    for commands in [&process.commands, &other.commands] {
        let again = create(commands, 1).await.unwrap();
        assert_eq!((again.answer, again.position), (first.answer.clone(), first.position));
    }
    let refused = create(&other.commands, 2).await;
    assert!(matches!(refused, Err(CommandError::KeyReused)), "{refused:?}");
    assert_eq!(sound_stream(&process.pools.app, TenantId::PLATFORM).await.len(), 2);
    process.end().await;
    other.end().await;
}
