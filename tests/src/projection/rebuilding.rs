//! Rebuilding: the same bytes, while others append and ask; cut off anywhere, it goes on; the command line does it all.

use std::io::BufRead as _;

use draxis_domain::Position;
use draxis_projections::{Progress, ReadModels, Settings};
use futures_util::FutureExt as _;
use sqlx::{Executor, PgConnection, Row};
use tokio::sync::watch;

use super::scene::{Scene, generations, tables};
use crate::house::draxis;

/// More than is folded before rows and checkpoints of a rebuild are written.
const EVENTS: u64 = 12_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_gives_the_bytes_that_were_kept_batch_by_batch() {
    let scene = Scene::set(EVENTS).await;
    let kept = scene.rows().await;
    assert!(kept.len() > 8, "{kept:?}");
    let mut seen = Vec::new();
    let until = scene.models.rebuild(scene.tenant, None, &mut |told| seen.push(told.position.get())).await;
    assert_eq!(until.unwrap().get(), EVENTS);
    assert_eq!(scene.rows().await, kept);
    assert_eq!(seen.first(), Some(&0), "it begins at the beginning");
    assert!(seen.len() > 3 && seen.is_sorted() && seen.last() == Some(&EVENTS), "{seen:?}");
    let generations = generations(&mut scene.database.superuser().await).await;
    assert!(generations.iter().all(|count| *count <= 1), "the rows before are gone: {generations:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_that_rebuild_at_once_come_to_the_same_bytes() {
    let scene = Scene::set(2 * EVENTS).await;
    let kept = scene.rows().await;
    let other = ReadModels::new(&scene.process.pools, Settings::default());
    let rebuild = async |models: &ReadModels| models.rebuild(scene.tenant, None, &mut |_| {}).await;
    let (one, two) = futures_util::future::join(rebuild(&scene.models), rebuild(&other)).await;
    assert_eq!((one.unwrap().get(), two.unwrap().get()), (2 * EVENTS, 2 * EVENTS));
    assert_eq!(scene.rows().await, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_is_rebuilt_others_append_and_ask_and_nothing_goes_back() {
    let scene = Scene::set(EVENTS).await;
    scene.rows().await;
    let (finish, done) = watch::channel(false);
    let appending = async {
        let mut n = 1_000;
        while !*done.borrow() {
            scene.read_value(n).await;
            n += 1;
        }
        n - 1_000
    };
    let asking = async {
        let mut last = Position::START;
        while !*done.borrow() {
            let page = scene.models.dashboard(scene.tenant, None).await.unwrap();
            assert!(page.position >= last && page.position.get() >= EVENTS, "what serves is whole");
            last = page.position;
        }
    };
    let rebuilding = async {
        let until = scene.models.rebuild(scene.tenant, None, &mut |_| {}).await.unwrap();
        finish.send_replace(true);
        until
    };
    let (appended, (), until) = futures_util::future::join3(appending, asking, rebuilding).await;
    assert!(appended > 0, "nothing was appended meanwhile, so this proves nothing");
    assert!(until.get() > EVENTS, "what was appended before the switch is in it");
    assert_eq!(scene.differences().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_was_given_up_goes_on_from_where_rows_were_written() {
    let scene = Scene::set(2 * EVENTS).await;
    let kept = scene.rows().await;
    let (told, mut telling) = watch::channel(0);
    let mut heard = |progress: Progress| {
        told.send_replace(progress.position.get());
    };
    let mut rebuilding = Box::pin(scene.models.rebuild(scene.tenant, None, &mut heard));
    tokio::select! {
        _ = &mut rebuilding => panic!("it was to be cut off"),
        reached = telling.wait_for(|position| *position > 18_000) => drop(reached.unwrap()),
    }
    // Within the second stretch, whose rows are not written yet.
    assert!(rebuilding.as_mut().now_or_never().is_none());
    drop(rebuilding);
    let mut first = None;
    let mut note = |progress: Progress| {
        first.get_or_insert(progress.position.get());
    };
    scene.models.rebuild(scene.tenant, None, &mut note).await.unwrap();
    assert!(first.is_some_and(|position| position >= 10_000), "{first:?}");
    assert_eq!(scene.rows().await, kept);
}

/// How far what is being built has come.
async fn building(superuser: &mut PgConnection) -> i64 {
    let query = "SELECT coalesce(min(position), 0) FROM projection_checkpoints WHERE NOT serving";
    superuser.fetch_one(query).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_killed_in_the_middle_goes_on_when_it_is_given_again() {
    let scene = Scene::set(30_000).await;
    let kept = scene.rows().await;
    let tenant = scene.tenant.to_string();
    let mut command = draxis(&scene.database, &["rebuild", "--tenant", &tenant]);
    let mut child = command.spawn().unwrap();
    let mut superuser = scene.database.superuser().await;
    while building(&mut superuser).await < 5_000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(scene.rows().await, kept, "what served before goes on serving");
    scene.read_value(50).await;

    let told = draxis(&scene.database, &["rebuild", "--tenant", &tenant]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let said =
        told.stderr.lines().map_while(Result::ok).find(|line| line.starts_with("Went on at position "));
    let from = said.expect("it says where it went on");
    let from: u64 = from.split([' ', ',']).nth(4).unwrap().parse().unwrap();
    assert!((5_000..30_000).contains(&from), "{from}");
    let printed = String::from_utf8(told.stdout).unwrap();
    assert!(printed.contains(&format!("up to position {}", scene.head().await)), "{printed}");
    assert_eq!(scene.differences().await, Vec::<String>::new());
    let generations = generations(&mut superuser).await;
    assert!(generations.iter().all(|count| *count <= 1), "{generations:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_repairs_a_row_and_refuses_what_there_is_not() {
    let scene = Scene::set(100).await;
    let kept = scene.rows().await;
    let spoil = "UPDATE kri_history SET body = '[]'";
    scene.database.superuser().await.execute(spoil).await.unwrap();
    let told = draxis(&scene.database, &["verify", "--projections"]).output().unwrap();
    let printed = String::from_utf8(told.stdout).unwrap();
    assert_eq!(told.status.code(), Some(1), "{printed}");
    assert!(printed.contains("kri_history: row ") && printed.contains(" DIFFERS"), "{printed}");

    let told = draxis(&scene.database, &["rebuild", "--projection", "kri_history"]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let printed = String::from_utf8(told.stdout).unwrap();
    assert_eq!(printed.lines().count(), 1, "the platform's stream has no such projection: {printed}");
    assert_eq!(scene.rows().await, kept);
    let held = draxis(&scene.database, &["verify", "--projections"]).output().unwrap();
    assert!(held.status.success(), "{}", String::from_utf8_lossy(&held.stdout));

    for refused in [["--projection", "kri_histories"], ["--tenant", "nobody"]] {
        let told = draxis(&scene.database, &["rebuild", refused[0], refused[1]]).output().unwrap();
        let said = String::from_utf8(told.stderr).unwrap();
        assert_eq!(told.status.code(), Some(1), "{said}");
        assert!(
            said.contains("there is no ") && (refused[0] == "--tenant" || said.contains(tables()[0])),
            "{said}"
        );
    }
}
