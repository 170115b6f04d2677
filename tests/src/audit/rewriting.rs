//! A superuser who rewrites an event and makes every hash anew is caught by one checkpoint kept elsewhere.

use sqlx::Executor;

use super::stage::Stage;

/// Gives every event the leaf of what it says now.
pub(super) const HASH_ANEW: &str =
    "UPDATE events AS e SET leaf_hash = sha256('\\x00'::bytea || convert_to(record_text(e.*), 'UTF8'))";

#[tokio::test]
async fn a_history_rewritten_whole_is_caught_by_one_earlier_checkpoint_held_outside() {
    let stage = Stage::sealed().await;
    let held = stage.held();
    let mut superuser = stage.database.superuser().await;
    for statement in [
        "SET session_replication_role = replica",
        "UPDATE events SET payload = '{\"n\":0,\"note\":\"nothing happened\"}' WHERE position = 42",
        HASH_ANEW,
        "DELETE FROM checkpoints",
        "DELETE FROM tree_nodes",
    ] {
        superuser.execute(statement).await.unwrap();
    }
    // The program itself, none the wiser, signs the new history with the true key.
    let unpublished = super::stage::open(&stage.process, None).await;
    unpublished.seal(stage.tenant).await.unwrap();
    assert!(stage.verify(&[]).await.holds(), "from within nothing is to be seen");
    for (kept, size) in [(&held[..1], 100), (&held[1..2], 600)] {
        let fault = stage.verify(kept).await.fault.expect("one checkpoint is enough");
        assert_eq!(fault.code(), "root.mismatch");
        let text = fault.to_string();
        assert!(text.contains(&kept[0].file) && text.contains(&format!("the first {size} ")), "{text}");
    }
    // And nothing is published over what lies on the shelf.
    assert!(stage.sealing.seal(stage.tenant).await.is_ok());
    assert_eq!(stage.held(), held);
}

#[tokio::test]
async fn a_tail_cut_off_with_its_checkpoints_is_caught_by_a_checkpoint_held_outside() {
    let stage = Stage::sealed().await;
    let held = stage.held();
    let mut superuser = stage.database.superuser().await;
    for statement in [
        "SET session_replication_role = replica",
        "DELETE FROM events WHERE position > 512",
        "UPDATE stream_heads SET position = 512, recorded_at = (SELECT recorded_at FROM events WHERE position = 512)",
        "DELETE FROM checkpoints WHERE size > 512",
    ] {
        superuser.execute(statement).await.unwrap();
    }
    assert!(
        stage.verify(&held[..1]).await.holds(),
        "a checkpoint over the first 100 knows nothing of the tail"
    );
    let fault = stage.verify(&held).await.fault.expect("the one over 600 does");
    assert_eq!(fault.code(), "tail.missing");
    assert!(fault.to_string().contains(&held[1].file), "{fault}");
}

#[tokio::test]
async fn a_checkpoint_by_a_strangers_key_is_refused() {
    let (ours, theirs) = (Stage::sealed().await, Stage::set().await);
    let text = String::from_utf8(ours.held()[0].note.clone()).unwrap();
    let fault =
        theirs.sealing.verify(ours.tenant, &ours.held(), &[], |_, _| {}).await.unwrap().fault.unwrap();
    assert_eq!(fault.code(), "checkpoint.refused", "{text}");
    let trusted: Vec<_> = ours.sealing.ring().keys().to_vec();
    let fault = theirs.sealing.verify(ours.tenant, &ours.held(), &trusted, |_, _| {}).await.unwrap().fault;
    assert_eq!(
        fault.unwrap().code(),
        "tail.missing",
        "the key once trusted, the note speaks of what is not here"
    );
}
