//! Versions and the change log: what is told of the past of workflows and KRI events.

use serde_json::{Value, json};

use super::stage::{Stage, chosen_id, plain};

fn with_steps(hours: &[(&str, u32)]) -> Value {
    let mut definition = plain("W", 1);
    let step = |(id, hours): &(&str, u32)| json!({"id": id, "type": "wait", "until": {"duration": format!("PT{hours}H")}});
    definition["steps"] = hours.iter().map(step).collect();
    definition
}

#[tokio::test(flavor = "multi_thread")]
async fn the_change_log_tells_every_edit_and_transition_newest_first() {
    let stage = Stage::small().await;
    let id = stage.draft(&with_steps(&[("a", 1), ("b", 2)])).await;
    let path = format!("/api/workflows/{id}");
    let moved = json!({"definition": with_steps(&[("b", 3), ("a", 1)]), "reason": "b first"});
    stage.put(&path, &moved, &[]).await.expect(200);
    stage.turn(&id, "activate").await.expect(200);
    // Somebody above the tenant acts in it: both identities are told.
    stage.web.post(&stage.above, &format!("{path}/pause"), &json!({"reason": "a look"})).await.expect(200);
    stage.post(&format!("{path}/restore"), &json!({"version": 1, "reason": "as before"})).await.expect(200);
    stage.turn(&id, "archive").await.expect(200);

    let log = stage.get(&format!("{path}/change-log")).await.expect(200).json();
    assert_eq!(log["nextCursor"], Value::Null);
    let items = log["items"].as_array().expect("items");
    let told: Vec<_> = items.iter().map(|item| (item["action"].clone(), item["version"].clone())).collect();
    let expected =
        [("archived", 3), ("restored", 3), ("paused", 2), ("activated", 2), ("edited", 2), ("drafted", 1)];
    assert_eq!(told, expected.map(|(action, version)| (json!(action), json!(version))));
    for item in items {
        let mut fields: Vec<&String> = item.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["action", "actor", "at", "diff", "position", "reason", "version"]);
        assert!(item["diff"]["patch"].is_array() && item["diff"]["summary"].is_array(), "{item}");
    }
    let me = json!({"id": stage.people[0], "name": "Person 0", "impersonator": null});
    assert_eq!((&items[5]["actor"], &items[5]["reason"]), (&me, &json!("as agreed")));
    assert_eq!(items[2]["actor"]["name"], "Root");
    assert_eq!(items[2]["actor"]["impersonator"], items[2]["actor"]["id"]);

    let edit = &items[4]["diff"];
    assert!(
        edit["patch"].as_array().unwrap().iter().any(|one| one["op"] == "move"),
        "a moved step is a move: {edit}"
    );
    assert!(
        edit["summary"].as_array().unwrap().iter().any(|one| one.as_str().unwrap().contains("moved")),
        "{edit}"
    );
    assert_eq!(items[1]["diff"]["summary"][0], "version 1 put back");
    let positions: Vec<_> = items.iter().map(|item| item["position"].as_u64().unwrap()).collect();
    assert!(positions.windows(2).all(|pair| pair[0] > pair[1]), "{positions:?}");

    let page = stage.get(&format!("{path}/change-log?limit=4")).await.expect(200).json();
    let rest = format!("{path}/change-log?limit=4&cursor={}", page["nextCursor"].as_str().expect("a cursor"));
    let rest = stage.get(&rest).await.expect(200).json();
    let paged: Vec<_> =
        [&page, &rest].iter().flat_map(|page| page["items"].as_array().unwrap().clone()).collect();
    assert_eq!(&paged, items, "pages tell the same");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_applied_one_after_the_other_make_each_version() {
    let stage = Stage::small().await;
    let id = stage.draft(&with_steps(&[("a", 1), ("b", 2), ("c", 3)])).await;
    let path = format!("/api/workflows/{id}");
    for steps in [&[("c", 3), ("a", 1), ("b", 2)][..], &[("a", 9), ("d", 4)], &[("d", 4), ("e", 5), ("a", 9)]]
    {
        let body = json!({"definition": with_steps(steps), "reason": "again"});
        stage.put(&path, &body, &[]).await.expect(200);
    }
    let log = stage.get(&format!("{path}/change-log")).await.expect(200).json();
    let mut document = Value::Null;
    for (item, version) in log["items"].as_array().unwrap().iter().rev().zip(1..) {
        let patch = &item["diff"]["patch"];
        document = patched(document, patch);
        let read = stage.get(&format!("{path}/versions/{version}")).await.expect(200).json();
        assert_eq!(document, read["definition"], "version {version} by {patch}");
    }
    let compared = stage.get(&format!("{path}/versions/compare?from=2&to=4")).await.expect(200).json();
    let definition = async |n: u64| {
        stage.get(&format!("{path}/versions/{n}")).await.expect(200).json()["definition"].clone()
    };
    assert_eq!(patched(definition(2).await, &compared["patch"]), definition(4).await);
    let back = stage.get(&format!("{path}/versions/compare?from=4&to=2")).await.expect(200).json();
    assert_eq!(patched(definition(4).await, &back["patch"]), definition(2).await);
    stage.get(&format!("{path}/versions/5")).await.expect(404);
    stage.get(&format!("{path}/versions/compare?from=1&to=5")).await.expect(404);
    stage.web.stop().await;
}

/// RFC 6902, as far as these patches go.
fn patched(mut document: Value, patch: &Value) -> Value {
    fn parent<'a>(document: &'a mut Value, path: &str) -> (&'a mut Value, String) {
        let (above, last) = path.rsplit_once('/').expect("a pointer");
        (document.pointer_mut(above).expect("a parent"), last.replace("~1", "/").replace("~0", "~"))
    }
    fn remove(document: &mut Value, path: &str) -> Value {
        match parent(document, path) {
            (Value::Array(items), last) => items.remove(last.parse().expect("an index")),
            (Value::Object(fields), last) => fields.remove(&last).expect("a field"),
            (other, _) => panic!("{other} has nothing to remove"),
        }
    }
    fn add(document: &mut Value, path: &str, value: Value) {
        if path.is_empty() {
            *document = value;
            return;
        }
        match parent(document, path) {
            (Value::Array(items), last) if last == "-" => items.push(value),
            (Value::Array(items), last) => items.insert(last.parse().expect("an index"), value),
            (Value::Object(fields), last) => drop(fields.insert(last, value)),
            (other, _) => panic!("{other} takes nothing"),
        }
    }
    for operation in patch.as_array().expect("a patch") {
        let path = operation["path"].as_str().expect("a path");
        match operation["op"].as_str() {
            Some("add") => add(&mut document, path, operation["value"].clone()),
            Some("remove") => drop(remove(&mut document, path)),
            Some("replace") => *document.pointer_mut(path).expect("a place") = operation["value"].clone(),
            Some("move") => {
                let value = remove(&mut document, operation["from"].as_str().expect("a place"));
                add(&mut document, path, value);
            }
            other => panic!("{other:?} is not expected here"),
        }
    }
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_version_is_a_new_one_and_no_version_is_ever_changed() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("First", 1)).await;
    let path = format!("/api/workflows/{id}");
    let first = stage.get(&format!("{path}/versions/1")).await.expect(200).text;
    let body = json!({"definition": plain("Second", 2), "reason": "more time"});
    stage.put(&path, &body, &[]).await.expect(200);
    let restored =
        stage.post(&format!("{path}/restore"), &json!({"version": 1, "reason": "less time"})).await;
    let restored = restored.expect(200);
    assert_eq!((restored.json()["version"].clone(), restored.header("etag")), (json!(3), "\"3\"".to_owned()));
    assert_eq!(stage.get(&format!("{path}/versions/1")).await.expect(200).text, first);
    let third = stage.get(&format!("{path}/versions/3")).await.expect(200).json();
    assert_eq!((&third["restoredFrom"], &third["definition"]["name"]), (&json!(1), &json!("First")));
    let versions = stage.get(&format!("{path}/versions")).await.expect(200).json();
    let numbers: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|one| one["version"].clone()).collect();
    assert_eq!(numbers, [3, 2, 1]);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_shows_as_erased() {
    use sqlx::Executor as _;

    let stage = Stage::small().await;
    let id = stage.draft(&plain("W", 1)).await;
    let erase = "DELETE FROM accounts WHERE name = 'Person 0'";
    stage.database.superuser().await.execute(erase).await.expect("the account goes");
    let log = stage.web.get(&stage.above, &format!("/api/workflows/{id}/change-log")).await.expect(200);
    assert!(!log.text.contains("Person 0"), "{}", log.text);
    let actor = &log.json()["items"][0]["actor"];
    assert_eq!((&actor["id"], &actor["name"]), (&json!(stage.people[0]), &json!("erased")));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kri_events_have_versions_and_a_change_log_too() {
    let stage = Stage::small().await;
    let lowering = |amount: u32| {
        let effect = json!({"kri": "critical_cves_unpatched", "operator": "decrement", "amount": amount});
        json!({"eventType": "patch_applied", "effects": [effect], "reason": "measured"})
    };
    assert_eq!(stage.declare(1, &lowering(1)).await.expect(200).json()["version"], 1);
    assert_eq!(stage.declare(1, &lowering(1)).await.expect(200).json()["version"], 1, "again is no news");
    assert_eq!(stage.declare(1, &lowering(2)).await.expect(200).json()["version"], 2);
    let path = format!("/api/workflow-kri-definitions/{}", chosen_id(1));
    assert_eq!(stage.put(&path, &lowering(3), &[("if-match", "\"1\"")]).await.status, 412);
    let read = stage.get(&path).await.expect(200);
    assert_eq!(
        (read.json()["effects"][0]["amount"].clone(), read.header("etag")),
        (json!("2"), "\"2\"".to_owned())
    );
    assert_eq!(read.json()["effects"][0]["floor"], "0");
    let log = stage.get(&format!("{path}/change-log")).await.expect(200).json();
    let actions: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|item| item["action"].clone()).collect();
    assert_eq!(actions, ["edited", "declared"]);
    assert_eq!(
        (&log["items"][0]["reason"], &log["items"][0]["actor"]["name"]),
        (&json!("measured"), &json!("Person 0"))
    );
    let first = stage.get(&format!("{path}/versions/1")).await.expect(200).json();
    assert_eq!(first["definition"]["effects"][0]["amount"], "1");

    let unknown =
        json!({"eventType": "other", "effects": [{"kri": "nothing", "operator": "set", "amount": 1}]});
    let told = stage.declare(2, &unknown).await.expect(422).json();
    assert_eq!(
        (&told["errors"][0]["code"], &told["errors"][0]["pointer"]),
        (&json!("kri.unknown"), &json!("/effects/0/kri"))
    );
    assert_eq!(stage.declare(2, &lowering(1)).await.status, 409, "the name is another one's");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_and_settings_are_part_of_a_version() {
    let stage = Stage::full().await;
    let first = json!({"schemaVersion": 1, "name": "W", "owners": [{"role": "tenant_admin"}],
        "trigger": {"type": "schedule", "cron": "0 8 * * 1", "timeZone": "Europe/Berlin"},
        "steps": [{"id": "pause", "type": "wait", "until": {"duration": "PT1H"}}]});
    let id = stage.draft(&first).await;
    let path = format!("/api/workflows/{id}");
    let mut next = first.clone();
    for (version, (pointer, value)) in (2..).zip([
        ("/owners", json!([{"account": stage.people[0]}])),
        ("/trigger/overlap", json!("skip")),
        ("/trigger/missed", json!("none")),
        ("/description", json!("Once a week")),
    ]) {
        let (above, last) = pointer.rsplit_once('/').unwrap();
        next.pointer_mut(above).unwrap()[last] = value;
        let body = json!({"definition": next, "reason": pointer});
        assert_eq!(stage.put(&path, &body, &[]).await.expect(200).json()["version"], version, "{pointer}");
        let compare = format!("{path}/versions/compare?from={}&to={version}", version - 1);
        let patch = stage.get(&compare).await.expect(200).json()["patch"].clone();
        let touched =
            patch.as_array().unwrap().iter().all(|one| one["path"].as_str().unwrap().starts_with(pointer));
        assert!(touched && patch != json!([]), "{pointer}: {patch}");
    }
    stage.post(&format!("{path}/restore"), &json!({"version": 1, "reason": "as it was"})).await.expect(200);
    let definition = async |n: u64| {
        stage.get(&format!("{path}/versions/{n}")).await.expect(200).json()["definition"].clone()
    };
    assert_eq!(definition(6).await, definition(1).await);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kri_event_takes_every_operator_and_a_closing_and_is_changed_under_the_eyes_of_others() {
    let stage = Stage::full().await;
    let effects = json!([
        {"kri": "critical_cves_unpatched", "operator": "decrement", "amount": "2.5", "floor": "1"},
        {"kri": "phishing_click_rate", "operator": "set", "amount": 0},
        {"kri": "mfa_coverage", "operator": "increment", "amount": 3},
    ]);
    let body = json!({"eventType": "rollout_finished", "effects": effects, "closeBreach": true, "reason": "as agreed"});
    assert_eq!(stage.declare(7, &body).await.expect(200).json()["version"], 1);
    let path = format!("/api/workflow-kri-definitions/{}", chosen_id(7));
    let read = stage.get(&path).await.expect(200).json();
    assert_eq!(
        (&read["closeBreach"], read["effects"].as_array().map(Vec::len)),
        (&json!(true), Some(3)),
        "{read}"
    );
    assert_eq!((&read["effects"][0]["amount"], &read["effects"][0]["floor"]), (&json!("2.5"), &json!("1")));
    let closing = json!({"eventType": "rollout_finished", "closeBreach": true, "reason": "nothing else"});
    assert_eq!(stage.declare(7, &closing).await.expect(200).json()["version"], 2);
    let log = stage.get(&format!("{path}/change-log")).await.expect(200).json();
    let patch = log["items"][0]["diff"]["patch"].to_string();
    assert!(patch.contains("/effects"), "{log}");
    let nothing = json!({"eventType": "rollout_finished", "effects": [], "reason": "x"});
    assert_eq!(stage.declare(7, &nothing).await.status, 422, "it would do nothing");
    let odd = json!({"eventType": "rollout_finished", "reason": "x",
                     "effects": [{"kri": "mfa_coverage", "operator": "multiply", "amount": 3}]});
    assert_eq!(stage.declare(7, &odd).await.status, 422);
    for token in &stage.tokens[1..] {
        let told = stage.web.command(reqwest::Method::PUT, token, &path, &closing, &[]).await;
        assert_eq!(told.status, 403, "{}", told.text);
    }
    stage.web.stop().await;
}
