//! What arrives when nothing goes wrong.

use serde_json::json;

use super::rig::{
    Rig, Set, TOKEN, delivery, effect, issue, jira, letter, message, receiver, record, servicenow, slack,
};
use crate::mail::loopback::{SmtpPlan, SmtpServer};
use crate::relay::{EffectContent, EffectOutcome, EffectReference};
use draxis_domain::relay::Channel;

fn confirmed(outcome: EffectOutcome) -> EffectReference {
    match outcome {
        EffectOutcome::Confirmed { reference } => reference,
        EffectOutcome::Rejected { .. } | EffectOutcome::Ambiguous { .. } => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn an_issue_is_opened_with_a_label_to_find_it_by() {
    let far = jira().await;
    let sent = Rig::new().send(&Set::jira(&far.url()), &effect(7, issue())).await;
    let reference = confirmed(sent);
    assert_eq!((reference.id.as_str(), reference.name.as_str()), ("OPS-1", "OPS-1"));
    assert_eq!(reference.url, Some(format!("{}/browse/OPS-1", far.url())));
    let issue = far.with(|jira| jira.issues()[0].clone());
    assert_eq!(issue.summary, "3 critical CVEs are unpatched");
    assert_eq!(issue.labels, ["cyber-risk", "draxis-00000000000000000000000000000007"]);
    assert_eq!((issue.issue_type.as_str(), issue.priority.as_deref()), ("Task", Some("High")));
    assert_eq!(issue.description["content"][1]["content"][0]["text"], "Thank you");
}

#[tokio::test]
async fn data_center_is_spoken_to_in_version_two() {
    let far = jira().await;
    let set = Set::new(Channel::Jira, json!({ "baseUrl": far.url() }), Some(("token", TOKEN)));
    let (rig, request) = (Rig::new(), effect(7, issue()));
    confirmed(rig.send(&set, &request).await);
    let issue = far.with(|jira| jira.issues()[0].clone());
    assert!(issue.description.as_str().unwrap().starts_with("See \\*this\\*:\n"), "{}", issue.description);
    let found = rig.look_up(&set, &request).await.unwrap();
    assert!(matches!(found, crate::relay::LookUp::Found(one) if one.id == "OPS-1"));
}

#[tokio::test]
async fn a_record_is_opened_with_a_correlation_id_to_find_it_by() {
    let far = servicenow().await;
    let sent = Rig::new().send(&Set::servicenow(&far.url()), &effect(7, record())).await;
    let reference = confirmed(sent);
    assert_eq!(reference.name, "INC0000001");
    assert_eq!(reference.id, format!("incident/{:032x}", 1));
    assert_eq!(reference.url, Some(format!("{}/incident.do?sys_id={:032x}", far.url(), 1)));
    let record = far.with(|now| now.records("incident")[0].clone());
    assert_eq!(record["short_description"], "3 critical CVEs are unpatched");
    assert_eq!(record["correlation_id"], format!("{:032x}", 7));
    assert_eq!(record["assignment_group"], "d625dccec0a8016700a222a0f7900d06");
}

#[tokio::test]
async fn a_message_is_posted_with_the_effects_id_beside_it() {
    let far = slack().await;
    let sent = Rig::new().send(&Set::slack(&far.url()), &effect(7, message("#general"))).await;
    assert_eq!(confirmed(sent).id, "C00000002/1700000000.000000");
    let message = far.with(|slack| slack.messages()[0].clone());
    assert_eq!(message.text, "*3 critical CVEs* &lt;unpatched&gt;");
    assert_eq!(message.metadata["event_payload"]["effect"], format!("{:032x}", 7));
}

#[tokio::test]
async fn an_incoming_webhook_posts_into_its_own_channel() {
    let far = slack().await;
    confirmed(Rig::new().send(&Set::slack_webhook(&far.url()), &effect(7, message("any"))).await);
    assert_eq!(far.with(|slack| slack.messages()[0].channel.clone()), "C00000001");
}

#[tokio::test]
async fn a_delivery_verifies_and_each_attempt_is_the_same_one() {
    let far = receiver().await;
    let (rig, set, request) = (Rig::new(), Set::webhook(&far.url()), effect(7, delivery()));
    for _ in 0..2 {
        assert_eq!(confirmed(rig.send(&set, &request).await).id, format!("{:032x}", 7));
    }
    far.with(|receiver| {
        assert_eq!((receiver.refused(), receiver.deliveries().len(), receiver.distinct()), (0, 2, 1));
        let body = json!({ "type": "workflow.step", "data": { "kri": "critical_cves" } });
        assert_eq!(receiver.deliveries()[0].body, body);
    });
}

#[tokio::test]
async fn a_letter_goes_to_all_under_the_effects_message_id() {
    let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
    let sent = Rig::new().send(&Set::email(server.port()), &effect(7, letter())).await;
    let id = format!("<{:032x}.effect@example.com>", 7);
    assert_eq!(confirmed(sent).id, id);
    let letter = server.letters().remove(0);
    assert_eq!(letter.to, ["bo@example.com", "cy@example.com"]);
    assert_eq!(letter.header("message-id"), Some(id.as_str()));
    assert_eq!(letter.header("subject"), Some("3 critical CVEs Bcc: eve@example.com"));
    assert_eq!(letter.header("reply-to"), Some("security@example.com"));
}

#[tokio::test]
async fn what_the_far_side_does_not_take_is_refused_with_what_to_do() {
    let far = jira().await;
    let ticket = serde_json::from_value(json!({ "project": "NONE" })).unwrap();
    let what = EffectContent::Jira { ticket, summary: "Title".to_owned(), description: None };
    let sent = Rig::new().send(&Set::jira(&far.url()), &effect(7, what)).await;
    let EffectOutcome::Rejected { class, detail, retryable, .. } = sent else { panic!("{sent:?}") };
    assert_eq!((class, retryable), ("relay.refused", false));
    assert!(detail.contains("project's key"), "{detail}");
    assert!(!detail.contains("valid project is required"), "the far side's words stay there: {detail}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anybody_hears_of_it() {
    let far = servicenow().await;
    let ticket = |table: &str| serde_json::from_value(json!({ "table": table })).unwrap();
    for (table, summary) in [("incident", " \n"), ("../sys_user", "Title"), ("", "Title")] {
        let what = EffectContent::ServiceNow {
            ticket: ticket(table),
            summary: summary.to_owned(),
            description: None,
        };
        let sent = Rig::new().send(&Set::servicenow(&far.url()), &effect(7, what)).await;
        let EffectOutcome::Rejected { class, retryable, .. } = sent else { panic!("{sent:?}") };
        assert_eq!((class, retryable), ("relay.content", false), "{table}");
    }
    assert_eq!(far.requests(), 0);
}
