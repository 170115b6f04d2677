//! What is remembered of aggregates is never more than an optimisation: stale or gone, nothing changes but the time it takes.

use std::time::{Duration, Instant};

use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::kri::{Kri, KriCommand};
use draxis_domain::outcome::{Outcome, OutcomeBody, OutcomeCommand};
use draxis_domain::{Name, OutcomeId, Rejection, Sequence, TenantId};
use draxis_event_store::{Ids, UlidIds};
use sqlx::Executor;

use crate::house::{Process, TestDatabase, define_kri, new_tenant, reading, sound_stream, whole_stream};

pub(super) fn named(name: &str) -> OutcomeBody {
    OutcomeBody { name: Name::parse(name).unwrap(), description: None, reason: None }
}

fn edit(name: &str) -> OutcomeCommand {
    OutcomeCommand::Edit { body: named(name) }
}

/// Two processes, each of which has the outcome in its cache, one of them as it was before the other's edit.
struct Scene {
    fresh: Process,
    stale: Process,
    tenant: TenantId,
    id: OutcomeId,
    database: TestDatabase,
}

impl Scene {
    async fn set() -> Self {
        let database = TestDatabase::make().await;
        let (fresh, stale) = (Process::start(&database).await, Process::start(&database).await);
        let (tenant, id) = (new_tenant(), OutcomeId::new(UlidIds.next()));
        let scene = Self { fresh, stale, tenant, id, database };
        scene.change(&scene.stale, OutcomeCommand::Define { id, body: named("before") }, None).await.unwrap();
        scene.change(&scene.fresh, edit("after"), None).await.unwrap();
        scene
    }

    /// One that knows nothing yet.
    async fn third(&self) -> Process {
        Process::start(&self.database).await
    }

    async fn change(
        &self,
        process: &Process,
        command: OutcomeCommand,
        expected_version: Option<u64>,
    ) -> Result<usize, CommandError> {
        let context = Context { expected_version, ..Context::of(Caller::runner(self.tenant)) };
        let done = process.commands.change_outcome(&context, self.id, command).await?;
        Ok(done.events.len())
    }
}

#[tokio::test]
async fn a_stale_cache_never_says_that_nothing_is_new() {
    let scene = Scene::set().await;
    // As the stale process remembers it, this name holds already.
    assert_eq!(scene.change(&scene.stale, edit("before"), None).await.unwrap(), 1);
    assert_eq!(scene.change(&scene.fresh, edit("before"), None).await.unwrap(), 0, "now it does hold");
    sound_stream(&scene.fresh.pools.app, scene.tenant).await;
}

#[tokio::test]
async fn a_stale_cache_neither_refuses_nor_admits_a_version_wrongly() {
    let scene = Scene::set().await;
    let lagging = scene.change(&scene.stale, edit("mine"), Some(1)).await;
    assert!(
        matches!(lagging, Err(CommandError::Rejected(Rejection::Stale { current: 2 }))),
        "version 1 is what the stale process remembers: {lagging:?}"
    );
    let scene = Scene::set().await;
    assert_eq!(scene.change(&scene.stale, edit("mine"), Some(2)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_stale_cache_does_not_bring_back_what_was_archived_nor_hide_what_was_made() {
    let scene = Scene::set().await;
    scene.change(&scene.fresh, OutcomeCommand::Archive, None).await.unwrap();
    let late = scene.change(&scene.stale, edit("late"), None).await;
    assert!(matches!(
        late,
        Err(CommandError::Rejected(Rejection::Conflict { code: "outcome.archived", .. }))
    ));

    let id = OutcomeId::new(UlidIds.next());
    let scene = Scene { id, ..Scene::set().await };
    let absent: Outcome = scene.stale.log.load(scene.tenant, &id.to_string()).await.unwrap();
    assert_eq!(absent, Outcome::Absent, "which is remembered, too");
    scene.change(&scene.fresh, OutcomeCommand::Define { id, body: named("made") }, None).await.unwrap();
    assert_eq!(scene.change(&scene.stale, edit("found"), None).await.unwrap(), 1);
}

#[tokio::test]
async fn what_is_known_of_an_aggregate_is_loaded_on_from_there_whoever_went_on() {
    let scene = Scene::set().await;
    let id = scene.id.to_string();
    // The stale process knows the first event alone.
    let name = async |process: &Process| {
        let loaded = process.log.load::<Outcome>(scene.tenant, &id).await.unwrap();
        let Outcome::Active(outcome) = loaded else { panic!("it is in use: {loaded:?}") };
        outcome.name.as_str().to_owned()
    };
    assert_eq!(name(&scene.stale).await, "after");
    for turn in 0..3 {
        scene.change(&scene.fresh, edit(&format!("turn {turn}")), None).await.unwrap();
        assert_eq!(name(&scene.stale).await, format!("turn {turn}"));
        assert_eq!(name(&scene.stale).await, format!("turn {turn}"), "and where nothing has happened since");
    }
}

#[tokio::test]
async fn what_is_remembered_of_events_that_are_gone_is_forgotten() {
    let scene = Scene::set().await;
    assert_eq!(scene.change(&scene.fresh, edit("lost"), None).await.unwrap(), 1);
    // The database is set back behind the program's back.
    let set_back = "ALTER TABLE events DISABLE TRIGGER ALL; DELETE FROM events WHERE sequence = 3;
                    UPDATE stream_heads SET position = 2";
    scene.database.superuser().await.execute(set_back).await.unwrap();
    assert_eq!(scene.change(&scene.fresh, edit("found"), None).await.unwrap(), 1);
    let stream = sound_stream(&scene.fresh.pools.app, scene.tenant).await;
    assert_eq!(stream.last().map(|event| event.sequence), Some(Sequence::new(3)));
}

#[tokio::test]
async fn a_kri_defined_here_is_changed_there_and_back() {
    let database = TestDatabase::make().await;
    let processes = [Process::start(&database).await, Process::start(&database).await];
    let tenant = new_tenant();
    let kri = define_kri(&processes[0], tenant, "unpatched").await;
    let context = Context::of(Caller::runner(tenant));
    for n in 0..10 {
        let process = &processes[usize::try_from(n % 2).unwrap()];
        let command = KriCommand::RecordReading(reading(n, -n));
        process.commands.change_kri(&context, kri, command).await.unwrap();
    }
    assert_eq!(sound_stream(&processes[0].pools.app, tenant).await.len(), 11);
}

#[tokio::test]
async fn what_was_just_recorded_is_put_onto_what_is_known_and_read_from_the_log_where_something_lies_between()
{
    let database = TestDatabase::make().await;
    let [behind, ahead] = [Process::start(&database).await, Process::start(&database).await];
    let tenant = new_tenant();
    let kri = define_kri(&behind, tenant, "unpatched").await;
    let context = Context::of(Caller::runner(tenant));
    let record = async |process: &Process, value| {
        let command = KriCommand::RecordReading(reading(value, value));
        process.commands.change_kri(&context, kri, command).await.unwrap();
        let of_kri = whole_stream(&process.pools.app, tenant).await;
        of_kri.into_iter().filter(|event| event.aggregate_id == kri.to_string()).collect::<Vec<_>>()
    };
    let id = kri.to_string();
    for (values, between) in [(1..2, "nothing"), (2..4, "a reading that it has not seen")] {
        let before = whole_stream(&behind.pools.app, tenant).await.len();
        let mut events = Vec::new();
        for value in values {
            events = record(&ahead, value).await;
        }
        let last = if between == "nothing" { &events[before..] } else { &events[events.len() - 1..] };
        let left = behind.log.load_left::<Kri>((tenant, &id), last).await.unwrap();
        assert_eq!(left, ahead.log.load::<Kri>(tenant, &id).await.unwrap(), "{between} lies between");
        let again = behind.log.load_left::<Kri>((tenant, &id), last).await.unwrap();
        assert_eq!(again, left, "it is in there already");
        // Known since before it was asked for again, and so no more recent than that.
        let since = Instant::now();
        record(&ahead, 100 + i64::try_from(last.len()).unwrap()).await;
        behind.log.load_left::<Kri>((tenant, &id), last).await.unwrap();
        let recent = behind.log.load_recent::<Kri>(tenant, &id, since.elapsed()).await.unwrap();
        assert_eq!(recent, ahead.log.load::<Kri>(tenant, &id).await.unwrap(), "{between} lies between");
    }
}

/// What a process takes for an outcome that it need not know more newly than that.
async fn taken_for(scene: &Scene, process: &Process, age: Duration) -> String {
    let log = process.commands.log();
    let recent = log.load_recent::<Outcome>(scene.tenant, &scene.id.to_string(), age).await.unwrap();
    let Outcome::Active(outcome) = recent else { panic!("it is in use: {recent:?}") };
    outcome.name.to_string()
}

#[tokio::test]
async fn what_may_be_a_moment_old_is_never_older_and_holds_what_the_process_wrote_itself() {
    const LONG: Duration = Duration::from_hours(1);
    let scene = Scene::set().await;
    assert_eq!(taken_for(&scene, &scene.stale, LONG).await, "before", "another process has changed it since");
    assert_eq!(taken_for(&scene, &scene.stale, Duration::ZERO).await, "after");
    scene.change(&scene.fresh, edit("again"), None).await.unwrap();
    assert_eq!(taken_for(&scene, &scene.fresh, LONG).await, "again");
    // What is only presumed was never said by the log, however young it is.
    let third = scene.third().await;
    third.commands.log().presume_absent::<Outcome>(scene.tenant, &scene.id.to_string());
    assert_eq!(taken_for(&scene, &third, LONG).await, "again");
    third.end().await;
}
