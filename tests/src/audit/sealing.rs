//! Sealing: when, over what, and where it is refused.

use draxis_commands::sealing::SealError;
use draxis_domain::{Position, TenantId};
use draxis_proof::checkpoint::Checkpoint;
use sqlx::Executor;
use tokio::task::JoinSet;

use super::stage::{Stage, open};
use crate::house::sound_stream;

#[tokio::test]
async fn a_checkpoint_says_how_many_events_there_are_and_their_root() {
    let stage = Stage::sealed().await;
    let events = sound_stream(&stage.process.pools.app, stage.tenant).await;
    let mut tree = draxis_proof::tree::Frontier::new();
    for event in &events {
        tree.push(draxis_proof::tree::leaf_hash(&event.record(stage.tenant).unwrap()));
    }
    let sealed = stage.sealing.latest(stage.tenant).await.unwrap().unwrap();
    assert_eq!((sealed.checkpoint.size(), sealed.checkpoint.root()), (600, tree.root()));
    assert_eq!(sealed.checkpoint.origin().to_string(), format!("draxis/{}", stage.tenant));
    let again = stage.sealing.seal(stage.tenant).await.unwrap();
    assert_eq!(again.note, sealed.note, "nothing new is nothing to seal");
}

#[tokio::test]
async fn every_checkpoint_is_published_also_those_of_a_process_that_died_before_it_could() {
    let stage = Stage::set().await;
    let without_shelf = open(&stage.process, None).await;
    stage.append(10).await;
    without_shelf.seal(stage.tenant).await.unwrap();
    assert!(stage.held().is_empty());
    stage.append(10).await;
    stage.sealing.seal(stage.tenant).await.unwrap();
    let ring = stage.sealing.ring();
    let sizes: Vec<u64> = stage
        .held()
        .iter()
        .map(|held| Checkpoint::open(&held.note, &ring).unwrap().checkpoint().size())
        .collect();
    assert_eq!(sizes, [10, 20, 20], "both, and a copy of the latest");
}

#[tokio::test]
async fn a_published_checkpoint_is_never_written_over() {
    let stage = Stage::sealed().await;
    let folder = stage.shelf.path().join(stage.tenant.to_string());
    std::fs::write(folder.join("latest.note"), "lost").unwrap();
    let file = folder.join(format!("{:020}.note", 100));
    std::fs::write(&file, "another").unwrap();
    let error = stage.sealing.seal(stage.tenant).await.unwrap_err();
    assert!(matches!(error, SealError::Contradicted { path } if path == file));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "another");
}

#[tokio::test]
async fn nothing_is_signed_over_an_event_that_was_changed() {
    let stage = Stage::set().await;
    stage.append(50).await;
    stage.sealing.seal(stage.tenant).await.unwrap();
    stage.append(50).await;
    let mut superuser = stage.database.superuser().await;
    superuser.execute("SET session_replication_role = replica").await.unwrap();
    superuser.execute("UPDATE events SET payload = '{\"n\":1}' WHERE position = 77").await.unwrap();
    let error = stage.sealing.seal(stage.tenant).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("event 77") && text.contains(&stage.tenant.to_string()), "{text}");
    let latest = stage.sealing.latest(stage.tenant).await.unwrap().unwrap();
    assert_eq!(latest.checkpoint.size(), 50, "the last checkpoint is the one before");
}

#[tokio::test]
async fn nothing_is_signed_over_a_stream_that_became_shorter() {
    let stage = Stage::sealed().await;
    let mut superuser = stage.database.superuser().await;
    superuser.execute("SET session_replication_role = replica").await.unwrap();
    superuser.execute("DELETE FROM events WHERE position > 590").await.unwrap();
    superuser.execute("UPDATE stream_heads SET position = 590").await.unwrap();
    let error = stage.sealing.seal(stage.tenant).await.unwrap_err();
    assert!(matches!(error, SealError::TailLost { size: 600, head, .. } if head.get() == 590), "{error}");
}

#[tokio::test]
async fn two_processes_that_start_at_once_make_one_key_and_seal_one_history() {
    let stage = Stage::set().await;
    let (one, other) = tokio::join!(open(&stage.process, None), open(&stage.process, None));
    assert_eq!(one.published_keys(), other.published_keys());
    assert_eq!(one.published_keys().len(), 1);
    for _ in 0..5 {
        stage.append(20).await;
        let (one, other) = tokio::join!(one.seal(stage.tenant), other.seal(stage.tenant));
        assert_eq!(one.unwrap().note, other.unwrap().note, "whoever is first has sealed it");
    }
    assert!(stage.verify(&[]).await.holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_events_are_sealed_without_waiting_for_the_round() {
    let stage = Stage::set().await;
    let mut tasks = JoinSet::new();
    tasks.spawn(stage.sealing.clone().follow(stage.process.writer.wakeups().subscribe()));
    stage.append(1_200).await;
    let sealed = async {
        while stage.sealing.latest(stage.tenant).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), sealed)
        .await
        .expect("it is sealed within the round");
}

#[tokio::test]
async fn the_platforms_stream_is_sealed_like_any_other() {
    let stage = Stage::sealed().await;
    stage.sealing.seal_all().await.unwrap();
    let streams = stage.sealing.streams().await.unwrap();
    assert_eq!(streams, [(TenantId::PLATFORM, Position::START), (stage.tenant, Position::new(600))]);
    let empty = stage.sealing.seal(TenantId::PLATFORM).await.unwrap();
    assert_eq!(empty.checkpoint.size(), 0, "asked for, an empty stream is sealed as empty");
}
