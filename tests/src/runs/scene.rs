//! The scene: a tenant whose relays lead to far systems on this machine, and a program that does what is due when it is told.

use chrono::Duration;
use draxis_commands::secret::EncryptionKeys;
use draxis_commands::workflow::TriggeredBreach;
use draxis_domain::kri::Level;
use draxis_domain::workflow::BreachReached;
use draxis_domain::workflow_run::{RunStanding, RunState};
use draxis_domain::{BreachId, KriSlug, TenantId, WorkflowRunId};
use draxis_event_store::Clock as _;
use draxis_runner::far_systems::{FarJira, FarServiceNow, FarSlack, FarSystem};
use draxis_runner::mail::loopback::{SmtpPlan, SmtpServer};
use serde_json::{Value, json};

use crate::house::{TestDatabase, Told, Web};

pub(super) const KRI: &str = "critical_cves_unpatched";

/// A tenant with far systems around it.
pub(super) struct Scene {
    pub(super) database: TestDatabase,
    pub(super) keys: EncryptionKeys,
    pub(super) web: Web,
    pub(super) tenant: TenantId,
    /// The administrator's token, and somebody's who may read and decide.
    pub(super) admin: String,
    pub(super) user: String,
    pub(super) admin_account: String,
    pub(super) user_account: String,
    pub(super) kri: String,
    pub(super) jira: FarSystem<FarJira>,
    pub(super) servicenow: FarSystem<FarServiceNow>,
    pub(super) slack: FarSystem<FarSlack>,
    pub(super) mail: SmtpServer,
    signed_in_for: i64,
}

impl Scene {
    pub(super) async fn set() -> Self {
        let database = TestDatabase::make().await;
        let keys = EncryptionKeys::generate().unwrap();
        let web = Web::by_hand(&database, EncryptionKeys::parse(&keys.to_text()).unwrap()).await;
        Self::around((database, keys), web).await
    }

    /// The same around a program that does by itself what is due, as in the product.
    pub(super) async fn at_work() -> Self {
        let database = TestDatabase::make().await;
        let keys = EncryptionKeys::generate().unwrap();
        let web = Web::with_keys(&database, EncryptionKeys::parse(&keys.to_text()).unwrap()).await;
        Self::around((database, keys), web).await
    }

    async fn around((database, keys): (TestDatabase, EncryptionKeys), web: Web) -> Self {
        let root = web.register().await;
        let (tenant, above) = web.tenant(&root, "acme-corp").await;
        let (admin_account, admin) = web.join(&above, (&tenant, "tenant_admin", "admin")).await;
        let (user_account, user) = web.join(&above, (&tenant, "tenant_user", "user")).await;
        let jira = FarSystem::start(FarJira::new("ann@example.com", "canary-jira", &["SEC"])).await.unwrap();
        let servicenow = FarSystem::start(FarServiceNow::new("ann", "canary-now")).await.unwrap();
        let slack = FarSystem::start(FarSlack::new("canary-slack", &["sec"])).await.unwrap();
        let mail = SmtpServer::start(SmtpPlan::default()).await.unwrap();
        let kri = json!({"slug": KRI, "name": "Unpatched critical CVEs", "unit": "count",
            "direction": "higher_is_worse", "warn": 5, "critical": 10, "owner": user_account});
        let kri = web.post(&admin, "/api/kris", &kri).await.expect(201).field("id");
        let tenant = tenant.parse().unwrap();
        let scene = Self {
            database,
            keys,
            web,
            tenant,
            admin,
            user,
            admin_account,
            user_account,
            kri,
            jira,
            servicenow,
            slack,
            mail,
            signed_in_for: 0,
        };
        scene.set_relays_up().await;
        scene
    }

    async fn set_relays_up(&self) {
        for (channel, body) in [
            (
                "jira",
                json!({"settings": {"baseUrl": self.jira.url(), "user": "ann@example.com"},
                            "credentials": {"token": "canary-jira"}}),
            ),
            (
                "servicenow",
                json!({"settings": {"baseUrl": self.servicenow.url(), "user": "ann"},
                                  "credentials": {"password": "canary-now"}}),
            ),
            (
                "slack",
                json!({"settings": {"mode": "bot", "baseUrl": self.slack.url()},
                             "credentials": {"token": "canary-slack"}}),
            ),
            (
                "email",
                json!({"settings": {"host": "127.0.0.1", "port": self.mail.port(), "encryption": "none",
                                          "from": "draxis@acme.example"}}),
            ),
        ] {
            self.put(&format!("/api/relay-config/{channel}"), &body).await.expect(200);
        }
        let effect = json!({"kri": KRI, "operator": "decrement", "amount": 4});
        let patched = json!({"eventType": "patch_applied", "effects": [effect], "closeBreach": true});
        self.put("/api/workflow-kri-definitions/01JE0000000000000000000001", &patched).await.expect(200);
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Told {
        self.web.command(reqwest::Method::PUT, &self.admin, path, body, &[]).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Told {
        self.web.post(&self.admin, path, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Told {
        self.web.get(&self.admin, path).await
    }

    /// Another program on the same database.
    pub(super) async fn another(&self) -> Web {
        let keys = EncryptionKeys::parse(&self.keys.to_text()).unwrap();
        Web::by_hand(&self.database, keys).await
    }

    /// Drafts and activates a workflow.
    pub(super) async fn workflow(&self, trigger: &Value, steps: &[Value]) -> String {
        let definition = json!({"schemaVersion": 1, "name": "Patch critical CVEs",
            "owners": [{"role": "tenant_admin"}], "trigger": trigger, "steps": steps});
        let body = json!({"definition": definition, "reason": "as agreed"});
        let id = self.post("/api/workflows", &body).await.expect(201).field("id");
        let reason = json!({"reason": "go"});
        self.post(&format!("/api/workflows/{id}/activate"), &reason).await.expect(200);
        id
    }

    /// Presses the button.
    pub(super) async fn press(&self, workflow: &str) -> WorkflowRunId {
        let pressed = self.post(&format!("/api/workflows/{workflow}/run"), &json!({"inputs": {}})).await;
        pressed.expect(201).field("runId").parse().unwrap()
    }

    pub(super) async fn measure(&self, value: i64) {
        self.web.clock.advance(Duration::seconds(1));
        let body = json!({"value": value});
        self.post(&format!("/api/kris/{}/values", self.kri), &body).await.expect(200);
    }

    /// A breach of the KRI, as workflows are told of it.
    pub(super) fn told_of_breach(&self, id: u128) -> TriggeredBreach {
        let at = self.web.clock.now();
        let reached = BreachReached {
            kri: self.kri.parse().unwrap(),
            slug: KriSlug::parse(KRI).unwrap(),
            breach_id: BreachId::from(uuid::Uuid::from_u128(id)),
            level: Level::Red,
            opened_at: at,
            reached_at: at,
            value: None,
            previous_value: None,
        };
        TriggeredBreach { reached, open: true, chain: Vec::new() }
    }

    /// Does what is due until nothing is. A time that a retry waits for does not come by itself.
    pub(super) async fn settle(&self) {
        let timers = &self.web.app.timers;
        loop {
            timers.catch_up_all().await;
            if timers.do_due().await.unwrap() == 0 {
                return;
            }
        }
    }

    /// Lets so much time pass, and does what is due then.
    pub(super) async fn after(&mut self, seconds: i64) {
        self.web.clock.advance(Duration::seconds(seconds));
        self.settle().await;
        self.signed_in_for += seconds;
        // A token lasts a quarter of an hour, and so does the patience with those who sign in again and again.
        if self.signed_in_for > 600 {
            self.signed_in_for = 0;
            self.admin = self.sign_in("admin").await;
            self.user = self.sign_in("user").await;
        }
    }

    async fn sign_in(&self, name: &str) -> String {
        let login = json!({"email": format!("{name}@acme.example"), "password": "correct horse battery"});
        self.web.post("", "/api/auth/login", &login).await.expect(200).field("accessToken")
    }

    /// The run as its events have made it.
    pub(super) async fn run(&self, id: WorkflowRunId) -> RunState {
        let run = self.web.app.commands.load_run(self.tenant, id).await.unwrap();
        run.state().expect("the run was taken up").clone()
    }

    pub(super) async fn standing(&self, id: WorkflowRunId) -> RunStanding {
        self.run(id).await.standing
    }

    /// The one approval that waits for the user; none where nothing does.
    pub(super) async fn waiting_approval(&self) -> Option<(String, String)> {
        let mine = self.web.get(&self.user, "/api/approvals?mine=true").await.expect(200).json();
        let item = mine["items"].as_array()?.first()?.clone();
        Some((item["id"].as_str()?.to_owned(), item["digest"].as_str()?.to_owned()))
    }

    /// The user approves what waits for them.
    pub(super) async fn approve(&self) {
        let (id, digest) = self.waiting_approval().await.expect("something waits to be decided");
        let vote = json!({"decision": "approved", "digest": digest, "comment": "seen"});
        self.web.post(&self.user, &format!("/api/approvals/{id}/vote"), &vote).await.expect(200);
    }

    /// Waits until there are so many events of a type: woken by the writer, so no time is slept away.
    pub(super) async fn until(&self, event_type: &str, count: usize) -> Vec<Value> {
        let mut wakeups = self.web.app.commands.log().writer().wakeups().subscribe();
        let come = async {
            loop {
                let events = self.events(event_type).await;
                if events.len() >= count {
                    return events;
                }
                drop(wakeups.recv().await);
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), come)
            .await
            .expect("they come within a minute")
    }

    pub(super) async fn kri_now(&self) -> Value {
        let dashboard = self.get("/api/dashboard").await.expect(200).json();
        dashboard["kris"].as_array().unwrap().iter().find(|kri| kri["slug"] == KRI).unwrap().clone()
    }

    pub(super) async fn events(&self, event_type: &str) -> Vec<Value> {
        let path = format!("/api/audit/events?limit=200&type={event_type}");
        self.get(&path).await.expect(200).json()["items"].as_array().unwrap().clone()
    }
}

pub(super) fn letter(id: &str) -> Value {
    json!({"id": id, "type": "notify_owner", "to": [{"kriOwner": true}], "subject": "{{ kri.name }} is {{ kri.status }}",
           "body": "Value {{ kri.value }}, see {{ run.url }}"})
}

pub(super) fn jira(id: &str) -> Value {
    json!({"id": id, "type": "create_ticket", "summary": "Patch now", "destination": {"system": "jira", "project": "SEC"}})
}

pub(super) fn incident(id: &str) -> Value {
    json!({"id": id, "type": "create_ticket", "summary": "Patch now", "destination": {"system": "servicenow"}})
}

pub(super) fn post(id: &str) -> Value {
    json!({"id": id, "type": "post_slack", "channel": "#sec", "text": "Ticket {{ steps.ticket.result.key }} is open"})
}

pub(super) fn document(id: &str) -> Value {
    json!({"id": id, "type": "produce_document", "title": "Report", "body": "# Report\n\nA ticket was opened.",
           "formats": ["markdown", "html", "pdf"]})
}

pub(super) fn panel(id: &str) -> Value {
    json!({"id": id, "type": "panel_query", "question": "What are our top risks?"})
}

pub(super) fn approval(id: &str, user: &str) -> Value {
    json!({"id": id, "type": "await_approval", "question": "Patch tonight?", "approvers": [{"account": user}], "due": "P2D",
           "reminders": ["P1D"]})
}

pub(super) fn emit(id: &str) -> Value {
    json!({"id": id, "type": "emit_kri_event", "eventType": "patch_applied"})
}

pub(super) fn pause(id: &str, span: &str) -> Value {
    json!({"id": id, "type": "wait", "until": {"duration": span}})
}

pub(super) fn closed(id: &str) -> Value {
    json!({"id": id, "type": "wait", "until": {"ticket": "ticket", "statuses": ["Done"]}})
}

pub(super) fn breach() -> Value {
    json!({"type": "kri_breach", "kri": KRI, "level": "red"})
}

pub(super) fn manual() -> Value {
    json!({"type": "manual"})
}
