//! Proofs for witnesses, made from what is stored, verified by what they are given and nothing else.

use draxis_commands::sealing::ProofRefusal;
use draxis_domain::Position;
use draxis_proof::checkpoint::Checkpoint;
use draxis_proof::tree::leaf_hash;
use sqlx::Executor;

use super::stage::Stage;

#[tokio::test]
async fn every_event_is_proved_to_be_in_the_sealed_tree() {
    let stage = Stage::sealed().await;
    for position in [1, 2, 99, 100, 255, 256, 257, 511, 512, 513, 599, 600] {
        let shown = stage.sealing.prove_inclusion(stage.tenant, Position::new(position)).await.unwrap();
        let sealed =
            Checkpoint::open(shown.checkpoint.to_string().as_bytes(), &stage.sealing.ring()).unwrap();
        assert_eq!((shown.proof.index, shown.proof.size), (position - 1, sealed.checkpoint().size()));
        shown.proof.verify(&leaf_hash(&shown.record), &sealed.checkpoint().root()).unwrap();
    }
}

#[tokio::test]
async fn a_new_event_is_sealed_to_be_proved() {
    let stage = Stage::sealed().await;
    stage.append(1).await;
    let shown = stage.sealing.prove_inclusion(stage.tenant, Position::new(601)).await.unwrap();
    assert_eq!(shown.proof.size, 601);
    for position in [0, 602] {
        let refused = stage.sealing.prove_inclusion(stage.tenant, Position::new(position)).await.unwrap_err();
        assert!(matches!(refused, ProofRefusal::Outside { sealed: 601 }), "{refused}");
    }
}

#[tokio::test]
async fn each_size_is_proved_to_be_the_beginning_of_each_later_one() {
    let stage = Stage::sealed().await;
    let sizes = [1, 2, 100, 255, 256, 300, 512, 599, 600];
    for (at, from) in sizes.into_iter().enumerate() {
        for to in &sizes[at..] {
            let shown = stage.sealing.prove_consistency(stage.tenant, from, *to).await.unwrap();
            shown.proof.verify(&shown.from_root, &shown.to_root).unwrap();
        }
    }
    for (from, to) in [(0, 1), (2, 1), (1, 601)] {
        let refused = stage.sealing.prove_consistency(stage.tenant, from, to).await.unwrap_err();
        assert!(matches!(refused, ProofRefusal::Outside { sealed: 600 }), "{from} {to}: {refused}");
    }
}

#[tokio::test]
async fn no_proof_leaves_the_house_that_does_not_lead_to_the_signed_root() {
    let stage = Stage::sealed().await;
    let mut superuser = stage.database.superuser().await;
    let turn = "UPDATE tree_nodes SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE place = 1";
    superuser.execute(turn).await.unwrap();
    assert!(matches!(
        stage.sealing.prove_inclusion(stage.tenant, Position::new(1)).await,
        Err(ProofRefusal::Failed(_))
    ));
    assert!(matches!(
        stage.sealing.prove_consistency(stage.tenant, 100, 600).await,
        Err(ProofRefusal::Failed(_))
    ));
}
