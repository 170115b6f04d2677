//! Runs: what a vendor forbids is unknown and never zero, what failed says how, what is not asked for is not read.

use serde_json::{Value, json};
use sqlx::{Executor, Row};

use super::given::{Tenant, okta, pointers};
use crate::house::{TestDatabase, vendor};

const COMPLETE: &str = include_str!("../../../fixtures/vendors/okta/complete/replies.json");
const FORBIDDEN: &str = include_str!("../../../fixtures/vendors/okta/forbidden/replies.json");
const REFUSED: &str = include_str!("../../../fixtures/vendors/okta/refused/replies.json");

#[tokio::test(flavor = "multi_thread")]
async fn what_the_vendor_forbids_is_unknown_with_a_warning_and_never_zero() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let source = tenant.okta(&vendor(FORBIDDEN)).await;
    let forbidden = tenant.wire("privileged_accounts", &source).await;
    let locked = tenant.wire("locked_out_accounts", &source).await;
    let ran = tenant.run(&source).await.expect(200).json();
    assert_eq!(ran["rowsWritten"], 1);
    let shown = tenant.get(&format!("/api/kris/{forbidden}")).await;
    assert_eq!((&shown["value"], &shown["status"]), (&Value::Null, &json!("unknown")));
    assert_eq!(tenant.get(&format!("/api/kris/{locked}")).await["value"], "1");
    let run = tenant.last_run(&source).await;
    let summary = &run["summary"];
    let unmeasured = summary["unmeasured"].as_array().unwrap();
    assert!(unmeasured.iter().any(|it| it["slug"] == "privileged_accounts"), "{summary}");
    let warnings = summary["warnings"].to_string();
    assert!(warnings.contains("okta.roles.read"), "it says what is missing: {warnings}");
    assert!(summary["requestsMade"].as_u64().unwrap() >= 5 && summary["itemsSeen"].as_u64().unwrap() >= 5);
    assert!(
        summary["durationMs"].is_u64() && summary["values"].as_array().is_some_and(|all| !all.is_empty())
    );
    let health = tenant.get(&format!("/api/kri-sources/{source}")).await["health"].clone();
    assert_eq!(health, "degraded");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_says_how_and_what_to_do() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let source = tenant.okta(&vendor(REFUSED)).await;
    let kri = tenant.wire("locked_out_accounts", &source).await;
    let told = tenant.run(&source).await.expect(502);
    assert_eq!(told.header("content-type"), "application/problem+json");
    let problem = told.json();
    assert_eq!(
        (&problem["type"], &problem["class"]),
        (&json!("urn:draxis:problem:source.run_failed"), &json!("auth"))
    );
    let run = tenant.last_run(&source).await;
    assert_eq!((&run["state"], &run["id"]), (&json!("failed"), &problem["runId"]));
    assert_eq!(run["failure"]["class"], "auth");
    assert_eq!(tenant.get(&format!("/api/kris/{kri}")).await["value"], Value::Null);

    let closed = okta("http://127.0.0.1:1");
    let closed = tenant.connect(&closed).await;
    assert_eq!(tenant.run(&closed).await.expect(502).json()["class"], "connect");
    let private = tenant.connect(&okta("https://10.0.0.1")).await;
    assert_eq!(tenant.run(&private).await.expect(502).json()["class"], "refused", "hazard H7");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kri_that_is_unticked_is_not_asked_for() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let mut body = okta(&vendor(FORBIDDEN));
    body["unticked"] = json!(["privileged_accounts", "mfa_coverage_pct"]);
    let source = tenant.connect(&body).await;
    tenant.wire("locked_out_accounts", &source).await;
    tenant.run(&source).await.expect(200);
    let summary = tenant.last_run(&source).await["summary"].clone();
    let named =
        |list: &str, slug: &str| summary[list].as_array().unwrap().iter().any(|it| it["slug"] == slug);
    assert!(named("skipped", "privileged_accounts") && named("skipped", "mfa_coverage_pct"), "{summary}");
    assert!(!named("unmeasured", "privileged_accounts") && !named("values", "mfa_coverage_pct"), "{summary}");
    assert!(!summary["warnings"].to_string().contains("okta.roles.read"), "{summary}");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_replaces_credentials_only_when_they_are_sent() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let base = vendor(COMPLETE);
    let source = tenant.okta(&base).await;
    tenant.wire("locked_out_accounts", &source).await;
    let vaulted = async || {
        let mut superuser = database.superuser().await;
        superuser.fetch_one("SELECT count(*) FROM vault").await.unwrap().get::<i64, _>(0)
    };
    let mut renamed = okta(&base);
    renamed["name"] = json!("Okta of the works");
    renamed.as_object_mut().unwrap().remove("credentials");
    tenant.edit(&source, &renamed).await.expect(200);
    assert_eq!(tenant.run(&source).await.expect(200).json()["rowsWritten"], 1, "with the token it was given");
    renamed.as_object_mut().unwrap().remove("config");
    tenant.edit(&source, &renamed).await.expect(200);
    assert_eq!(tenant.run(&source).await.expect(200).json()["rowsWritten"], 1);
    let mut wrong = okta(&base);
    wrong["credentials"]["api_token"] = json!("another-token");
    tenant.edit(&source, &wrong).await.expect(200);
    assert_eq!(tenant.run(&source).await.status, 502, "the new one is used");
    assert_eq!(vaulted().await, 1, "what was replaced is forgotten");
    assert_eq!(
        tenant
            .edit(&source, &json!({"name": "X", "sourceType": "identity", "vendor": "okta", "config": {}}))
            .await
            .status,
        422
    );
    tenant.post(&format!("/api/kri-sources/{source}/archive"), &json!({})).await.expect(200);
    assert_eq!(vaulted().await, 0, "nothing will be asked with them again");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_of_its_vendors_type() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    for (vendor, right) in [("okta", "identity"), ("push", "generic")] {
        let told = tenant
            .post("/api/kri-sources", &json!({"name": "X", "sourceType": "siem", "vendor": vendor}))
            .await
            .expect(422);
        assert_eq!(told.json()["errors"][0]["pointer"], "/sourceType");
        assert!(told.json()["errors"][0]["detail"].as_str().unwrap().ends_with(right), "{}", told.text);
    }
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_go_to_no_other_address_than_they_were_entered_for() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::start(&database).await;
    let (base, other) = (vendor(COMPLETE), vendor(COMPLETE));
    let source = tenant.okta(&base).await;
    let without = |base: &str| {
        let mut body = okta(base);
        body.as_object_mut().unwrap().remove("credentials");
        body
    };
    tenant.edit(&source, &without(&base)).await.expect(200);
    let mut domain = without(&base);
    domain["config"]["domain"] = json!("elsewhere.example");
    for elsewhere in [without(&other), domain] {
        assert_eq!(pointers(&tenant.edit(&source, &elsewhere).await.expect(422)), ["/credentials"]);
    }
    tenant.edit(&source, &okta(&other)).await.expect(200);

    let generic = |base: &str, path: &str| {
        json!({"name": "G", "sourceType": "generic", "vendor": "http-json",
               "config": {"url": format!("{base}{path}"), "auth": {"kind": "bearer"},
                          "values": [{"slug": "a_kri", "value": ".a"}]}})
    };
    let mut entered = generic(&base, "/one");
    entered["credentials"] = json!({"token": "made-up"});
    let source = tenant.connect(&entered).await;
    tenant.edit(&source, &generic(&base, "/two")).await.expect(200);
    assert_eq!(pointers(&tenant.edit(&source, &generic(&other, "/two")).await.expect(422)), ["/credentials"]);
    tenant.web.stop().await;
}
