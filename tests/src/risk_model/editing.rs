//! Making, editing on the version that was read, linking and archiving: each an event with who and why.

use reqwest::Method;
use serde_json::{Value, json};

use super::scene::Scene;

/// Each noun: its list, a body, and what an edit changes it to.
fn nouns() -> [(&'static str, &'static str, Value, Value); 5] {
    let kri = |name: &str| json!({"slug": "a_kri", "name": name, "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2});
    let risk = |name: &str, likelihood: u8| json!({"name": name, "likelihood": likelihood, "impact": 2});
    [
        ("kri", "/api/kris", kri("Before"), kri("After")),
        ("risk", "/api/risks", risk("Before", 1), risk("Before", 5)),
        (
            "control",
            "/api/controls",
            json!({"name": "Before"}),
            json!({"name": "Before", "state": "ineffective"}),
        ),
        (
            "outcome",
            "/api/outcomes",
            json!({"name": "Before"}),
            json!({"name": "Before", "description": "More"}),
        ),
        (
            "vendor",
            "/api/vendors",
            json!({"name": "Before", "criticality": "low"}),
            json!({"name": "Before", "criticality": "high"}),
        ),
    ]
}

/// The last event, once it is sure that it is this thing's, done by somebody who said why.
async fn last(scene: &Scene, id: &str, reason: &str) -> Value {
    let event = scene.written().await.pop().unwrap();
    assert_eq!(
        (&event["aggregateId"], &event["metadata"]["reason"]),
        (&json!(id), &json!(reason)),
        "{event}"
    );
    assert!(event["metadata"]["actor"].as_str().unwrap().starts_with("account:"), "{event}");
    event["type"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_noun_is_made_edited_on_its_version_and_archived_by_somebody_who_says_why() {
    let scene = Scene::set().await;
    for (noun, list, body, mut edited) in nouns() {
        let mut told = body.clone();
        told["reason"] = json!("as agreed");
        let id = scene.make(list, told).await;
        let path = format!("{list}/{id}");
        assert_eq!(last(&scene, &id, "as agreed").await, format!("{noun}.defined"));
        assert_eq!(scene.ask(&path).await.header("etag"), "\"1\"");
        let head = scene.head().await;
        scene.edit(&path, 1, &body).await.expect(200);
        assert_eq!(scene.head().await, head, "{noun}: what already holds is nothing new");
        edited["reason"] = json!("it changed");
        assert_eq!(scene.edit(&path, 1, &edited).await.expect(200).header("etag"), "\"2\"");
        assert_eq!(last(&scene, &id, "it changed").await, format!("{noun}.edited"));
        let head = scene.head().await;
        let late = scene.edit(&path, 1, &body).await.expect(412);
        assert_eq!(late.header("etag"), "\"2\"", "{noun}: it says which version is current");
        let seen = [("if-match", "\"1\"")];
        let archive = format!("{path}/archive");
        let why = json!({"reason": "no longer needed"});
        scene.web.command(Method::POST, &scene.token, &archive, &why, &seen).await.expect(412);
        assert_eq!(scene.head().await, head, "{noun}: nothing was written");
        scene.post(&archive, why.clone()).await.expect(200);
        assert_eq!(last(&scene, &id, "no longer needed").await, format!("{noun}.archived"));
        let head = scene.head().await;
        let refused = scene.put(&path, body).await.expect(409).json();
        assert_eq!(refused["type"], format!("urn:draxis:problem:{noun}.archived"));
        scene.post(&archive, why).await.expect(200);
        assert_eq!(scene.head().await, head, "{noun}: it is archived once");
        let count =
            async |query: &str| scene.get(&format!("{list}{query}")).await["items"].as_array().map(Vec::len);
        assert_eq!((count("").await, count("?archived=true").await), (Some(0), Some(1)), "{noun}");
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_made_and_undone_one_by_one_and_reach_the_roll_up_at_once() {
    let scene = Scene::set().await;
    let outcome = scene.make("/api/outcomes", json!({"name": "O"})).await;
    let risk = scene.make("/api/risks", json!({"name": "R", "likelihood": 1, "impact": 1})).await;
    let control = scene.make("/api/controls", json!({"name": "C", "state": "ineffective"})).await;
    let kri = scene.kri("a_kri", json!({})).await;
    scene.enter(&kri, "12").await;
    let shown = async || {
        let (risk, outcome) = (
            scene.get(&format!("/api/risks/{risk}")).await,
            scene.get(&format!("/api/outcomes/{outcome}")).await,
        );
        let kri = scene.get(&format!("/api/kris/{kri}")).await;
        [kri["unlinked"].clone(), risk["severity"].clone(), outcome["status"].clone()]
    };
    let links = [
        (format!("/api/kris/{kri}/risks/{risk}"), json!([false, "amber", "unknown"])),
        (format!("/api/risks/{risk}/outcomes/{outcome}"), json!([false, "amber", "amber"])),
        (format!("/api/risks/{risk}/controls/{control}"), json!([false, "red", "red"])),
    ];
    assert_eq!(json!(shown().await), json!([true, "unknown", "unknown"]));
    for (link, expected) in &links {
        scene.put(link, json!({"reason": "they belong together"})).await.expect(200);
        assert_eq!(json!(shown().await), *expected, "{link}");
        let head = scene.head().await;
        scene.put(link, json!({})).await.expect(200);
        assert_eq!(scene.head().await, head, "{link} is made once");
    }
    let because = &scene.get(&format!("/api/risks/{risk}")).await["because"];
    let named =
        |at: usize| (because[at]["kind"].clone(), because[at]["id"].clone(), because[at]["name"].clone());
    assert_eq!(named(0), (json!("kri"), json!(kri), json!("a_kri")));
    assert_eq!(named(1), (json!("control"), json!(control), json!("C")));
    for (link, _) in links.iter().rev() {
        for _ in 0..2 {
            scene.web.command(Method::DELETE, &scene.token, link, &json!({}), &[]).await.expect(200);
        }
    }
    assert_eq!(json!(shown().await), json!([true, "unknown", "unknown"]));
    let types: Vec<_> = scene.written().await.iter().map(|event| event["type"].clone()).collect();
    let count = |name: &str| types.iter().filter(|kind| *kind == name).count();
    assert_eq!((count("kri.risk_linked"), count("kri.risk_unlinked")), (1, 1));
    assert_eq!((count("risk.control_linked"), count("risk.outcome_unlinked")), (1, 1));
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_thresholds_judge_the_value_there_is_at_once_and_in_one_commit() {
    let scene = Scene::set().await;
    let kri = scene.kri("a_kri", json!({})).await;
    scene.enter(&kri, "12").await;
    let path = format!("/api/kris/{kri}");
    for (version, warn, critical, status, followed) in [
        (1, 20, 30, "green", "breach.closed"),
        (2, 5, 10, "red", "breach.opened"),
        (3, 5, 15, "amber", "breach.lowered"),
        (4, 5, 11, "red", "breach.raised"),
    ] {
        let body = json!({"slug": "a_kri", "name": "a_kri", "unit": "count", "direction": "higher_is_worse",
                          "warn": warn, "critical": critical, "reason": "a new appetite"});
        scene.edit(&path, version, &body).await.expect(200);
        let shown = scene.get(&path).await;
        assert_eq!((&shown["value"], &shown["status"]), (&json!("12"), &json!(status)), "{shown}");
        let written = scene.written().await;
        let [edited, breach] = &written[written.len() - 2..] else { panic!("two events") };
        assert_eq!((&edited["type"], &breach["type"]), (&json!("kri.edited"), &json!(followed)));
        assert_eq!(edited["recordedAt"], breach["recordedAt"]);
        assert_eq!(breach["metadata"]["reason"], "a new appetite");
        scene.minutes_pass(1);
    }
    scene.web.stop().await;
}
