//! The scene: a tenant with a risk and an outcome, and KRIs that people enter values of.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use draxis_event_store::Clock as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Told, Web};

/// A program that serves one tenant.
pub(super) struct Scene {
    pub(super) database: TestDatabase,
    pub(super) web: Web,
    pub(super) tenant: String,
    pub(super) token: String,
    /// The token of the superadmin who stands above it.
    pub(super) root: String,
}

/// A time as it stands in an address.
pub(super) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The thing of that id in a list of the dashboard.
pub(super) fn find<'a>(dashboard: &'a Value, list: &str, id: &str) -> &'a Value {
    let items = dashboard[list].as_array().unwrap_or_else(|| panic!("no {list} in {dashboard}"));
    items.iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("no {id} in {dashboard}"))
}

impl Scene {
    pub(super) async fn set() -> Self {
        let database = TestDatabase::make().await;
        let web = Web::start(&database).await;
        Self::of(database, web).await
    }

    pub(super) async fn of(database: TestDatabase, web: Web) -> Self {
        let root = web.register().await;
        let (tenant, token) = web.tenant(&root, "acme-corp").await;
        Self { database, web, tenant, token, root }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.web.clock.now()
    }

    pub(super) fn minutes_pass(&self, minutes: i64) {
        self.web.clock.advance(Duration::minutes(minutes));
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.web.get(&self.token, path).await.expect(200).json()
    }

    pub(super) async fn ask(&self, path: &str) -> Told {
        self.web.get(&self.token, path).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Told {
        self.web.post(&self.token, path, &body).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Told {
        self.web.command(Method::PUT, &self.token, path, &body, &[]).await
    }

    /// Edits what was read at that version.
    pub(super) async fn edit(&self, path: &str, version: u64, body: &Value) -> Told {
        let seen = format!("\"{version}\"");
        self.web.command(Method::PUT, &self.token, path, body, &[("if-match", &seen)]).await
    }

    /// Somebody who has been let in with that role; their account's id.
    pub(super) async fn person(&self, email: &str, grant: Value) -> String {
        let mut invite = json!({"email": email});
        for (field, value) in grant.as_object().into_iter().flatten() {
            invite[field] = value.clone();
        }
        let invited = self.web.post(&self.root, "/api/invitations", &invite).await.expect(201).field("token");
        let person = json!({"name": "Ann", "password": "correct horse battery"});
        let accepted = self.web.post("", &format!("/api/invitations/{invited}/accept"), &person).await;
        accepted.expect(201).json()["account"]["id"].as_str().expect("an account").to_owned()
    }

    /// An administrator of the tenant.
    pub(super) async fn member(&self, email: &str) -> String {
        self.person(email, json!({"role": "tenant_admin", "tenantId": self.tenant})).await
    }

    /// The stream, but for who has read it.
    pub(super) async fn written(&self) -> Vec<Value> {
        self.web.written(&self.token).await
    }

    pub(super) async fn make(&self, path: &str, body: Value) -> String {
        self.post(path, body).await.expect(201).field("id")
    }

    /// A KRI that turns amber at 10 and red at 20; `more` goes into its body.
    pub(super) async fn kri(&self, slug: &str, more: Value) -> String {
        let mut body = json!({
            "slug": slug, "name": slug, "unit": "count", "direction": "higher_is_worse", "warn": 10, "critical": 20,
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        self.make("/api/kris", body).await
    }

    /// Enters a value that is true now.
    pub(super) async fn enter(&self, kri: &str, value: &str) {
        self.post(&format!("/api/kris/{kri}/values"), json!({"value": value})).await.expect(200);
    }

    /// Enters a value that was true then.
    pub(super) async fn enter_of(&self, kri: &str, value: &str, at: DateTime<Utc>) {
        let body = json!({"value": value, "observedAt": at});
        self.post(&format!("/api/kris/{kri}/values"), body).await.expect(200);
    }

    pub(super) async fn correct(&self, kri: &str, sequence: u64, value: Value) -> Told {
        let body = json!({"value": value, "reason": "the scope was wrong"});
        self.post(&format!("/api/kris/{kri}/values/{sequence}/correct"), body).await
    }

    /// The position of the stream's last event.
    pub(super) async fn head(&self) -> u64 {
        self.get("/api/dashboard").await["position"].as_u64().expect("a position")
    }
}
