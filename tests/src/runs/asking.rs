//! Asking: whoever is to decide is told by letter and in Slack, once each, and by nothing that decides by being opened.

use draxis_domain::workflow_run::RunStanding;
use draxis_runner::far_systems::{Mishap, SlackMessage};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{Scene, approval, jira, manual};

/// An approval that is asked for in a channel too, and after half a day of others.
fn in_slack(scene: &Scene) -> Value {
    let mut asks = approval("approve", &scene.user_account);
    asks["slackChannel"] = json!("#sec");
    // The administrator presses the button and is called in later.
    asks["requesterMayApprove"] = json!(true);
    asks["reminders"] = json!(["PT6H"]);
    asks["escalation"] = json!({"after": "PT12H", "to": [{"role": "tenant_admin"}]});
    asks
}

fn posts(scene: &Scene) -> Vec<SlackMessage> {
    scene.slack.with(|slack| slack.messages().to_vec())
}

/// The one address in a text.
fn address(text: &str) -> &str {
    let addresses: Vec<&str> = text.split_whitespace().filter(|word| word.contains("://")).collect();
    let [address] = addresses[..] else { panic!("one address: {text}") };
    address
}

/// What the tenant's tellings are for, and through which relay each went, in order.
async fn told(scene: &Scene) -> Vec<(String, String, bool)> {
    let planned = scene.events("workflow_run.effect_planned").await;
    let of = |event: &Value| {
        let payload = &event["payload"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let in_slack = payload["purpose"]["inSlack"] == json!(true);
        (text(&payload["purpose"]["kind"]), text(&payload["content"]["kind"]), in_slack)
    };
    planned.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_to_decide_is_asked_reminded_and_passed_over_in_slack_too_where_the_step_says_so() {
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[in_slack(&scene), jira("ticket")]).await;
    let run = scene.press(&workflow).await;
    scene.settle().await;
    let (id, _) = scene.waiting_approval().await.unwrap();
    let post = &posts(&scene)[0];
    assert!(post.text.starts_with("*Decision needed*") && post.text.contains("Patch tonight?"), "{post:?}");
    assert!(address(&post.text).ends_with(&format!("/approvals/{id}")), "a page and nothing else: {post:?}");
    assert_eq!(
        address(&post.text),
        address(&scene.mail.letters()[0].text),
        "the page that the letter leads to"
    );
    scene.settle().await;
    assert_eq!((posts(&scene).len(), scene.mail.letters().len()), (1, 1), "asked once");
    let robot = [("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")];
    scene.web.send(Method::GET, &format!("/approvals/{id}"), &robot, None).await.expect(200);
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::UnderWay, "opening it decides nothing");

    scene.after(6 * 3600).await;
    scene.after(6 * 3600).await;
    let texts: Vec<String> = posts(&scene).into_iter().map(|post| post.text).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[1].starts_with("*Decision still needed*"), "{texts:?}");
    assert!(texts[2].starts_with("*Decision needed, nobody has answered*"), "{texts:?}");
    scene.approve().await;
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    let expected = ["ask", "remind", "escalate"].into_iter().flat_map(|kind| {
        [("email", false), ("slack", true)].map(|(way, slack)| (kind.to_owned(), way.to_owned(), slack))
    });
    let expected: Vec<_> = expected.chain([("step".to_owned(), "jira".to_owned(), false)]).collect();
    assert_eq!(told(&scene).await, expected);
    let shown = scene.get("/api/effects?state=confirmed&channel=slack").await.expect(200).json();
    assert_eq!(shown["items"].as_array().unwrap().len(), 3, "each stands in the ledger: {shown}");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_mail_they_are_asked_in_the_channel_that_slack_posts_into_by_itself() {
    let scene = Scene::set().await;
    let gone = json!({});
    scene.web.command(Method::DELETE, &scene.admin, "/api/relay-config/email", &gone, &[]).await.expect(200);
    let workflow =
        scene.workflow(&manual(), &[approval("approve", &scene.user_account), jira("ticket")]).await;
    scene.press(&workflow).await;
    scene.settle().await;
    assert!(posts(&scene).is_empty(), "no channel is named anywhere");
    assert!(told(&scene).await.is_empty(), "and nothing that must fail is tried");
    let own = json!({"settings": {"mode": "bot", "baseUrl": scene.slack.url(), "defaultChannel": "#sec"},
        "credentials": {"token": "canary-slack"}});
    scene.put("/api/relay-config/slack", &own).await.expect(200);
    scene.press(&workflow).await;
    scene.settle().await;
    let asked = posts(&scene);
    assert!(asked.iter().all(|post| post.text.contains("/approvals/")), "{asked:?}");
    assert_eq!(asked.len(), 1, "{asked:?}");
    let webhook = json!({"settings": {"mode": "webhook"},
        "credentials": {"url": format!("{}{}", scene.slack.url(), draxis_runner::far_systems::FarSlack::webhook_path())}});
    scene.put("/api/relay-config/slack", &webhook).await.expect(200);
    scene.press(&workflow).await;
    scene.settle().await;
    assert_eq!(posts(&scene).len(), 2, "an incoming webhook is bound to its channel");
    assert!(scene.mail.letters().is_empty());
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_which_nobody_knows_whether_it_stands_in_slack_is_not_posted_again_and_holds_nobody_up()
{
    let mut scene = Scene::set().await;
    let workflow = scene.workflow(&manual(), &[in_slack(&scene), jira("ticket")]).await;
    scene.slack.script([Mishap::DoneThenDrop]);
    let run = scene.press(&workflow).await;
    scene.settle().await;
    scene.after(60).await;
    scene.after(60).await;
    assert_eq!(posts(&scene).len(), 1, "not again");
    let open = scene.get("/api/effects?state=ambiguous").await.expect(200).json();
    assert_eq!(open["items"][0]["purpose"], json!({"kind": "ask", "round": 1, "inSlack": true}), "{open}");
    scene.approve().await;
    scene.settle().await;
    assert_eq!(scene.standing(run).await, RunStanding::Completed);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_cannot_be_taken_away_while_an_active_workflow_asks_in_it() {
    let scene = Scene::set().await;
    scene.workflow(&manual(), &[in_slack(&scene)]).await;
    let gone = json!({});
    let kept = scene.web.command(Method::DELETE, &scene.admin, "/api/relay-config/slack", &gone, &[]).await;
    assert!(kept.expect(409).text.contains("Patch critical CVEs"), "it says for what it is needed");
    scene.web.stop().await;
}
