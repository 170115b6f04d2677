//! What a look-up may say, and what it must not: that nothing is there, when it was not let look.

use super::rig::{
    Rig, Set, delivery, effect, issue, jira, letter, message, receiver, record, servicenow, slack,
};
use crate::far_systems::{FarJira, FarServiceNow, FarSlack, Mishap};
use crate::relay::LookUp;

fn found(looked: &LookUp) -> Option<&str> {
    match looked {
        LookUp::Found(reference) => Some(&reference.name),
        LookUp::NotFound | LookUp::CannotKnow | LookUp::Failed(_) => None,
    }
}

#[tokio::test]
async fn an_issue_is_found_once_the_index_has_it() {
    let far = jira().await;
    let (rig, set) = (Rig::new(), Set::jira(&far.url()));
    let (mine, other) = (effect(7, issue()), effect(8, issue()));
    assert_eq!(rig.look_up(&set, &mine).await.unwrap(), LookUp::NotFound);
    far.with(FarJira::hold_index);
    far.script([Mishap::DoneThenDrop]);
    rig.send(&set, &mine).await;
    assert_eq!(rig.look_up(&set, &mine).await.unwrap(), LookUp::NotFound, "the index lags");
    far.with(FarJira::release_index);
    assert_eq!(found(&rig.look_up(&set, &mine).await.unwrap()), Some("OPS-1"));
    assert_eq!(rig.look_up(&set, &other).await.unwrap(), LookUp::NotFound);
}

#[tokio::test]
async fn a_jira_that_does_not_let_us_see_is_not_believed() {
    let far = jira().await;
    let (rig, set, request) = (Rig::new(), Set::jira(&far.url()), effect(7, issue()));
    rig.send(&set, &request).await;
    far.with(FarJira::forbid_browsing);
    assert_eq!(rig.look_up(&set, &request).await.unwrap(), LookUp::CannotKnow);
    far.with(FarJira::allow_browsing);
    // A token that has expired: the search finds nothing instead of refusing.
    far.script_questions([Mishap::RefuseLogin]);
    assert_eq!(rig.look_up(&set, &request).await.unwrap_err().code(), "relay.credentials");
    assert_eq!(found(&rig.look_up(&set, &request).await.unwrap()), Some("OPS-1"));
}

#[tokio::test]
async fn a_record_is_found_and_silence_is_counted() {
    let far = servicenow().await;
    let (rig, set) = (Rig::new(), Set::servicenow(&far.url()));
    let (mine, other) = (effect(7, record()), effect(8, record()));
    assert_eq!(rig.look_up(&set, &mine).await.unwrap(), LookUp::NotFound);
    far.script([Mishap::DoneThenFail]);
    rig.send(&set, &mine).await;
    assert_eq!(found(&rig.look_up(&set, &mine).await.unwrap()), Some("INC0000001"));
    assert_eq!(rig.look_up(&set, &other).await.unwrap(), LookUp::NotFound);
    far.with(FarServiceNow::forbid_reading);
    assert_eq!(rig.look_up(&set, &mine).await.unwrap(), LookUp::CannotKnow, "rows were left out");
}

#[tokio::test]
async fn a_table_without_a_correlation_id_does_not_take_any_row_for_ours() {
    let far = servicenow().await;
    let (rig, set) = (Rig::new(), Set::servicenow(&far.url()));
    far.with(FarServiceNow::drop_correlation_id);
    rig.send(&set, &effect(7, record())).await;
    assert_eq!(rig.look_up(&set, &effect(8, record())).await.unwrap(), LookUp::CannotKnow);
}

#[tokio::test]
async fn a_message_is_found_where_the_app_may_look_and_never_said_to_be_missing() {
    let far = slack().await;
    let (rig, set) = (Rig::new(), Set::slack(&far.url()));
    let mine = effect(7, message("C00000001"));
    far.script([Mishap::DoneThenDrop]);
    rig.send(&set, &mine).await;
    assert_eq!(rig.look_up(&set, &mine).await.unwrap(), LookUp::CannotKnow, "no scope");
    far.with(FarSlack::allow_history);
    assert_eq!(found(&rig.look_up(&set, &mine).await.unwrap()), Some("C00000001/1700000000.000000"));
    let others = [effect(8, message("C00000001")), effect(7, message("alerts"))];
    for other in others {
        assert_eq!(rig.look_up(&set, &other).await.unwrap(), LookUp::CannotKnow);
    }
    let incoming = Set::slack_webhook(&far.url());
    assert_eq!(rig.look_up(&incoming, &mine).await.unwrap(), LookUp::CannotKnow);
}

#[tokio::test]
async fn letters_and_deliveries_cannot_be_looked_up() {
    let far = receiver().await;
    let rig = Rig::new();
    let looked = rig.look_up(&Set::webhook(&far.url()), &effect(7, delivery())).await.unwrap();
    assert_eq!(looked, LookUp::CannotKnow);
    let looked = rig.look_up(&Set::email(25), &effect(7, letter())).await.unwrap();
    assert_eq!((looked, far.requests()), (LookUp::CannotKnow, 0));
}

#[tokio::test]
async fn a_question_that_fails_says_nothing_about_the_effect() {
    let far = jira().await;
    let (rig, set, request) = (Rig::new(), Set::jira(&far.url()), effect(7, issue()));
    for mishap in [Mishap::FailUndone, Mishap::DropUndone, Mishap::DoneThenGarble, Mishap::Busy(3)] {
        far.script_questions([mishap]);
        let error = rig.look_up(&set, &request).await.unwrap_err();
        assert!(!error.to_string().is_empty(), "{mishap:?}");
    }
    // Nothing found, and then no answer to whether we may look.
    far.script_questions([Mishap::None, Mishap::FailUndone]);
    assert!(rig.look_up(&set, &request).await.is_err());
}
