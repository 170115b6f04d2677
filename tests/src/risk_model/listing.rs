//! Lists: narrowed by what is asked for, in pages that stay whole while things are added.

use serde_json::{Value, json};

use super::scene::Scene;

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_comes_in_pages_that_nothing_added_meanwhile_shifts() {
    let scene = Scene::set().await;
    let body = |list: &str, n: usize| match list {
        "kris" => {
            json!({"slug": format!("kri_{n}"), "name": "K", "unit": "count", "direction": "higher_is_worse", "warn": 1, "critical": 2})
        }
        "risks" => json!({"name": "R", "likelihood": 1, "impact": 1}),
        "vendors" => json!({"name": "V", "criticality": "low"}),
        _ => json!({"name": "N"}),
    };
    for list in ["kris", "risks", "controls", "outcomes", "vendors"] {
        let path = format!("/api/{list}");
        let mut made = Vec::new();
        for n in 0..5 {
            made.push(scene.make(&path, body(list, n)).await);
        }
        let mut page = scene.get(&format!("{path}?limit=2")).await;
        let mut seen = ids(&page);
        made.push(scene.make(&path, body(list, 5)).await);
        while let Some(cursor) = page["nextCursor"].as_str() {
            page = scene.get(&format!("{path}?limit=2&cursor={cursor}")).await;
            assert!(ids(&page).len() <= 2, "{page}");
            seen.extend(ids(&page));
        }
        assert_eq!(seen, made, "{list}: each once, in the order they were made");
        for wrong in ["limit=0", "limit=201", "cursor=!", "surprise=1"] {
            let told = scene.ask(&format!("{path}?{wrong}")).await.expect(422);
            assert_eq!(told.header("content-type"), "application/problem+json", "{list} {wrong}");
        }
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kris_and_risks_are_narrowed_by_every_limit_there_is() {
    let scene = Scene::set().await;
    let ann = scene.member("ann@acme.example").await;
    let outcome = scene.make("/api/outcomes", json!({"name": "O"})).await;
    let control = scene.make("/api/controls", json!({"name": "C"})).await;
    let source = json!({"name": "P", "sourceType": "generic", "vendor": "push"});
    let source = scene.make("/api/kri-sources", source).await;
    let risk = |name: &str| json!({"name": name, "likelihood": 1, "impact": 1});
    let mut one = risk("one");
    one["controlIds"] = json!([control]);
    one["outcomeIds"] = json!([outcome]);
    one["owner"] = json!(ann);
    one["status"] = json!("accepted");
    let (one, two) = (scene.make("/api/risks", one).await, scene.make("/api/risks", risk("two")).await);
    let more = json!({"riskIds": [one], "outcomeId": outcome, "owner": ann, "sourceId": source});
    let (wired, plain) = (scene.kri("wired", more).await, scene.kri("plain", json!({})).await);
    scene.enter(&wired, "12").await;
    let expires = scene.now() + chrono::Duration::hours(1);
    let body = json!({"value": "1", "expiresAt": expires});
    scene.post(&format!("/api/kris/{plain}/values"), body).await.expect(200);
    for (list, query, expected) in [
        ("kris", "slug=wired".to_owned(), vec![&wired]),
        ("kris", "status=amber".to_owned(), vec![&wired]),
        ("kris", "status=red".to_owned(), vec![]),
        ("kris", "stale=false".to_owned(), vec![&wired, &plain]),
        ("kris", format!("sourceId={source}"), vec![&wired]),
        ("kris", format!("riskId={one}"), vec![&wired]),
        ("kris", format!("riskId={two}"), vec![]),
        ("kris", format!("outcomeId={outcome}"), vec![&wired]),
        ("kris", format!("owner={ann}&status=amber"), vec![&wired]),
        ("kris", format!("owner={ann}&status=green"), vec![]),
        ("risks", "status=accepted".to_owned(), vec![&one]),
        ("risks", "severity=amber".to_owned(), vec![&one]),
        ("risks", "severity=unknown".to_owned(), vec![&two]),
        ("risks", format!("controlId={control}"), vec![&one]),
        ("risks", format!("outcomeId={outcome}"), vec![&one]),
        ("risks", format!("owner={ann}"), vec![&one]),
    ] {
        let found = ids(&scene.get(&format!("/api/{list}?{query}")).await);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{list}?{query}");
    }
    scene.web.stop().await;
}
