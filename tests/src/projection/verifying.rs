//! Verifying: whichever row is changed, missing or too many, in whichever table, is named.

use sqlx::{Executor, Row};

use super::scene::{Scene, tables};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_was_changed_taken_away_or_put_in_is_named() {
    let scene = Scene::set(200).await;
    scene.rows().await;
    assert_eq!(scene.differences().await, Vec::<String>::new());
    let mut superuser = scene.database.superuser().await;
    let mut tried = 0;
    for table in tables() {
        superuser.execute(format!("CREATE TABLE kept AS SELECT * FROM {table}").as_str()).await.unwrap();
        let some = format!("SELECT key FROM {table} ORDER BY key DESC LIMIT 1");
        let key: Option<String> =
            superuser.fetch_optional(some.as_str()).await.unwrap().map(|row| row.get(0));
        let mut damages = vec![(
            format!(
                "INSERT INTO {table} SELECT tenant_id, generation, 'zz', '{{}}' FROM projection_checkpoints
                 WHERE projection = '{table}' AND serving AND tenant_id = '{}'",
                scene.tenant.uuid()
            ),
            "zz".to_owned(),
        )];
        if let Some(key) = key {
            // One digit of the body, wherever its last one stands.
            let flip = format!(
                "UPDATE {table} SET body = regexp_replace(body::text, '(\\d)(\\D*)$', '\\1\\1\\2')::json WHERE key = '{key}'"
            );
            damages.push((flip, key.clone()));
            damages.push((format!("DELETE FROM {table} WHERE key = '{key}'"), key));
        }
        for (damage, key) in damages {
            assert_eq!(superuser.execute(damage.as_str()).await.unwrap().rows_affected(), 1, "{damage}");
            assert_eq!(scene.differences().await, [format!("{table}/{key}")], "{damage}");
            let restore = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept");
            superuser.execute(restore.as_str()).await.unwrap();
            tried += 1;
        }
        superuser.execute("DROP TABLE kept").await.unwrap();
    }
    assert!(tried > 15, "few rows were there to be spoilt: {tried}");
    assert_eq!(scene.differences().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_that_is_not_the_fold_of_what_came_before_it_is_named() {
    let scene = Scene::set(0).await;
    // Two snapshots, each at the end of a batch past another ten thousand events.
    for until in [10_500, 20_500] {
        scene.edit_until(until).await;
        scene.rows().await;
    }
    let mut superuser = scene.database.superuser().await;
    let query = "SELECT position FROM risk_model_snapshots ORDER BY position";
    let positions: Vec<i64> =
        superuser.fetch_all(query).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(positions.len(), 2);
    assert_eq!(scene.differences().await, Vec::<String>::new());
    superuser.execute("CREATE TABLE kept AS SELECT * FROM risk_model_snapshots").await.unwrap();
    let outcome = format!("outcome/{}", edits_of(&mut superuser).await);
    for (damage, at, key) in [
        ("replace(body::text, 'Customers', 'Customerz')", 1, format!("{}/{outcome}", positions[1])),
        (
            r#"regexp_replace(body::text, '"outcome/[^"]*"', '"outcome/x"')"#,
            0,
            format!("{}/{outcome}", positions[0]),
        ),
        ("'{}'", 0, format!("{}/days/{}", positions[0], scene.kris.iter().min().unwrap())),
        ("'[]'", 1, format!("{}/", positions[1])),
    ] {
        let spoil = format!(
            "UPDATE risk_model_snapshots SET body = ({damage})::json WHERE position = {}",
            positions[at]
        );
        assert_eq!(superuser.execute(spoil.as_str()).await.unwrap().rows_affected(), 1, "{damage}");
        assert_eq!(scene.differences().await, [format!("risk_model_snapshots/{key}")], "{damage}");
        let restore = "DELETE FROM risk_model_snapshots; INSERT INTO risk_model_snapshots SELECT * FROM kept";
        superuser.execute(restore).await.unwrap();
    }
    let beyond =
        format!("UPDATE risk_model_snapshots SET position = 99999999 WHERE position = {}", positions[1]);
    superuser.execute(beyond.as_str()).await.unwrap();
    assert_eq!(scene.differences().await, ["risk_model_snapshots/99999999"]);
}

/// The id of the outcome that is edited.
async fn edits_of(superuser: &mut sqlx::PgConnection) -> String {
    let query = "SELECT aggregate_id FROM events WHERE aggregate_type = 'outcome' LIMIT 1";
    superuser.fetch_one(query).await.unwrap().get(0)
}
