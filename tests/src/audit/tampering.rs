//! One bit turned in what is stored, by a superuser with the triggers off: `draxis verify` names the place.

use sqlx::{Executor, PgConnection};

use super::stage::Stage;

/// What is done behind the program's back, the code it is told as, and what the sentence must name.
const CASES: &[(&str, &str, &str)] = &[
    // '4' and '5' differ in one bit.
    (
        "UPDATE events SET payload = replace(payload::text, '244', '245')::json WHERE position = 245",
        "record.changed",
        "position 245 ",
    ),
    (
        "UPDATE events SET metadata = '{\"actor\":\"runnes\"}' WHERE position = 1",
        "record.changed",
        "position 1 ",
    ),
    (
        "UPDATE events SET event_type = 'kri.value_recordee' WHERE position = 600",
        "record.changed",
        "position 600 ",
    ),
    ("UPDATE events SET event_version = 3 WHERE position = 300", "record.changed", "position 300 "),
    ("UPDATE events SET aggregate_type = 'krh' WHERE position = 300", "record.changed", "position 300 "),
    ("UPDATE events SET aggregate_id = 'K0296' WHERE position = 300", "record.changed", "position 300 "),
    (
        "UPDATE events SET event_id = overlay(event_id PLACING 'Z' FROM 26) WHERE position = 300",
        "record.changed",
        "position 300 ",
    ),
    (
        "UPDATE events SET event_id = overlay(event_id PLACING 'u' FROM 26) WHERE position = 300",
        "record.changed",
        "position 300 ",
    ),
    ("UPDATE events SET sequence = 65536 WHERE position = 300", "record.changed", "position 300 "),
    (
        "UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 600",
        "record.changed",
        "position 600 ",
    ),
    (
        "UPDATE events SET recorded_at = recorded_at - interval '1 hour' WHERE position = 600",
        "time.falls",
        "position 600 ",
    ),
    (
        "UPDATE events SET leaf_hash = set_byte(leaf_hash, 31, get_byte(leaf_hash, 31) # 1) WHERE position = 256",
        "record.changed",
        "position 256 ",
    ),
    ("DELETE FROM events WHERE position = 256", "position.missing", "position 256 "),
    ("UPDATE events SET position = 1112 WHERE position = 600", "position.missing", "position 600 "),
    (
        "DELETE FROM events WHERE position > 599; UPDATE stream_heads SET position = 599",
        "tail.missing",
        "checkpoint of size 600 ",
    ),
    ("UPDATE stream_heads SET position = 601", "head.wrong", "position 601,"),
    (
        "UPDATE stream_heads SET recorded_at = recorded_at + interval '1 microsecond'",
        "head.wrong",
        "last event was recorded",
    ),
    ("DELETE FROM stream_heads", "head.wrong", "position 0,"),
    (
        "UPDATE checkpoints SET note = replace(note, E'\\n100\\n', E'\\n101\\n') WHERE size = 100",
        "checkpoint.refused",
        "checkpoint of size 100 ",
    ),
    (
        "UPDATE checkpoints SET note = replace(note, 'Z', 'X') WHERE size = 600",
        "checkpoint.refused",
        "checkpoint of size 600 ",
    ),
    (
        "UPDATE checkpoints SET note = overlay(note PLACING 'e' FROM 1) WHERE size = 600",
        "checkpoint.refused",
        "checkpoint of size 600 ",
    ),
    ("UPDATE checkpoints SET size = 101 WHERE size = 100", "checkpoint.refused", "checkpoint of size 101 "),
    ("UPDATE checkpoints SET size = 1124 WHERE size = 100", "tail.missing", "checkpoint of size 1124 "),
    (
        "UPDATE checkpoints SET frontier = set_byte(frontier, 39, get_byte(frontier, 39) # 128) WHERE size = 100",
        "frontier.wrong",
        "size 100 ",
    ),
    (
        "UPDATE tree_nodes SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE place = 1",
        "node.wrong",
        "node 1 of height 1 ",
    ),
    ("UPDATE tree_nodes SET place = 2 WHERE place = 0", "node.wrong", "node 0 of height 1 "),
];

async fn run(superuser: &mut PgConnection, statements: &str) {
    superuser.execute(statements).await.unwrap_or_else(|error| panic!("{statements}: {error}"));
}

#[tokio::test]
async fn one_bit_turned_anywhere_is_named_with_its_place() {
    let stage = Stage::sealed().await;
    let shown = stage.verify(&stage.held()).await;
    assert!(shown.holds(), "{shown:?}");
    assert_eq!((shown.events, shown.checkpoints, shown.held), (600, 2, 3));
    let mut superuser = stage.database.superuser().await;
    run(&mut superuser, "SET session_replication_role = replica").await;
    for table in ["events", "stream_heads", "checkpoints", "tree_nodes"] {
        run(&mut superuser, &format!("CREATE TABLE kept_{table} AS TABLE {table}")).await;
    }
    for (statements, code, named) in CASES {
        run(&mut superuser, statements).await;
        let fault = stage.verify(&[]).await.fault.unwrap_or_else(|| panic!("not seen: {statements}"));
        let text = fault.to_string();
        assert!(fault.code() == *code && text.contains(named), "{statements}\n  {}: {text}", fault.code());
        for table in ["events", "stream_heads", "checkpoints", "tree_nodes"] {
            let restore = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table}");
            run(&mut superuser, &restore).await;
        }
    }
    assert!(stage.verify(&stage.held()).await.holds(), "all is as it was");
}

#[tokio::test]
async fn every_bit_of_a_stored_checkpoint_counts() {
    let stage = Stage::sealed().await;
    let mut superuser = stage.database.superuser().await;
    run(&mut superuser, "SET session_replication_role = replica").await;
    let note = String::from_utf8(stage.held()[0].note.clone()).unwrap();
    for at in 0..note.len() {
        // What is no text any more cannot be stored as one.
        let Ok(turned) = String::from_utf8({
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            bytes
        }) else {
            continue;
        };
        if turned.contains('\0') {
            continue;
        }
        let statement = "UPDATE checkpoints SET note = $1 WHERE size = 100";
        #[expect(clippy::disallowed_methods, reason = "a superuser's own statement")]
        sqlx::query(statement).bind(&turned).execute(&mut superuser).await.unwrap();
        let fault = stage.verify(&[]).await.fault;
        assert_eq!(fault.map(|fault| fault.code()), Some("checkpoint.refused"), "bit 0 of byte {at}");
    }
}

#[tokio::test]
async fn a_sequence_that_skips_is_named_even_where_every_hash_was_made_anew() {
    let stage = Stage::set().await;
    stage.append(100).await;
    let mut superuser = stage.database.superuser().await;
    run(&mut superuser, "SET session_replication_role = replica").await;
    run(&mut superuser, "UPDATE events SET sequence = 9 WHERE position = 55").await;
    run(&mut superuser, super::rewriting::HASH_ANEW).await;
    let fault = stage.verify(&[]).await.fault.unwrap();
    assert_eq!(fault.code(), "sequence.wrong");
    assert!(fault.to_string().contains("position 55 is sequence 9 of kri K0050"), "{fault}");
}
