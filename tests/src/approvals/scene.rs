//! A tenant with people, and a run that asks them something.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Duration, Utc};
use draxis_commands::{Caller, Context};
use draxis_domain::approval::ApprovalRequested;
use draxis_domain::workflow::StepId;
use draxis_domain::{ApprovalId, TenantId, WorkflowRunId};
use draxis_event_store::{Clock as _, StoredTimer, timers_of};
use serde_json::{Value, json};
use ulid::Ulid;

use crate::house::{Told, Web};
use crate::workflow::stage::Stage;

/// What everybody votes on.
pub(crate) const DIGEST: &str = "abababababababababababababababababababababababababababababababab";

/// People by their places: see [`Stage::full`].
pub(super) const ADMIN: usize = 0;
pub(super) const USER: usize = 1;
pub(super) const AUDITOR: usize = 2;
pub(super) const OTHER_USER: usize = 3;

/// A tenant with people.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) tenant: TenantId,
}

/// What was asked.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) run: String,
}

/// What a run asks at that time, under an id of its own: of nobody yet, due three days later.
pub(crate) fn question(run: WorkflowRunId, now: DateTime<Utc>, change: &Value) -> Box<ApprovalRequested> {
    let step = StepId::parse("approve").unwrap();
    let mut asked = json!({
        "id": ApprovalId::of(run, &step, 1), "workflowId": "01KAMK3ED0WRKF000000000000",
        "workflowName": "Patch critical CVEs", "runId": run, "step": step, "round": 1,
        "question": "Were the <b>critical</b> patches applied?",
        "plan": ["Emit patch_applied: critical_cves_unpatched goes down by 4", "Close ticket SEC-17"], "digest": DIGEST,
        "approvers": {}, "required": 1, "veto": true, "requesterMayApprove": false, "askedAt": now,
        "dueAt": now + Duration::hours(72), "onTimeout": "reject", "nextAt": now,
    });
    for (key, value) in change.as_object().into_iter().flatten() {
        asked[key] = value.clone();
    }
    Box::new(serde_json::from_value(asked).unwrap())
}

/// A run that nobody has seen.
pub(crate) fn new_run() -> WorkflowRunId {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    WorkflowRunId::new(Ulid(u128::from(COUNT.fetch_add(1, Ordering::Relaxed)) << 64))
}

impl Scene {
    pub(super) async fn set() -> Self {
        let stage = Stage::full().await;
        let tenant = stage.get("/api/auth/me").await.expect(200).field("tenantId").parse().unwrap();
        Self { stage, tenant }
    }

    pub(super) const fn web(&self) -> &Web {
        &self.stage.web
    }

    pub(super) fn account(&self, n: usize) -> &str {
        &self.stage.people[n]
    }

    pub(super) fn token(&self, n: usize) -> &str {
        &self.stage.tokens[n]
    }

    /// The first three people who decide anything, by name.
    pub(super) fn three(&self) -> Value {
        json!({"accounts": [self.account(ADMIN), self.account(USER), self.account(OTHER_USER)]})
    }

    /// A run asks, as the run's driver does.
    pub(super) async fn ask(&self, change: &Value) -> Asked {
        let run = new_run();
        let asked = question(run, self.web().clock.now(), change);
        let id = asked.id.to_string();
        self.web().app.commands.request_approval(&self.runner(), asked).await.unwrap();
        Asked { id, run: run.to_string() }
    }

    /// Somebody becomes that in another tenant besides.
    pub(super) async fn joins_elsewhere(&self, n: usize, role: &str) {
        let root = &self.stage.root;
        let (tenant, _) = self.web().tenant(root, "other-corp").await;
        let invite = json!({"email": format!("person{n}@acme.example"), "role": role, "tenantId": tenant});
        let link = self.web().post(root, "/api/invitations", &invite).await.expect(201).field("token");
        let accept = json!({"name": format!("Person {n}"), "password": "correct horse battery"});
        self.web().post("", &format!("/api/invitations/{link}/accept"), &accept).await.expect(201);
    }

    pub(super) fn runner(&self) -> Context {
        Context::of(Caller::runner(self.tenant))
    }

    pub(super) async fn vote(&self, token: &str, asked: &Asked, decision: &str) -> Told {
        let mut body = json!({"decision": decision, "digest": DIGEST});
        if decision == "rejected" {
            body["comment"] = json!("not yet");
        }
        self.web().post(token, &format!("/api/approvals/{}/vote", asked.id), &body).await
    }

    pub(super) async fn delegate(&self, token: &str, asked: &Asked, to: &str) -> Told {
        self.web().post(token, &format!("/api/approvals/{}/delegate", asked.id), &json!({"to": to})).await
    }

    pub(super) async fn read(&self, token: &str, asked: &Asked) -> Value {
        self.web().get(token, &format!("/api/approvals/{}", asked.id)).await.expect(200).json()
    }

    /// Time passes, what is due then happens, and everybody signs in again: a token lasts a quarter of an hour.
    pub(super) async fn pass(&mut self, hours: i64) {
        self.web().clock.advance(Duration::hours(hours));
        while self.is_due().await {
            tokio::task::yield_now().await;
        }
        for n in 0..self.stage.tokens.len() {
            let login =
                json!({"email": format!("person{n}@acme.example"), "password": "correct horse battery"});
            let told = self.web().post("", "/api/auth/login", &login).await.expect(200);
            self.stage.tokens[n] = told.field("accessToken");
        }
        self.stage.token.clone_from(&self.stage.tokens[ADMIN]);
    }

    /// Does what is due, and says whether some of it still is: what the program's own timers have begun may not have ended.
    async fn is_due(&self) -> bool {
        let (app, now) = (&self.web().app, self.web().clock.now());
        app.timers.do_due().await.unwrap();
        app.timers.catch_up(self.tenant).await.unwrap();
        let timers = timers_of(&app.commands.pools().app, self.tenant).await.unwrap();
        let is_due = |timer: &StoredTimer| timer.due_at.is_some_and(|due| due <= now);
        timers.iter().any(|(name, timer)| name.kind == "approval_due" && is_due(timer))
    }

    /// How many events of that type there are.
    pub(super) async fn count(&self, event_type: &str) -> usize {
        let events = self.web().written(self.token(ADMIN)).await;
        events.iter().filter(|event| event["type"] == event_type).count()
    }
}

/// The stable code of a refusal.
pub(super) fn code(told: &Told) -> String {
    told.field("type").replace("urn:draxis:problem:", "")
}
