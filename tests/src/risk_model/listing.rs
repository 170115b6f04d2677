//! Lists: narrowed by what is asked for, in pages that stay whole while things are added.

use std::collections::{BTreeMap, BTreeSet};

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

/// What the description says that a list can be narrowed to.
fn limits(description: &Value, list: &str) -> BTreeSet<String> {
    let parameters = description["paths"][format!("/api/{list}")]["get"]["parameters"].as_array().unwrap();
    let names = parameters.iter().filter(|it| it["in"] == "query").filter_map(|it| it["name"].as_str());
    names.filter(|name| !["limit", "cursor"].contains(name)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_narrowed_by_every_limit_there_is() {
    let scene = Scene::set().await;
    let ann = scene.member("ann@acme.example").await;
    let outcome = scene.make("/api/outcomes", json!({"name": "O"})).await;
    let spared = scene.make("/api/outcomes", json!({"name": "Spared"})).await;
    let partial = json!({"name": "C", "state": "partial", "owner": ann});
    let control = scene.make("/api/controls", partial).await;
    let gone = scene.make("/api/controls", json!({"name": "Gone"})).await;
    scene.post(&format!("/api/controls/{gone}/archive"), json!({})).await.expect(200);
    let vendor = json!({"name": "V", "criticality": "high", "owner": ann});
    let (vendor, _) = (
        scene.make("/api/vendors", vendor).await,
        scene.make("/api/vendors", json!({"name": "W", "criticality": "low"})).await,
    );
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
    let mut tried: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
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
        ("outcomes", "status=amber".to_owned(), vec![&outcome]),
        ("outcomes", "status=unknown".to_owned(), vec![&spared]),
        ("controls", "state=partial".to_owned(), vec![&control]),
        ("controls", "state=effective".to_owned(), vec![]),
        ("controls", format!("owner={ann}"), vec![&control]),
        ("controls", "archived=true".to_owned(), vec![&control, &gone]),
        ("vendors", "criticality=high".to_owned(), vec![&vendor]),
        ("vendors", format!("owner={ann}"), vec![&vendor]),
    ] {
        let found = ids(&scene.get(&format!("/api/{list}?{query}")).await);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{list}?{query}");
        let by: BTreeSet<_> =
            query.split('&').map(|limit| limit.split('=').next().unwrap().to_owned()).collect();
        tried.entry(list).or_insert_with(|| BTreeSet::from(["archived".to_owned()])).extend(by);
    }
    let description = scene.get("/api/openapi.json").await;
    for (list, tried) in tried {
        assert_eq!(limits(&description, list), tried, "{list}: what is described is what there is");
    }
    scene.web.stop().await;
}
