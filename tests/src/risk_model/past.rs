//! The past: what was shown then, however it is found.

use draxis_domain::{Position, TenantId};
use draxis_projections::{AsOf, ReadModels, Settings};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::json;
use sqlx::{Executor as _, PgConnection, Row as _};

use super::scene::{Scene, text};
use crate::house::{Process, TestDatabase, edits, new_tenant};

#[tokio::test(flavor = "multi_thread")]
async fn a_look_back_shows_what_a_recorder_wrote_down_at_the_time() {
    let scene = Scene::set().await;
    let risk = scene.make("/api/risks", json!({"name": "Takeover", "likelihood": 3, "impact": 4})).await;
    let kris = [
        scene.kri("one", json!({"riskIds": [risk]})).await,
        scene.kri("two", json!({"riskIds": [risk]})).await,
    ];
    let mut written = Vec::new();
    let mut runner = TestRunner::deterministic();
    for step in 0..20_u64 {
        let (which, value) = (0..2_usize, 0..30_i64).new_tree(&mut runner).unwrap().current();
        if step % 7 == 6 {
            scene.correct(&kris[which], 2, json!(value)).await.expect(200);
        } else {
            scene.enter(&kris[which], &value.to_string()).await;
        }
        written.push((scene.now(), scene.ask("/api/dashboard").await.expect(200).text));
        // Half a minute each: all of it within the life of one token.
        scene.web.clock.advance(chrono::Duration::seconds(30));
    }
    let mut written_by_time = Vec::new();
    for (at, shown) in &written {
        let position = serde_json::from_str::<serde_json::Value>(shown).unwrap()["position"].clone();
        let then = scene.ask(&format!("/api/dashboard?position={position}")).await.expect(200);
        assert_eq!(then.text, *shown);
        let then = scene.ask(&format!("/api/dashboard?asOf={}", text(*at))).await.expect(200);
        let mut then = then.json();
        then.as_object_mut().unwrap().remove("asOf");
        assert_eq!(then, serde_json::from_str::<serde_json::Value>(shown).unwrap());
        written_by_time.push((*at, then));
    }
    let (begin, end) = (written[0].0, written[written.len() - 1].0);
    let lasted = (end - begin).num_microseconds().unwrap();
    for _ in 0..1_000 {
        let later = (0..=lasted).new_tree(&mut runner).unwrap().current();
        let at = begin + chrono::Duration::microseconds(later);
        let mut then = scene.get(&format!("/api/dashboard?asOf={}", text(at))).await;
        then.as_object_mut().unwrap().remove("asOf");
        let (_, shown) = written_by_time.iter().rfind(|(written_at, _)| *written_at <= at).unwrap();
        assert_eq!(then, *shown, "{at}");
    }
    scene.web.stop().await;
}

/// A tenant with so many edits of one outcome, and its read models caught up.
async fn long_stream(process: &Process, models: &ReadModels, count: u64) -> TenantId {
    let tenant = new_tenant();
    let context = draxis_commands::Context::of(draxis_commands::Caller::runner(tenant));
    let body = serde_json::from_value(json!({"name": "Customers can pay"})).unwrap();
    let done = process.commands.define_outcome(&context, body).await.unwrap();
    let id = serde_json::from_slice::<serde_json::Value>(&done.answer.body).unwrap();
    let id = id["id"].as_str().unwrap().to_owned();
    let mut written = 1;
    while written < count {
        let part = 500.min(count - written);
        process.writer.append(edits(tenant, &id, written, part)).await.unwrap();
        written += part;
        models.catch_up(tenant, Position::new(written)).await.unwrap();
    }
    tenant
}

/// What the comparison of the snapshots with the log has shown.
async fn verified(models: &ReadModels, tenant: TenantId) -> draxis_projections::Verified {
    let shown = models.verify(tenant).await.unwrap();
    shown.into_iter().find(|shown| shown.projection == "risk_model_snapshots").expect("they are compared")
}

async fn snapshots(superuser: &mut PgConnection) -> Vec<i64> {
    let rows =
        superuser.fetch_all("SELECT position FROM risk_model_snapshots ORDER BY position").await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_past_begins_at_the_nearest_snapshot_and_says_the_same_without_any() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let models = ReadModels::new(&process.pools, Settings::default());
    let tenant = long_stream(&process, &models, 21_000).await;
    let mut superuser = database.superuser().await;
    assert_eq!(snapshots(&mut superuser).await, [10_001, 20_001]);

    let looks = [1, 9_999, 10_000, 10_001, 15_321, 20_500];
    let mut with = Vec::new();
    for position in looks {
        with.push(models.dashboard_as_of(tenant, AsOf::Position(Position::new(position))).await.unwrap());
    }
    // The control: what a snapshot says is believed.
    let sound = verified(&models, tenant).await;
    assert_eq!((sound.rows, sound.difference), (2, None));
    superuser.execute("CREATE TABLE kept AS SELECT * FROM risk_model_snapshots").await.unwrap();
    superuser.execute("UPDATE risk_model_snapshots SET body = '{}'").await.unwrap();
    let believed = models.dashboard_as_of(tenant, AsOf::Position(Position::new(10_001))).await.unwrap();
    assert!(
        !std::str::from_utf8(&believed.body).unwrap().contains("Customers"),
        "it did not begin at a snapshot"
    );
    let changed = verified(&models, tenant).await.difference.expect("whoever verifies sees it");
    assert!(changed.key.starts_with("10001/outcome/") && changed.stored.is_none(), "{changed:?}");
    superuser.execute("DELETE FROM risk_model_snapshots").await.unwrap();
    for (position, shown) in looks.into_iter().zip(&with) {
        let again = models.dashboard_as_of(tenant, AsOf::Position(Position::new(position))).await.unwrap();
        assert_eq!(again, *shown, "{position}");
    }

    models.rebuild(tenant, Some("risk_model"), &mut |_| {}).await.unwrap();
    assert_eq!(snapshots(&mut superuser).await.len(), 2, "a rebuild takes them anew");
    let again = models.dashboard_as_of(tenant, AsOf::Position(Position::new(20_500))).await.unwrap();
    assert_eq!(again, with[5]);
    models.rebuild(tenant, Some("risk_model"), &mut |_| {}).await.unwrap();
    assert_eq!(snapshots(&mut superuser).await.len(), 2, "those of the rows before are gone with them");
}
