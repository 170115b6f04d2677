//! The wire cut after each part of the commit's exchange: whatever the caller was told, a repetition never doubles.

use draxis_commands::{Caller, CommandError, Commands, Context};
use draxis_domain::outcome::OutcomeBody;
use draxis_domain::{Name, Position, TenantId};
use draxis_event_store::{CommandKey, Committed, RequestHash};

use crate::house::{Cut, Process, Tap, TestDatabase, new_tenant, sound_stream};

async fn define(commands: &Commands, tenant: TenantId, key: &str) -> Result<Committed, CommandError> {
    let key = CommandKey { caller: "runner".to_owned(), key: key.to_owned(), request: RequestHash([1; 32]) };
    let context = Context { key: Some(key), ..Context::of(Caller::runner(tenant)) };
    // Nothing about an outcome is unique but its id, which is made anew each time: only the key keeps it from doubling.
    let body =
        OutcomeBody { name: Name::parse("Customers can pay").unwrap(), description: None, reason: None };
    commands.define_outcome(&context, body).await
}

/// What a caller does that was not told that it holds: the same again, until it is. The server may still be at what the cut
/// wire has left there.
async fn until_told(commands: &Commands, tenant: TenantId, key: &str) -> Committed {
    loop {
        match define(commands, tenant, key).await {
            Ok(done) => return done,
            Err(CommandError::Overloaded | CommandError::Unknown | CommandError::InFlight) => {}
            Err(error) => panic!("{key}: {error}"),
        }
    }
}

/// Whether another process writes to the stream right before: then the short way, in one exchange, is barred, and the
/// batch goes the long one, under locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Still,
    Moved,
}

/// A program behind a tap, and another one that is not.
struct Stage {
    tap: Tap,
    process: Process,
    other: Process,
    tenant: TenantId,
}

impl Stage {
    async fn set(database: &TestDatabase) -> Self {
        let tap = database.tap();
        let process = Process::over(tap.options("draxis"), crate::house::Fitting::default()).await;
        let stage = Self { tap, process, other: Process::start(database).await, tenant: new_tenant() };
        // Connections are made and statements prepared, so that what is cut is the commit.
        for key in ["first", "second", "third"] {
            define(&stage.process.commands, stage.tenant, key).await.unwrap();
        }
        stage
    }

    /// Cuts the wire while a command is given and gives it again until told that it holds. Where it stands, and whether the
    /// cut came about.
    async fn cut(&self, cut: Cut, stream: Stream) -> (String, Position, bool) {
        let key = format!("{cut:?} {stream:?}");
        if stream == Stream::Moved {
            define(&self.other.commands, self.tenant, &format!("before {key}")).await.unwrap();
        }
        self.tap.arm(cut);
        let first = define(&self.process.commands, self.tenant, &key).await;
        let came_about = self.tap.disarm();
        let again = until_told(&self.process.commands, self.tenant, &key).await;
        if let Ok(first) = first {
            assert_eq!((again.repeated, &again.answer), (true, &first.answer), "{key}");
        }
        // The cut connection is replaced and its statements prepared before the next cut.
        for n in 0..2 {
            define(&self.process.commands, self.tenant, &format!("{n} after {key}")).await.unwrap();
        }
        (key, again.position, came_about)
    }
}

#[tokio::test]
async fn a_wire_cut_at_any_message_of_the_commit_doubles_nothing_and_loses_nothing_told() {
    let database = TestDatabase::make().await;
    let stage = Stage::set(&database).await;
    let mut told = std::collections::BTreeMap::new();
    let kinds: [fn(u32) -> Cut; 3] = [Cut::Asking, Cut::HalfAsked, Cut::Answering];
    for stream in [Stream::Still, Stream::Moved] {
        for kind in kinds {
            let mut cuts = 0;
            for n in 1.. {
                let (key, position, came_about) = stage.cut(kind(n), stream).await;
                told.insert(key, position);
                if !came_about {
                    break;
                }
                cuts += 1;
            }
            assert!(cuts >= 5, "the exchange has more parts than {cuts}");
        }
    }
    let events = sound_stream(&stage.process.pools.app, stage.tenant).await;
    for (key, position) in told {
        let bearing = |event: &&draxis_event_store::StoredEvent| {
            event.metadata.contains(&format!(r#""command":"{key}""#))
        };
        let positions: Vec<_> = events.iter().filter(bearing).map(|event| event.position).collect();
        assert_eq!(positions, [position], "{key}");
    }
    stage.process.end().await;
    stage.other.end().await;
}
