//! A stage: a tenant with people, KRIs, relays and KRI events, as the golden definitions speak of them.

use std::sync::Arc;

use draxis_commands::{Caller, CommandError, Context, Execution};
use draxis_domain::TenantId;
use draxis_domain::workflow::{Workflow, WorkflowCommand};
use draxis_event_store::{Answer, Committed};
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Told, Web};

/// The KRIs of `fixtures/definitions/tenant.json`, each with the place of its owner among the people.
const KRIS: [(&str, Option<usize>); 4] = [
    ("critical_cves_unpatched", Some(0)),
    ("phishing_click_rate", Some(1)),
    ("mfa_coverage", None),
    ("stale_accounts", Some(3)),
];

/// Its people, in order.
const PEOPLE: [&str; 4] = ["tenant_admin", "tenant_user", "auditor", "tenant_user"];

/// Its KRI events, each with the KRI it lowers.
const EVENTS: [(&str, &str); 3] = [
    ("patch_applied", "critical_cves_unpatched"),
    ("training_completed", "phishing_click_rate"),
    ("account_disabled", "stale_accounts"),
];

/// A tenant to write workflows in.
pub(crate) struct Stage {
    pub(crate) database: TestDatabase,
    pub(crate) web: Web,
    /// The tenant's id.
    pub(crate) tenant: String,
    /// The tenant admin's token.
    pub(crate) token: String,
    /// The first administrator's token for the tenant: an impersonation.
    pub(crate) above: String,
    /// The first administrator's own token.
    pub(crate) root: String,
    /// People's accounts, in their order.
    pub(crate) people: Vec<String>,
    /// People's tokens, in their order.
    pub(crate) tokens: Vec<String>,
    /// KRIs' ids, in their order.
    pub(crate) kris: Vec<String>,
}

/// An id made up by a test, which counts them.
pub(crate) fn chosen_id(n: usize) -> String {
    format!("01JE{n:022}")
}

impl Stage {
    /// A tenant with one administrator and one KRI.
    pub(crate) async fn small() -> Self {
        Self::with(1, 1).await
    }

    /// All that the golden definitions speak of.
    pub(crate) async fn full() -> Self {
        let stage = Self::with(PEOPLE.len(), KRIS.len()).await;
        for channel in ["slack", "jira", "servicenow", "email"] {
            stage.set_up(channel, "https://far.example").await;
        }
        for (n, (event_type, kri)) in EVENTS.iter().enumerate() {
            let effect = json!({"kri": kri, "operator": "decrement", "amount": 1});
            stage.declare(n, &json!({"eventType": event_type, "effects": [effect]})).await.expect(200);
        }
        stage
    }

    async fn with(people: usize, kris: usize) -> Self {
        let database = TestDatabase::make().await;
        let web = Web::start(&database).await;
        let root = web.register().await;
        let (tenant, above) = web.tenant(&root, "acme-corp").await;
        let mut stage = Self {
            database,
            web,
            tenant: tenant.clone(),
            token: String::new(),
            above,
            root,
            people: Vec::new(),
            tokens: Vec::new(),
            kris: Vec::new(),
        };
        for (n, role) in PEOPLE.iter().take(people).enumerate() {
            stage.join(&tenant, n, role).await;
        }
        stage.token.clone_from(&stage.tokens[0]);
        for (slug, owner) in KRIS.iter().take(kris) {
            let owner = owner.map(|n| stage.people[n].clone());
            let kri = json!({"slug": slug, "name": slug, "unit": "count", "direction": "higher_is_worse", "warn": 5,
                             "critical": 10, "owner": owner});
            let id = stage.web.post(&stage.token, "/api/kris", &kri).await.expect(201).field("id");
            stage.kris.push(id);
        }
        stage
    }

    /// Somebody is invited and comes in.
    async fn join(&mut self, tenant: &str, n: usize, role: &str) {
        let invited = json!({"email": format!("person{n}@acme.example"), "role": role, "tenantId": tenant});
        let invited =
            self.web.post(&self.above, "/api/invitations", &invited).await.expect(201).field("token");
        let accepted = json!({"name": format!("Person {n}"), "password": "correct horse battery"});
        let accept = format!("/api/invitations/{invited}/accept");
        let session = self.web.post("", &accept, &accepted).await.expect(201).json();
        self.people.push(session["account"]["id"].as_str().expect("an account").to_owned());
        self.tokens.push(session["accessToken"].as_str().expect("a token").to_owned());
    }

    /// The administrator signs in again: a token lasts a quarter of an hour.
    pub(crate) async fn sign_in(&mut self) {
        let login = json!({"email": "person0@acme.example", "password": "correct horse battery"});
        self.token = self.web.post("", "/api/auth/login", &login).await.expect(200).field("accessToken");
    }

    /// Sets a relay up with secrets that are easily found again.
    pub(crate) async fn set_up(&self, channel: &str, base: &str) {
        let body = relay(channel, base);
        self.put(&format!("/api/relay-config/{channel}"), &body, &[]).await.expect(200);
    }

    pub(crate) async fn declare(&self, n: usize, body: &Value) -> Told {
        self.put(&format!("/api/workflow-kri-definitions/{}", chosen_id(n)), body, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Told {
        self.web.post(&self.token, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Told {
        self.web.get(&self.token, path).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Told {
        self.web.command(Method::PUT, &self.token, path, body, headers).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Told {
        self.web.command(Method::DELETE, &self.token, path, &json!({}), &[]).await
    }

    /// Drafts a workflow and answers with its id.
    pub(crate) async fn draft(&self, definition: &Value) -> String {
        let body = json!({"definition": definition, "reason": "as agreed"});
        self.post("/api/workflows", &body).await.expect(201).field("id")
    }

    /// Activates, pauses or archives.
    pub(crate) async fn turn(&self, id: &str, verb: &str) -> Told {
        self.post(&format!("/api/workflows/{id}/{verb}"), &json!({"reason": format!("to {verb}")})).await
    }

    /// Gives a workflow a command as the program itself does.
    pub(crate) async fn give(
        &self,
        workflow: &str,
        command: WorkflowCommand,
    ) -> Result<Committed, CommandError> {
        let respond = |_: &Workflow, _: &str| Answer { status: 204, body: Vec::new(), version: None };
        let execution =
            Execution::<Workflow> { id: workflow.to_owned(), command, respond: Arc::new(respond) };
        let tenant: TenantId = self.tenant.parse().expect("a tenant's id");
        self.web.app.commands.on_tenant(&Context::of(Caller::runner(tenant)), execution).await
    }

    /// Presses a workflow's button, once for each key.
    pub(crate) async fn press(&self, workflow: &str, key: &str) -> Result<Committed, CommandError> {
        let (key, inputs) = (key.to_owned(), serde_json::Map::new());
        self.give(workflow, WorkflowCommand::Run { key, inputs, kri_events: Vec::new() }).await
    }

    /// A golden definition with this tenant's ids.
    pub(crate) fn localized(&self, definition: &Value) -> Value {
        let mut text = definition.to_string();
        for (n, account) in self.people.iter().enumerate() {
            text = text.replace(&format!("01JA000000000000000000000{}", n + 1), account);
        }
        for (n, kri) in self.kris.iter().enumerate() {
            text = text.replace(&format!("01JK000000000000000000000{}", n + 1), kri);
        }
        serde_json::from_str(&text).expect("ids are plain text")
    }

    /// Whether a text stands anywhere in the database.
    pub(crate) async fn is_kept(&self, text: &str) -> bool {
        // The bytes of a row as text, and those of byte columns decoded as far as they are text.
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let dump = self.dump().await;
        dump.contains(text) || dump.contains(&hex)
    }

    /// Every row of every table as text.
    pub(crate) async fn dump(&self) -> String {
        use sqlx::{Executor as _, Row as _};

        let mut superuser = self.database.superuser().await;
        let tables = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        let mut dump = String::new();
        for table in superuser.fetch_all(tables).await.expect("the catalog reads") {
            let rows = format!("SELECT t::text FROM {} AS t", table.get::<String, _>(0));
            for row in superuser.fetch_all(rows.as_str()).await.expect("the table reads") {
                dump.push_str(row.get(0));
                dump.push('\n');
            }
        }
        dump
    }
}

/// The body that sets a channel up, with a canary for its secret.
pub(crate) fn relay(channel: &str, base: &str) -> Value {
    match channel {
        "slack" => {
            json!({"settings": {"mode": "bot", "baseUrl": base}, "credentials": {"token": "canary-slack"}})
        }
        "jira" => json!({"settings": {"baseUrl": base, "user": "ann@acme.example"},
                         "credentials": {"token": "canary-jira"}}),
        "servicenow" => json!({"settings": {"baseUrl": base, "user": "ann"},
                               "credentials": {"password": "canary-servicenow"}}),
        "email" => {
            json!({"settings": {"host": "127.0.0.1", "port": 2525, "encryption": "none", "user": "ann",
                                       "from": "draxis@acme.example"}, "credentials": {"password": "canary-email"}})
        }
        _ => json!({"settings": {"url": base},
                    "credentials": {"secret": "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5"}}),
    }
}

/// A workflow that somebody starts by hand and that waits, so that it needs nothing of the tenant.
pub(crate) fn plain(name: &str, hours: u32) -> Value {
    json!({
        "schemaVersion": 1, "name": name, "owners": [{"role": "tenant_admin"}], "trigger": {"type": "manual"},
        "steps": [{"id": "pause", "type": "wait", "until": {"duration": format!("PT{hours}H")}}],
    })
}

/// A workflow that posts to Slack.
pub(crate) fn posting(name: &str) -> Value {
    let mut definition = plain(name, 1);
    definition["steps"] =
        json!([{"id": "post", "type": "post_slack", "channel": "#security", "text": "Hello"}]);
    definition
}
