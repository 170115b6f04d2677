//! Replaying: every read model as it was at each of its moments, byte for byte, folded from the log alone.

use std::collections::BTreeMap;

use draxis_domain::Position;
use draxis_projections::{AsOf, PageOf, ReadError};

use super::scene::{Scene, tables};

/// All rows of a read model as they were, page by page.
async fn rows_then(scene: &Scene, model: &str, as_of: AsOf) -> BTreeMap<String, String> {
    let (mut rows, mut page) = (BTreeMap::new(), PageOf { cursor: None, limit: 7 });
    loop {
        let found = scene.models.rows_as_of((scene.tenant, model), as_of, &page).await.unwrap();
        assert!(found.items.len() <= 7 && found.model == model);
        rows.extend(
            found.items.into_iter().map(|it| (format!("{model}/{}", it.key), it.row.get().to_owned())),
        );
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            return rows;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_model_is_shown_as_it_was_byte_for_byte() {
    let scene = Scene::set(30).await;
    let mut moments = Vec::new();
    for n in 20..28 {
        scene.read_value(n).await;
        moments.push((scene.head().await, scene.rows().await));
    }
    scene.edit_until(200).await;
    let mut told = 0;
    for (position, rows) in &moments {
        let mut then = BTreeMap::new();
        for model in tables() {
            then.extend(rows_then(&scene, model, AsOf::Position(*position)).await);
        }
        assert_eq!(&then, rows, "position {position}");
        told += then.len();
    }
    assert!(told > 100 && moments[0].1 != moments[7].1, "there was something to be told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_refused_and_the_beginning_is_empty() {
    let scene = Scene::set(0).await;
    let page = PageOf { cursor: None, limit: 1 };
    let start = AsOf::Position(Position::START);
    let empty = scene.models.rows_as_of((scene.tenant, "breaches"), start, &page).await.unwrap();
    assert!(empty.items.is_empty() && empty.position == Position::START);
    let unknown = scene.models.rows_as_of((scene.tenant, "directory"), start, &page).await.unwrap_err();
    assert!(
        matches!(&unknown, ReadError::NoSuchProjection { known, .. } if known.contains("workflows")),
        "{unknown}"
    );
    let ahead = AsOf::Position(scene.head().await.next());
    let refused = scene.models.rows_as_of((scene.tenant, "breaches"), ahead, &page).await.unwrap_err();
    assert!(matches!(refused, ReadError::Ahead { .. }), "{refused}");
}
