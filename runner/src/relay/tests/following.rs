//! How a ticket stands.

use super::rig::{Rig, Set, effect, issue, jira, record, servicenow};
use crate::far_systems::Mishap;
use crate::relay::{EffectOutcome, EffectReference};

fn reference(outcome: EffectOutcome) -> EffectReference {
    match outcome {
        EffectOutcome::Confirmed { reference } => reference,
        EffectOutcome::Rejected { .. } | EffectOutcome::Ambiguous { .. } => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn an_issue_and_a_record_are_followed_by_the_names_of_their_states() {
    let (rig, jira, now) = (Rig::new(), jira().await, servicenow().await);
    let (there, here) = (Set::jira(&jira.url()), Set::servicenow(&now.url()));
    let issue = reference(rig.send(&there, &effect(7, issue())).await);
    let record = reference(rig.send(&here, &effect(7, record())).await);
    assert_eq!(rig.status(&there, &issue).await.unwrap(), "To Do");
    assert_eq!(rig.status(&here, &record).await.unwrap(), "New");
    assert!(jira.with(|jira| jira.set_status("OPS-1", "Done")));
    assert!(now.with(|now| now.set_state("incident", "INC0000001", "6")));
    assert_eq!(rig.status(&there, &issue).await.unwrap(), "Done");
    assert_eq!(rig.status(&here, &record).await.unwrap(), "Resolved");
}

#[tokio::test]
async fn a_ticket_that_is_gone_or_none_is_not_found() {
    let (rig, jira, now) = (Rig::new(), jira().await, servicenow().await);
    let (there, here) = (Set::jira(&jira.url()), Set::servicenow(&now.url()));
    let mut issue = reference(rig.send(&there, &effect(7, issue())).await);
    let mut record = reference(rig.send(&here, &effect(7, record())).await);
    for id in ["OPS-9", "../myself", "OPS-1?x", ""] {
        id.clone_into(&mut issue.id);
        assert_eq!(rig.status(&there, &issue).await.unwrap_err().code(), "relay.not_found", "{id}");
    }
    for id in ["incident/ffffffffffffffffffffffffffffffff", "incident", "incident/../sys_user"] {
        id.clone_into(&mut record.id);
        assert_eq!(rig.status(&here, &record).await.unwrap_err().code(), "relay.not_found", "{id}");
    }
}

#[tokio::test]
async fn a_failure_to_answer_may_be_asked_again() {
    let (rig, jira) = (Rig::new(), jira().await);
    let there = Set::jira(&jira.url());
    let issue = reference(rig.send(&there, &effect(7, issue())).await);
    for (mishap, code) in [
        (Mishap::Busy(9), "relay.busy"),
        (Mishap::FailUndone, "relay.failed"),
        (Mishap::DropUndone, "egress.lost"),
    ] {
        jira.script_questions([mishap]);
        let error = rig.status(&there, &issue).await.unwrap_err();
        assert_eq!((error.code(), error.retryable()), (code, true));
        assert_eq!(error.retry_after().is_some(), code == "relay.busy");
    }
}
