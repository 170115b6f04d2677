//! The page in a real browser: somebody signs in, reads, and decides by a button.

use chrono::Duration;
use serde_json::json;

use super::scene::{ADMIN, Asked, OTHER_USER, Scene, USER};
use crate::house::Browser;

async fn open(scene: &Scene, browser: &Browser, asked: &Asked) {
    browser.go(&scene.web().url(&format!("/approvals/{}", asked.id))).await;
}

async fn sign_in(browser: &Browser, email: &str, password: &str) {
    browser.fill("#email", email).await;
    browser.fill("#password", password).await;
    browser.click("#credentials button").await;
}

/// Opens the page and signs in as that person.
async fn enter(scene: &Scene, browser: &Browser, asked: &Asked, n: usize) {
    open(scene, browser, asked).await;
    sign_in(browser, &format!("person{n}@acme.example"), "correct horse battery").await;
    browser.wait("#approval:not([hidden])").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_reads_and_decides_by_a_button_and_nobody_by_opening_the_page() {
    let Some(browser) = Browser::open().await else { return };
    let scene = Scene::set().await;
    let asked = scene.ask(&json!({"approvers": scene.three(), "requester": scene.account(ADMIN)})).await;
    open(&scene, &browser, &asked).await;
    browser.wait("#sign-in:not([hidden])").await;
    sign_in(&browser, "person1@acme.example", "not my password").await;
    browser.wait("#said.bad:not([hidden])").await;
    assert_eq!(browser.text("#said").await, "the email or the password is wrong");
    browser.picture("sign-in").await;

    enter(&scene, &browser, &asked, USER).await;
    assert_eq!(
        browser.text("#question").await,
        "Were the <b>critical</b> patches applied?",
        "text, not markup"
    );
    assert!(browser.text("#plan").await.contains("Close ticket SEC-17"));
    let facts = browser.text("#facts").await;
    for fact in ["Person 0", "Person 1", "Person 3", "one rejection is enough"] {
        assert!(facts.contains(fact), "{facts}");
    }
    assert_eq!(scene.count("approval.voted").await, 0, "reading decides nothing");
    browser.picture("approval").await;
    browser.click("#reject").await;
    browser.wait("#said.bad:not([hidden])").await;
    assert_eq!(scene.count("approval.voted").await, 0, "a rejection says why");
    browser.fill("#comment", "Two hosts <script>are</script> missing").await;
    browser.click("#reject").await;
    browser.wait("#said.good:not([hidden])").await;
    assert_eq!(browser.text("#said").await, "Your vote was kept. It was rejected.");
    assert!(browser.text("#facts").await.contains("Two hosts <script>are</script> missing"));
    browser.picture("rejected").await;
    let shown = scene.read(scene.token(USER), &asked).await;
    assert_eq!((&shown["state"], &shown["votes"][0]["by"]["name"]), (&json!("rejected"), &json!("Person 1")));

    enter(&scene, &browser, &asked, OTHER_USER).await;
    assert_eq!(browser.text("#said").await, "It was rejected.");
    assert!(!browser.is_shown("#approve").await, "there is nothing left to press");
    browser.close().await;
    scene.stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_and_another_tenant_of_theirs_is_found() {
    let Some(browser) = Browser::open().await else { return };
    let scene = Scene::set().await;
    let asked = scene.ask(&json!({"approvers": {"accounts": [scene.account(USER)]}})).await;
    // Somewhere else they are more, so that their first token is for there.
    scene.joins_elsewhere(USER, "tenant_admin").await;
    let secret = scene.web().post(scene.token(USER), "/api/auth/mfa/enroll", &json!({})).await.expect(200);
    let secret = totp_rs::Secret::try_from_base32(secret.field("secret")).unwrap();
    let code = || {
        let seconds = draxis_event_store::Clock::now(&scene.web().clock).timestamp();
        let totp = totp_rs::Builder::new().with_secret(secret.clone()).build_noncompliant();
        totp.generate(u64::try_from(seconds).unwrap()).to_string()
    };
    scene.web().post(scene.token(USER), "/api/auth/mfa/confirm", &json!({"code": code()})).await.expect(200);
    scene.web().clock.advance(Duration::seconds(30));

    open(&scene, &browser, &asked).await;
    sign_in(&browser, "person1@acme.example", "correct horse battery").await;
    browser.wait("#second-factor:not([hidden])").await;
    browser.fill("#code", &code()).await;
    browser.click("#second-factor button").await;
    browser.wait("#approval:not([hidden])").await;
    browser.click("#approve").await;
    browser.wait("#said.good:not([hidden])").await;
    assert_eq!(browser.text("#said").await, "Your vote was kept. It was approved.");

    let elsewhere = Asked { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(), run: String::new() };
    open(&scene, &browser, &elsewhere).await;
    sign_in(&browser, "person3@acme.example", "correct horse battery").await;
    browser.wait("#said.bad:not([hidden])").await;
    assert_eq!(browser.text("#said").await, "There is no such decision, or none that you may see.");
    browser.close().await;
    scene.stage.web.stop().await;
}
