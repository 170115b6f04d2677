//! What is seen of approvals: by whom, in which order, and that looking changes nothing.

use draxis_domain::approval::WithdrawnWhy;
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{ADMIN, AUDITOR, Asked, OTHER_USER, Scene, USER};

async fn listed(scene: &Scene, token: &str, query: &str) -> Vec<String> {
    let told = scene.web().get(token, &format!("/api/approvals{query}")).await.expect(200).json();
    let items = told["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_shows_what_is_asked_of_whom_by_their_names() {
    let scene = Scene::set().await;
    let now = draxis_event_store::Clock::now(&scene.web().clock);
    let escalation = json!({"at": now + chrono::Duration::hours(24), "to": {"roles": ["tenant_admin"]}});
    let named = json!({"accounts": [scene.account(USER), scene.account(OTHER_USER)]});
    let requester = scene.account(ADMIN);
    let asked = scene
        .ask(&json!({"approvers": named, "required": 2, "escalation": escalation, "requester": requester}))
        .await;
    scene.vote(scene.token(USER), &asked, "approved").await.expect(200);
    let shown = scene.read(scene.token(OTHER_USER), &asked).await;
    assert_eq!(shown["question"], "Were the <b>critical</b> patches applied?");
    assert_eq!(shown["plan"][1], "Close ticket SEC-17");
    let names: Vec<&Value> =
        shown["approvers"]["people"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert!(names.contains(&&json!("Person 1")) && names.contains(&&json!("Person 3")), "{names:?}");
    assert_eq!(
        (&shown["requester"]["name"], &shown["votes"][0]["by"]["name"]),
        (&json!("Person 0"), &json!("Person 1"))
    );
    assert_eq!(
        (&shown["escalation"]["to"]["roles"], &shown["escalation"]["done"]),
        (&json!(["tenant_admin"]), &json!(false))
    );
    assert_eq!(
        (&shown["waitsForMe"], &shown["state"], &shown["decision"]),
        (&json!(true), &json!("open"), &Value::Null)
    );
    scene.vote(scene.token(OTHER_USER), &asked, "approved").await.expect(200);
    let shown = scene.read(scene.token(AUDITOR), &asked).await;
    assert_eq!(
        (&shown["decision"]["decision"], &shown["decision"]["by"]),
        (&json!("approved"), &json!("votes"))
    );
    assert_eq!(shown["waitsForMe"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn mine_are_those_that_wait_for_my_vote_and_no_others() {
    let scene = Scene::set().await;
    let by_name = scene.ask(&json!({"approvers": {"accounts": [scene.account(USER)]}, "required": 1})).await;
    let by_role = scene.ask(&json!({"approvers": {"roles": ["tenant_user"]}, "required": 2})).await;
    let others = scene.ask(&json!({"approvers": {"roles": ["tenant_admin"]}})).await;
    let started = json!({"approvers": {"roles": ["tenant_user"]}, "requester": scene.account(USER)});
    let started = scene.ask(&started).await;
    let gone = scene.ask(&json!({"approvers": {"roles": ["tenant_user"]}})).await;
    let withdrawn = gone.id.parse().unwrap();
    let why = WithdrawnWhy::RunMovedOn;
    scene.web().app.commands.withdraw_approval(&scene.runner(), withdrawn, why).await.unwrap();
    let mine = async |n| listed(&scene, scene.token(n), "?mine=true").await;
    let ids = |them: &[&Asked]| them.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    assert_eq!(mine(USER).await, ids(&[&by_role, &by_name]), "those asked for last first");
    assert_eq!(mine(OTHER_USER).await, ids(&[&started, &by_role]));
    assert_eq!(mine(ADMIN).await, ids(&[&others]));
    assert_eq!(mine(AUDITOR).await, Vec::<String>::new());
    scene.vote(scene.token(USER), &by_role, "approved").await.expect(200);
    assert_eq!(mine(USER).await, ids(&[&by_name]), "what I have answered waits for others");
    assert_eq!(listed(&scene, &scene.stage.above, "?mine=true").await, Vec::<String>::new());

    let all = listed(&scene, scene.token(AUDITOR), "").await;
    assert_eq!(all, ids(&[&gone, &started, &others, &by_role, &by_name]));
    assert_eq!(listed(&scene, scene.token(AUDITOR), "?state=withdrawn").await, ids(&[&gone]));
    assert_eq!(listed(&scene, scene.token(AUDITOR), &format!("?run={}", others.run)).await, ids(&[&others]));
    let workflow = "?workflow=01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(listed(&scene, scene.token(AUDITOR), workflow).await, Vec::<String>::new());
    let page =
        scene.web().get(scene.token(AUDITOR), "/api/approvals?limit=2&state=open").await.expect(200).json();
    assert_eq!(page["items"][1]["id"], others.id);
    let next = format!("?state=open&cursor={}", page["nextCursor"].as_str().unwrap());
    assert_eq!(listed(&scene, scene.token(AUDITOR), &next).await, ids(&[&by_role, &by_name]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_the_page_decides_nothing_and_uses_nothing_up() {
    let scene = Scene::set().await;
    let asked = scene.ask(&json!({"approvers": scene.three()})).await;
    let before = scene.web().written(scene.token(ADMIN)).await;
    let open = async |id: &str, headers: &[(&str, &str)]| {
        scene.web().send(Method::GET, &format!("/approvals/{id}"), headers, None).await.expect(200)
    };
    let page = open(&asked.id, &[("accept", "text/html")]).await;
    for headers in [
        vec![("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")],
        vec![("sec-purpose", "prefetch;prerender"), ("accept", "*/*")],
        vec![("range", "bytes=0-1000")],
    ] {
        assert_eq!(open(&asked.id, &headers).await.text, page.text);
    }
    for never in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "1"] {
        assert_eq!(open(never, &[]).await.text, page.text, "nothing is told of what there is");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(
        (page.header("cache-control"), page.header("referrer-policy")),
        ("no-store".into(), "no-referrer".into())
    );
    assert_eq!(scene.web().written(scene.token(ADMIN)).await, before);
    assert_eq!(scene.read(scene.token(USER), &asked).await["state"], "open");
}
