//! Every command, asked with a token whose scopes do not include it: refused, and nothing written.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Stage, code};
use crate::walk::strangers;

/// A body that fits each command, so that only the scopes can be wrong.
fn body(stage: &Stage, path: &str) -> Value {
    let source = strangers::body("/api/kri-sources/{id}");
    match path {
        "/api/organizations" => json!({"name": "O"}),
        "/api/tenants" => {
            json!({"organizationId": stage.organization, "slug": "new-corp", "displayName": "New"})
        }
        "/api/invitations" => {
            json!({"email": "new@acme.example", "role": "tenant_user", "tenantId": stage.tenant})
        }
        "/api/auth/tenant" => json!({"tenantId": stage.tenant, "reason": "a test"}),
        "/api/auth/mfa/confirm" => json!({"code": "000000"}),
        "/api/auth/mfa/disable" => json!({"password": "correct horse battery", "code": "000000"}),
        "/api/mfa-policy" => {
            json!({"subject": {"kind": "tenant", "tenantId": stage.tenant}, "required": true, "reason": "a test"})
        }
        "/api/workflow-interviews" => json!({"goal": "email Ann"}),
        "/api/api-tokens" => json!({"name": "T", "scopes": ["read"]}),
        "/api/kri-sources" | "/api/kri-sources/test" => source,
        "/api/outcomes" | "/api/risks" | "/api/kris" | "/api/controls" | "/api/vendors"
        | "/api/workflows" => strangers::body(&format!("{path}/{{id}}")),
        "/api/relay-config/{channel}" => {
            json!({"settings": {"url": "https://far.example"}, "credentials": {"token": "x"}})
        }
        "/api/kri-sources/{id}/values" => json!({"values": [{"slug": "a_kri", "value": 1}]}),
        _ => strangers::body(path),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_refused_to_a_token_without_its_scope_and_writes_nothing() {
    let stage = Stage::set().await;
    let web = &stage.web;
    // The workflow's owners are the tenant's administrators: there is one.
    stage.come_in("ada", &stage.role("tenant_admin")).await;
    let eve = stage.come_in("eve", &stage.role("tenant_user")).await;
    let make =
        async |path: &str| web.post(&stage.above, path, &body(&stage, path)).await.expect(201).field("id");
    let (outcome, risk, kri) =
        (make("/api/outcomes").await, make("/api/risks").await, make("/api/kris").await);
    let (control, vendor) = (make("/api/controls").await, make("/api/vendors").await);
    let (source, workflow) = (make("/api/kri-sources").await, make("/api/workflows").await);
    web.post(&stage.above, &format!("/api/kris/{kri}/values"), &json!({"value": 9})).await.expect(200);
    let breach = web.get(&stage.above, "/api/breaches").await.expect(200).json();
    let breach = breach["items"][0]["id"].as_str().unwrap().to_owned();
    let preview = format!("/api/workflows/{workflow}/previews");
    let preview = web.post(&stage.above, &preview, &json!({})).await.expect(201).field("id");
    let (id, token) =
        stage.mint(&stage.above, &json!({"name": "Reader", "scopes": ["read", "audit:read"]})).await;
    web.get(&token, "/api/dashboard").await.expect(200);
    let address = |path: &str| {
        let own = match path.split('/').nth(2) {
            Some("workflows") => &workflow,
            Some("outcomes") => &outcome,
            Some("risks") => &risk,
            Some("kris") => &kri,
            Some("controls") => &control,
            Some("vendors") => &vendor,
            Some("breaches") => &breach,
            Some("accounts") => &eve.id,
            Some("api-tokens") => &id,
            Some("workflow-kri-definitions") => "01ARZ3NDEKTSV4RRFFQ69G5FAW",
            _ => &source,
        };
        let path = path.replace("{id}", own).replace("{controlId}", &control).replace("{riskId}", &risk);
        let path = path.replace("{outcomeId}", &outcome).replace("{previewId}", &preview);
        let path = path.replace("{tokenId}", "01ARZ3NDEKTSV4RRFFQ69G5FAX").replace("{sequence}", "2");
        path.replace("{permission}", "values:write").replace("{channel}", "slack").replace("{version}", "1")
    };
    let written = web.written(&stage.above).await;
    let platform = web.written(&stage.root).await;
    let mut wrong = Vec::new();
    let mut asked = 0;
    for route in draxis_api::routes::routes().iter().filter(|route| route.is_command()) {
        // Whoever may read may have a file of the trail verified, and a definition held against the past: neither changes anything.
        if ["/api/audit/verify", "/api/workflows/{id}/backtests"].contains(&route.path) {
            continue;
        }
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let media_type = route.media_type.unwrap_or("application/json");
        let headers = [("authorization", format!("Bearer {token}")), ("content-type", media_type.to_owned())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // Whatever is taken away is named by its address; the body says why.
        let fits = if method == Method::DELETE { json!({}) } else { body(&stage, route.path) };
        let told = web.send(method, &address(route.path), &headers, Some(fits.to_string())).await;
        asked += 1;
        if told.status != 403 || !["forbidden", "not_a_person"].contains(&code(&told).as_str()) {
            wrong.push(format!("{} {}: {} {}", route.method, route.path, told.status, told.text));
        }
    }
    assert!(
        wrong.is_empty(),
        "no 403 (a new command needs a body that fits it, above):\n{}",
        wrong.join("\n")
    );
    assert!(asked >= 60, "only {asked} commands");
    assert_eq!(web.written(&stage.above).await, written, "nothing was written");
    assert_eq!(web.written(&stage.root).await, platform, "nothing was written");
    stage.web.stop().await;
}
