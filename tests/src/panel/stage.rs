//! A tenant with something to ask about: risks, KRIs, an outcome, a control, a vendor.

use chrono::Duration;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Told, Web};

/// A program that serves one tenant.
pub(super) struct Stage {
    pub(super) database: TestDatabase,
    pub(super) web: Web,
    pub(super) tenant: String,
    /// The tenant admin's token.
    pub(super) token: String,
    /// The token of somebody who may read.
    pub(super) reader: String,
    /// The token of an auditor.
    pub(super) auditor: String,
    /// The KRI that is red.
    pub(super) cves: String,
    /// The risk that it measures.
    pub(super) ransomware: String,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let database = TestDatabase::make().await;
        let web = Web::start(&database).await;
        Self::of(database, web).await
    }

    pub(super) async fn of(database: TestDatabase, web: Web) -> Self {
        let root = web.register().await;
        let (tenant, above) = web.tenant(&root, "acme-corp").await;
        let mut tokens = Vec::new();
        for role in ["tenant_admin", "tenant_user", "auditor"] {
            let invited = json!({"email": format!("{role}@acme.example"), "role": role, "tenantId": tenant});
            let invited = web.post(&above, "/api/invitations", &invited).await.expect(201).field("token");
            let accepted = json!({"name": role, "password": "correct horse battery"});
            let accept = format!("/api/invitations/{invited}/accept");
            tokens.push(web.post("", &accept, &accepted).await.expect(201).field("accessToken"));
        }
        let [token, reader, auditor] = tokens.try_into().expect("three people");
        let mut stage = Self {
            database,
            web,
            tenant,
            token,
            reader,
            auditor,
            cves: String::new(),
            ransomware: String::new(),
        };
        stage.furnish().await;
        stage
    }

    async fn furnish(&mut self) {
        let outcome = self.make("/api/outcomes", json!({"name": "Customers can pay"})).await;
        let control = json!({"name": "Patch within a week", "state": "ineffective"});
        let control = self.make("/api/controls", control).await;
        self.make("/api/vendors", json!({"name": "Payments Ltd", "criticality": "critical"})).await;
        let risk = |name: &str, more: Value| {
            let mut body = json!({"name": name, "likelihood": 4, "impact": 5, "outcomeIds": [outcome]});
            for (field, value) in more.as_object().into_iter().flatten() {
                body[field] = value.clone();
            }
            body
        };
        self.ransomware = self.make("/api/risks", risk("Ransomware", json!({"controlIds": [control]}))).await;
        let takeover = self.make("/api/risks", risk("Account takeover", json!({}))).await;
        let leak = self.make("/api/risks", risk("Loss of personal data", json!({}))).await;
        let calm = self.make("/api/risks", risk("Office flood", json!({}))).await;
        self.cves = self.kri("critical_cves_unpatched", "Critical CVEs unpatched", &self.ransomware).await;
        let clicks = self.kri("phishing_click_rate", "Phishing click rate", &takeover).await;
        let exports = self.kri("personal_data_exports", "Personal data exports", &leak).await;
        let pumps = self.kri("pumps_broken", "Pumps broken", &calm).await;
        self.enter(&self.cves, 14).await;
        self.web.clock.advance(Duration::days(9));
        self.sign_in().await;
        for (kri, value) in [(&self.cves, 18), (&clicks, 6), (&exports, 7), (&pumps, 1)] {
            self.enter(kri, value).await;
        }
    }

    /// Tokens do not last for days.
    pub(super) async fn sign_in(&mut self) {
        for (token, role) in [
            (&mut self.token, "tenant_admin"),
            (&mut self.reader, "tenant_user"),
            (&mut self.auditor, "auditor"),
        ] {
            let body = json!({"email": format!("{role}@acme.example"), "password": "correct horse battery"});
            *token = self.web.post("", "/api/auth/login", &body).await.expect(200).field("accessToken");
        }
    }

    pub(super) async fn kri(&self, slug: &str, name: &str, risk: &str) -> String {
        let body = json!({"slug": slug, "name": name, "unit": "count", "direction": "higher_is_worse", "warn": 5,
                          "critical": 10, "riskIds": [risk]});
        self.make("/api/kris", body).await
    }

    /// Enters a value that is true a minute later: a KRI has one value at a time.
    pub(super) async fn enter(&self, kri: &str, value: i64) {
        self.web.clock.advance(Duration::minutes(1));
        self.post(&format!("/api/kris/{kri}/values"), json!({"value": value})).await.expect(200);
    }

    pub(super) async fn make(&self, path: &str, body: Value) -> String {
        self.post(path, body).await.expect(201).field("id")
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Told {
        self.web.post(&self.token, path, &body).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.web.get(&self.token, path).await.expect(200).json()
    }

    /// A run of a workflow of this name that waits for the tenant admin's decision once it is taken up; the run's id.
    pub(super) async fn run_by_hand(&self, name: &str) -> String {
        let asked = json!({"id": "decide", "type": "await_approval", "question": "Go on?",
                           "approvers": [{"role": "tenant_admin"}], "due": "P9D"});
        let definition = json!({"schemaVersion": 1, "name": name, "owners": [{"role": "tenant_admin"}],
                                "trigger": {"type": "manual"}, "steps": [asked]});
        let workflow =
            self.make("/api/workflows", json!({"definition": definition, "reason": "drill"})).await;
        let reason = json!({"reason": "go"});
        self.post(&format!("/api/workflows/{workflow}/activate"), reason).await.expect(200);
        let pressed = self.post(&format!("/api/workflows/{workflow}/run"), json!({"inputs": {}})).await;
        pressed.expect(201).field("runId")
    }

    /// Asks the panel, and answers with what it answered.
    pub(super) async fn ask(&self, question: &str) -> Value {
        self.post("/api/panel-sessions", json!({"question": question})).await.expect(201).json()
    }
}
