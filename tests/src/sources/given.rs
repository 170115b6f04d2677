//! What tests of sources begin with: a tenant, a source, KRIs wired to it.

use draxis_commands::secret::EncryptionKeys;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Told, Web};

/// A program with one tenant.
pub(super) struct Tenant {
    pub(super) web: Web,
    pub(super) token: String,
}

impl Tenant {
    pub(super) async fn start(database: &TestDatabase) -> Self {
        Self::with_keys(database, EncryptionKeys::generate().unwrap()).await
    }

    pub(super) async fn with_keys(database: &TestDatabase, keys: EncryptionKeys) -> Self {
        let web = Web::with_keys(database, keys).await;
        let root = web.register().await;
        let (_, token) = web.tenant(&root, "acme-corp").await;
        Self { web, token }
    }

    /// Lets an administrator in, who can own workflows.
    pub(super) async fn administrator(&self, root: &str, tenant: &str) {
        let invite = json!({"email": "owner@acme.example", "role": "tenant_admin", "tenantId": tenant});
        let invited = self.web.post(root, "/api/invitations", &invite).await.expect(201).field("token");
        let person = json!({"name": "Owner", "password": "correct horse battery"});
        self.web.post("", &format!("/api/invitations/{invited}/accept"), &person).await.expect(201);
    }

    /// Another token for the tenant, once the first has expired.
    pub(super) async fn fresh_token(&self) -> String {
        let root = json!({"email": "root@acme.example", "password": "correct horse battery"});
        let root = self.web.post("", "/api/auth/login", &root).await.expect(200).field("accessToken");
        let mine = self.web.get(&root, "/api/tenants").await.expect(200).json()["items"][0]["id"].clone();
        let again = json!({"tenantId": mine, "reason": "a test"});
        self.web.post(&root, "/api/auth/tenant", &again).await.expect(200).field("accessToken")
    }

    pub(super) async fn connect(&self, source: &Value) -> String {
        self.post("/api/kri-sources", source).await.expect(201).field("id")
    }

    /// Okta as the fixtures know it.
    pub(super) async fn okta(&self, base: &str) -> String {
        self.connect(&okta(base)).await
    }

    pub(super) async fn wire(&self, slug: &str, source: &str) -> String {
        let kri = json!({"slug": slug, "name": slug, "unit": "count", "direction": "higher_is_worse",
                         "warn": "50", "critical": "90", "sourceId": source});
        self.post("/api/kris", &kri).await.expect(201).field("id")
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.web.get(&self.token, path).await.expect(200).json()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Told {
        self.web.post(&self.token, path, body).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Told {
        self.web.command(Method::PUT, &self.token, path, body, &[]).await
    }

    pub(super) async fn run(&self, source: &str) -> Told {
        self.post(&format!("/api/kri-sources/{source}/run"), &json!({})).await
    }

    pub(super) async fn last_run(&self, source: &str) -> Value {
        self.get(&format!("/api/kri-sources/{source}/runs")).await["items"][0].clone()
    }

    pub(super) async fn edit(&self, source: &str, body: &Value) -> Told {
        self.put(&format!("/api/kri-sources/{source}"), body).await
    }

    /// Sends a body as it is, with any token.
    pub(super) async fn deliver(&self, token: &str, path: &str, (media_type, body): (&str, &str)) -> Told {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type)];
        self.web.send(Method::POST, path, &headers, Some(body.to_owned())).await
    }

    /// What stands in the stream, but for who has read it: a look at the trail is an event itself.
    pub(super) async fn written(&self) -> Vec<Value> {
        self.web.written(&self.token).await
    }
}

pub(super) fn okta(base: &str) -> Value {
    json!({
        "name": "Okta", "sourceType": "identity", "vendor": "okta", "baseUrl": base,
        "credentials": {"api_token": "made-up-api_token"}, "config": {"domain": "acme.okta.com"},
    })
}

/// A workflow that needs nothing of the tenant.
pub(super) fn plain(name: &str, hours: u32) -> Value {
    json!({
        "schemaVersion": 1, "name": name, "owners": [{"role": "tenant_admin"}], "trigger": {"type": "manual"},
        "steps": [{"id": "pause", "type": "wait", "until": {"duration": format!("PT{hours}H")}}],
    })
}

/// The pointers of a refusal's errors.
pub(super) fn pointers(told: &Told) -> Vec<String> {
    let errors = told.json()["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
}
