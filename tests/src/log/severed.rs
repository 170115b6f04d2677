//! The wire cut after each part of the commit's exchange: whatever the caller was told, a repetition never doubles.

use draxis_commands::{Caller, CommandError, Commands, Context};
use draxis_domain::Name;
use draxis_domain::TenantId;
use draxis_domain::outcome::OutcomeBody;
use draxis_event_store::{CommandKey, Committed, RequestHash};

use crate::house::{Cut, Process, TestDatabase, new_tenant, sound_stream};

async fn define(commands: &Commands, tenant: TenantId, key: &str) -> Result<Committed, CommandError> {
    let key = CommandKey { caller: "runner".to_owned(), key: key.to_owned(), request: RequestHash([1; 32]) };
    let context = Context { key: Some(key), ..Context::of(Caller::runner(tenant)) };
    // Nothing about an outcome is unique but its id, which is made anew each time: only the key keeps it from doubling.
    let body =
        OutcomeBody { name: Name::parse("Customers can pay").unwrap(), description: None, reason: None };
    commands.define_outcome(&context, body).await
}

/// What a caller does that was not told that it holds: the same again, until it is.
async fn until_told(commands: &Commands, tenant: TenantId, key: &str) -> Committed {
    for _ in 0..20 {
        match define(commands, tenant, key).await {
            Ok(done) => return done,
            Err(CommandError::Overloaded | CommandError::Unknown) => {}
            Err(error) => panic!("{key}: {error}"),
        }
    }
    panic!("{key}: never told")
}

#[tokio::test]
async fn a_wire_cut_at_any_message_of_the_commit_doubles_nothing_and_loses_nothing_told() {
    let database = TestDatabase::make().await;
    let tap = database.tap();
    let process = Process::over(tap.options("draxis"), crate::house::Fitting::default()).await;
    let tenant = new_tenant();
    // Connections are made and statements prepared, so that what is cut is the commit.
    define(&process.commands, tenant, "first").await.unwrap();
    define(&process.commands, tenant, "second").await.unwrap();

    let mut told = std::collections::BTreeMap::new();
    let kinds: [fn(u32) -> Cut; 3] = [Cut::Asking, Cut::HalfAsked, Cut::Answering];
    for kind in kinds {
        let mut cuts = 0;
        for n in 1.. {
            let cut = kind(n);
            let key = format!("{cut:?}");
            tap.arm(cut);
            let first = define(&process.commands, tenant, &key).await;
            let came_about = tap.disarm();
            let again = until_told(&process.commands, tenant, &key).await;
            if let Ok(first) = first {
                assert_eq!((again.repeated, &again.answer), (true, &first.answer), "{key}");
            }
            told.insert(key, again.position);
            // The cut connection is replaced and its statements prepared before the next cut.
            define(&process.commands, tenant, &format!("after {cut:?}")).await.unwrap();
            if !came_about {
                break;
            }
            cuts += 1;
        }
        assert!(cuts >= 5, "the exchange has more parts than {cuts}");
    }
    let stream = sound_stream(&process.pools.app, tenant).await;
    for (key, position) in told {
        let bearing = |event: &&draxis_event_store::StoredEvent| {
            event.metadata.contains(&format!(r#""command":"{key}""#))
        };
        let positions: Vec<_> = stream.iter().filter(bearing).map(|event| event.position).collect();
        assert_eq!(positions, [position], "{key}");
    }
    process.end().await;
}
