//! Case files over HTTP: whole, standing alone, bounded, recorded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use draxis_proof::bundle::verify;
use serde_json::json;

use super::looking::Scene;

/// The bundle within a case file.
pub(super) fn enclosed(page: &str) -> Vec<u8> {
    let (_, rest) =
        page.split_once("data:application/x-tar;base64,").expect("a case file has a bundle in it");
    let (bundle, _) = rest.split_once('"').expect("the link ends");
    STANDARD.decode(bundle).expect("base64")
}

/// Text as it stands between tags.
pub(super) fn as_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_file_answers_with_events_causes_differences_and_proofs_that_hold_by_themselves() {
    let scene = Scene::set().await;
    let ring = scene.ring().await;
    let path = format!("/api/audit/case-file?aggregateType=kri&aggregateId={}&question=Why%3F", scene.kri);
    let told = scene.web.get(&scene.auditor, &path).await.expect(200);
    assert!(told.header("content-type").starts_with("text/html"));
    assert!(told.header("content-security-policy").contains("default-src 'none'"));
    let page = &told.text;
    for said in [
        "<h1>Why?</h1>",
        "kri.defined",
        "kri.value_recorded",
        "breach.opened",
        "Recorded together with it",
        "acting from outside",
        "value: 3 became 7",
        "leaf hash: ",
        "sealed-at",
        "draxis-verify case.tar --key key.txt",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let report = verify(enclosed(page).as_slice(), &ring, &[]).unwrap();
    assert!(report.holds(), "{report:?}");
    let subject = report.subject.unwrap();
    assert_eq!(
        usize::try_from(subject.count).unwrap(),
        page.matches("<article ").count(),
        "the events that are told"
    );
    for outside in ["http:", "https:", "<script", "src=", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_wrote_is_text_in_it_and_what_does_not_fit_is_said() {
    let scene = Scene::set().await;
    let name = "<img src=x onerror=alert(1)>";
    scene.web.post(&scene.admin, "/api/outcomes", &json!({"name": name})).await.expect(201);
    let page =
        scene.web.get(&scene.auditor, "/api/audit/case-file?question=%3Cscript%3E").await.expect(200).text;
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && !page.contains("<img"));
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"));
    let short = scene.web.get(&scene.auditor, "/api/audit/case-file?limit=2").await.expect(200).text;
    assert_eq!(short.matches("<article ").count(), 2);
    assert!(short.contains("ask again for what comes after position 2"), "it says where to go on");
    let none = scene.web.get(&scene.auditor, "/api/audit/case-file?type=nothing").await.expect(200).text;
    assert!(none.contains("Nothing in this stream answers"), "nothing is said to be nothing");
    for query in
        ["?limit=0", "?limit=201", "?cursor=3", "?format=ndjson", &format!("?question={}", "x".repeat(501))]
    {
        let refused = scene.web.get(&scene.auditor, &format!("/api/audit/case-file{query}")).await;
        assert_eq!(refused.status, 422, "{query}: {}", refused.text);
    }
    let events = scene.events().await;
    let looks: Vec<_> = events.iter().filter(|event| event["payload"]["format"] == "case_file").collect();
    assert_eq!(looks.len(), 3, "each that was given, by name: {looks:?}");
    assert!(looks.iter().all(|event| event["metadata"]["actor"].as_str().unwrap().starts_with("account:")));
    scene.web.stop().await;
}
