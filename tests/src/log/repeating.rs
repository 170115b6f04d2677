//! Repeating a command under its `Idempotency-Key` (product.md section 7): the same answer, byte for byte, and nothing twice.

use draxis_commands::Scope;
use draxis_commands::platform::OrganizationBody;
use draxis_commands::{Caller, CommandError, Commands, Context};
use draxis_domain::account::Role;
use draxis_domain::{AccountId, Actor, Name, TenantId};
use draxis_event_store::{CommandKey, Committed, Ids, RequestHash, UlidIds};
use futures_util::FutureExt;

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

#[tokio::test]
async fn a_key_under_way_here_is_in_flight_and_elsewhere_waits_for_the_answer() {
    let database = TestDatabase::make().await;
    let (process, other) = (Process::start(&database).await, Process::start(&database).await);
    let tenant = new_tenant();
    process.commands.define_kri(&Context::of(Caller::runner(tenant)), kri_body("first")).await.unwrap();
    let mut holder = hold_head(&database, tenant).await;
    let mut under_way = Box::pin(define(&process.commands, tenant, "k", 1));
    while process.commands.answered(tenant, &keyed(Caller::runner(tenant), "k", 1)).await.unwrap().is_none() {
        assert!(under_way.as_mut().now_or_never().is_none(), "the head is held");
        let twice = define(&process.commands, tenant, "k", 1).await;
        if matches!(twice, Err(CommandError::InFlight)) {
            break;
        }
    }
    let elsewhere = define(&other.commands, tenant, "k", 1);
    let release = async { sqlx::Executor::execute(&mut holder, "COMMIT").await.unwrap() };
    let (here, elsewhere, _) = tokio::join!(under_way, elsewhere, release);
    let (here, elsewhere) = (here.unwrap(), elsewhere.unwrap());
    assert_eq!(here.answer, elsewhere.answer);
    assert_eq!(u8::from(here.repeated) + u8::from(elsewhere.repeated), 1, "one of them was the first");
    assert_eq!(sound_stream(&process.pools.app, tenant).await.len(), 2);
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
        async move {
            let body_of = OrganizationBody { name: Name::parse("Meridian Bank").unwrap() };
            commands.create_organization(&keyed(superadmin(), "k", body), body_of).await
        }
    };
    let (one, two) = tokio::join!(create(&process.commands, 1), create(&other.commands, 1));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.answer, two.answer, "two processes at once gave one organization");
    let again = create(&process.commands, 1).await.unwrap();
    assert_eq!((again.answer, again.position), (one.answer, one.position));
    let refused = create(&other.commands, 2).await;
    assert!(matches!(refused, Err(CommandError::KeyReused)), "{refused:?}");
    assert_eq!(sound_stream(&process.pools.app, TenantId::PLATFORM).await.len(), 1);
    process.end().await;
    other.end().await;
}
