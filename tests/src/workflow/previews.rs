//! Previews: one link, one view, whoever and however many come; what is not kept cannot leak (hazards H10).

use std::collections::BTreeMap;

use chrono::Duration;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Stage, plain};
use crate::house::{Told, long};

async fn mint(stage: &Stage, id: &str) -> Value {
    let body = json!({"expiresInHours": 2, "note": "for the auditors"});
    stage.post(&format!("/api/workflows/{id}/previews"), &body).await.expect(201).json()
}

fn address(minted: &Value) -> String {
    format!("/api/public/workflow/{}", minted["token"].as_str().expect("a token"))
}

async fn ask(stage: &Stage, method: Method, path: &str, headers: &[(&str, &str)]) -> Told {
    stage.web.send(method, path, headers, None).await
}

async fn view(stage: &Stage, path: &str) -> Told {
    ask(stage, Method::GET, path, &[("accept", "application/json")]).await
}

async fn counted(stage: &Stage, event: &str) -> usize {
    let (mut count, mut after) = (0, String::from("0"));
    loop {
        let page = format!("/api/audit/events?type={event}&limit=200&after={after}");
        let page = stage.get(&page).await.expect(200).json();
        count += page["items"].as_array().map_or(0, Vec::len);
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return count,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_who_come_at_once_exactly_one_sees_it() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("Shared", 1)).await;
    let tokens = if long() { 1_000 } else { 20 };
    let (mut seen, mut handed_out) = (BTreeMap::new(), Vec::new());
    for _ in 0..tokens {
        let minted = mint(&stage, &id).await;
        handed_out.push(minted["token"].as_str().expect("a token").to_owned());
        let path = address(&minted);
        let told = futures_util::future::join_all((0..64).map(|_| view(&stage, &path))).await;
        for told in &told {
            *seen.entry(told.status).or_insert(0) += 1;
        }
        assert_eq!(told.iter().filter(|told| told.status == 200).count(), 1, "{seen:?}");
    }
    assert_eq!(seen, BTreeMap::from([(200, tokens), (410, 63 * tokens)]));
    assert_eq!(counted(&stage, "preview.viewed").await, tokens);
    assert_eq!(counted(&stage, "preview.missed").await, 63 * tokens);
    let dump = stage.dump().await;
    assert!(
        dump.matches("preview.viewed").count() >= tokens && !handed_out.iter().any(|it| dump.contains(it))
    );
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_view_is_pinned_to_the_moment_of_minting_and_says_where_to_verify_it() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("Before", 1)).await;
    stage.turn(&id, "activate").await.expect(200);
    let minted = mint(&stage, &id).await;
    let body = json!({"definition": plain("After", 2), "reason": "later"});
    stage.put(&format!("/api/workflows/{id}"), &body, &[]).await.expect(200);
    let told = view(&stage, &address(&minted)).await.expect(200);
    let shown = told.json();
    assert_eq!(
        (&shown["workflow"]["name"], &shown["workflow"]["state"]),
        (&json!("Before"), &json!("active"))
    );
    assert_eq!(shown["workflow"]["definition"]["steps"][0]["id"], "pause");
    let actions: Vec<_> =
        shown["changeLog"]["items"].as_array().unwrap().iter().map(|item| item["action"].clone()).collect();
    assert_eq!(actions, ["activated", "drafted"]);
    assert_eq!(shown["runs"]["items"], json!([]));
    let position = shown["verify"]["eventPosition"].as_u64().expect("a position");
    assert!(position <= shown["position"].as_u64().expect("a position"));
    assert_eq!(shown["verify"]["leafHash"].as_str().map(str::len), Some(64));
    for (header, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer")] {
        assert_eq!(told.header(header), value);
    }
    assert!(told.header("x-robots-tag").contains("noindex"));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn used_expired_revoked_and_unknown_links_get_the_same_answer() {
    let mut stage = Stage::small().await;
    let id = stage.draft(&plain("Shared", 1)).await;
    let (used, revoked, expired) =
        (mint(&stage, &id).await, mint(&stage, &id).await, mint(&stage, &id).await);
    view(&stage, &address(&used)).await.expect(200);
    let revoke = format!("/api/workflows/{id}/previews/{}", revoked["id"].as_str().unwrap());
    stage.delete(&revoke).await.expect(200);
    stage.delete(&revoke).await.expect(200);
    stage.web.clock.advance(Duration::hours(2));
    // Tokens of a quarter of an hour have run out by now.
    stage.sign_in().await;
    let unknown = format!("/api/public/workflow/{}", "A".repeat(43));
    let mut texts = Vec::new();
    for path in [address(&used), address(&revoked), address(&expired), unknown] {
        for accept in ["application/json", "text/html"] {
            let told = ask(&stage, Method::POST, &path, &[("accept", accept)]).await.expect(410);
            assert!(
                told.header("cache-control").contains("no-store")
                    && told.header("x-robots-tag").contains("noindex")
            );
            texts.push((accept, told.text));
        }
    }
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 2, "one answer for programs and one for people: {texts:?}");
    assert_eq!(counted(&stage, "preview.viewed").await, 1);
    assert_eq!(counted(&stage, "preview.revoked").await, 1);
    assert_eq!(counted(&stage, "preview.missed").await, 6);

    let listed = stage.get(&format!("/api/workflows/{id}/previews")).await.expect(200);
    let states: Vec<_> =
        listed.json()["items"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["expired", "revoked", "viewed"], "newest first");
    for minted in [&used, &revoked, &expired] {
        assert!(!listed.text.contains(minted["token"].as_str().unwrap()));
    }
    let used = format!("/api/workflows/{id}/previews/{}", used["id"].as_str().unwrap());
    let told = stage.delete(&used).await.expect(409);
    assert_eq!(told.field("type"), "urn:draxis:problem:preview.viewed");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_are_long_over_are_forgotten_and_look_as_before() {
    use sqlx::{Executor as _, Row as _};

    let mut stage = Stage::small().await;
    let id = stage.draft(&plain("Shared", 1)).await;
    let path = format!("/api/workflows/{id}/previews");
    let keyed = [("idempotency-key", "a-key-that-is-kept")];
    let body = json!({"expiresInHours": 2});
    let minted =
        async |stage: &Stage| stage.web.command(Method::POST, &stage.token, &path, &body, &keyed).await;
    let over = minted(&stage).await.expect(201).json();
    let kept = async |stage: &Stage| {
        let count = "SELECT (SELECT count(*) FROM preview_tokens), (SELECT count(*) FROM vault)";
        let row = stage.database.superuser().await.fetch_one(count).await.unwrap();
        (row.get::<i64, _>(0), row.get::<i64, _>(1))
    };
    assert_eq!(kept(&stage).await, (1, 1));
    stage.web.clock.advance(Duration::days(3));
    let before = view(&stage, &address(&over)).await.expect(410);
    stage.sign_in().await;
    let open = mint(&stage, &id).await;
    stage.web.clock.advance(Duration::days(4) + Duration::hours(1));
    assert_eq!(
        stage.web.app.commands.sweep_previews().await.unwrap(),
        0,
        "for a week it is noted who comes in vain"
    );
    stage.web.clock.advance(Duration::hours(1));
    assert_eq!(stage.web.app.commands.sweep_previews().await.unwrap(), 1);
    assert_eq!(kept(&stage).await, (1, 0), "the other one's week is not over");
    assert_eq!(view(&stage, &address(&over)).await.expect(410).text, before.text);
    view(&stage, &address(&open)).await.expect(410);
    stage.sign_in().await;
    assert_eq!(minted(&stage).await.expect(410).text, before.text, "nor is it minted again");
    assert_eq!(counted(&stage, "preview.missed").await, 2);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_looks_ahead_uses_nothing_up_and_a_person_is_asked_to_click() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("Tom & <Jerry>", 1)).await;
    let path = address(&mint(&stage, &id).await);
    for method in [Method::HEAD, Method::OPTIONS, Method::PUT] {
        assert_eq!(ask(&stage, method, &path, &[("accept", "application/json")]).await.status, 405);
    }
    for headers in [
        [("accept", "text/html,application/xhtml+xml"), ("user-agent", "Mozilla/5.0")],
        [("accept", "*/*"), ("purpose", "prefetch")],
        [("accept", "*/*"), ("sec-purpose", "prefetch;prerender")],
        [("accept", "*/*"), ("user-agent", "Slackbot-LinkExpanding 1.0")],
        [("accept", "*/*"), ("range", "bytes=0-32768")],
    ] {
        let page = ask(&stage, Method::GET, &path, &headers).await.expect(200);
        assert!(
            page.text.contains("<form method=\"post\">") && !page.text.contains("Jerry"),
            "{}",
            page.text
        );
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(page.header("content-type").starts_with("text/html"));
    }
    assert_eq!(counted(&stage, "preview.viewed").await + counted(&stage, "preview.missed").await, 0);
    let page = ask(&stage, Method::POST, &path, &[("accept", "text/html")]).await.expect(200);
    assert!(page.text.contains("Tom &amp; &lt;Jerry&gt;") && !page.text.contains("<Jerry>"), "{}", page.text);
    view(&stage, &path).await.expect(410);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_kept_and_the_same_key_hands_the_same_one_out_again() {
    let stage = Stage::small().await;
    let id = stage.draft(&plain("Shared", 1)).await;
    let path = format!("/api/workflows/{id}/previews");
    let body = json!({"expiresInHours": 1});
    let mint = async || {
        let key = [("idempotency-key", "a-key-that-is-kept")];
        stage.web.command(Method::POST, &stage.token, &path, &body, &key).await.expect(201).json()
    };
    let (first, again) = (mint().await, mint().await);
    assert_eq!(first, again);
    let token = first["token"].as_str().expect("a token");
    assert!(token.len() >= 43, "256 bits");
    assert_eq!(counted(&stage, "preview.minted").await, 1);
    assert!(stage.is_kept("a-key-that-is-kept").await, "the search finds what is there");
    view(&stage, &address(&first)).await.expect(200);
    view(&stage, &address(&first)).await.expect(410);
    assert!(!stage.is_kept(token).await);
    let audit = stage.get("/api/audit/events?limit=200").await.expect(200).text;
    assert!(!audit.contains(token));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_has_bounds_and_a_preview_is_taken_back_under_its_own_workflow_only() {
    let stage = Stage::small().await;
    let (id, other) = (stage.draft(&plain("One", 1)).await, stage.draft(&plain("Other", 1)).await);
    let path = format!("/api/workflows/{id}/previews");
    for hours in [0, 721] {
        let told = stage.post(&path, &json!({"expiresInHours": hours})).await.expect(422);
        assert_eq!(told.json()["errors"][0]["pointer"], "/expiresInHours");
    }
    let minted = mint(&stage, &id).await;
    let elsewhere = format!("/api/workflows/{other}/previews/{}", minted["id"].as_str().unwrap());
    stage.delete(&elsewhere).await.expect(404);
    let tokens: Vec<String> = stream::iter(0..5)
        .then(|_| mint(&stage, &id))
        .map(|minted| minted["token"].as_str().expect("a token").to_owned())
        .collect()
        .await;
    let different: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert_eq!(different.len(), 5);
    stage.web.stop().await;
}
