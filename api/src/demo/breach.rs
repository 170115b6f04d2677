//! The breach: a workflow opens a ticket in a Jira on loopback, Priya approves, and the confirmed patch lowers the KRI.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use draxis_commands::approval::NewVote;
use draxis_commands::identity::InviteBody;
use draxis_commands::secret::Secret;
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::approval::{ApprovalStanding, ApprovalState, Decision};
use draxis_domain::relay::{Channel, RelaySettings};
use draxis_domain::workflow::Provenance;
use draxis_domain::workflow_run::RunStanding;
use draxis_domain::{Email, TenantId, WorkflowId, WorkflowRunId};
use draxis_projections::{ApprovalFilter, PageOf};
use draxis_runner::far_systems::{FarJira, FarSystem};
use draxis_runner::relay::RelayCredentials;
use serde_json::{Value, json};

use crate::demo::walk::{PASSWORD, Walk, body, created_id, step};
use crate::demo::{DemoError, WorkflowSummary};

/// Who approves.
const APPROVER: &str = "priya@draxis.example";
/// The declared KRI event, under an id of the demo's own.
const PATCHED: &str = "01JDEM0PATCHAPP1ED00000000";
/// How often it is looked whether the run has gone on, and how many times.
const LOOKS: (Duration, u32) = (Duration::from_millis(50), 1_200);

/// A Jira on loopback with one project.
pub(super) async fn jira() -> std::io::Result<FarSystem<FarJira>> {
    FarSystem::start(FarJira::new("demo@draxis.example", "made-up-token", &["SEC"])).await
}

/// The workflow, and who decides in its runs.
pub(super) struct Watch {
    workflow: WorkflowId,
    priya: Caller,
}

impl Walk<'_> {
    /// Sets the workflow up before anything is measured.
    pub(super) async fn watch(
        &self,
        (admin, caller): (&Caller, &Caller),
        tenant: TenantId,
    ) -> Result<Watch, DemoError> {
        let commands = &self.app.commands;
        let priya = self.priya(admin, tenant).await?;
        let settings = json!({ "baseUrl": self.jira.url(), "user": "demo@draxis.example" });
        let settings = settings.as_object().cloned().unwrap_or_default();
        let settings = RelaySettings::read(Channel::Jira, Value::Object(settings));
        let settings = settings.map_err(|error| DemoError::Unexpected(format!("{error:?}")))?;
        let token = RelayCredentials::new(BTreeMap::from([(
            "token".to_owned(),
            Secret::new("made-up-token".to_owned()),
        )]));
        let done = commands.configure_relay(&Context::of(caller.clone()), settings, Some(token.seal())).await;
        done.map_err(step("setting the Jira relay up"))?;
        let event = body(json!({
            "eventType": "patch_applied", "description": "A patch was rolled out", "closeBreach": true,
            "effects": [{ "kri": "critical_cves_unpatched", "operator": "decrement", "amount": "1" }],
        }))?;
        let done = commands.put_kri_event(&Context::of(caller.clone()), body(json!(PATCHED))?, event).await;
        done.map_err(step("declaring patch_applied"))?;
        let definition = definition(&priya);
        let drafted = (&definition, Provenance::Written);
        let done = commands.draft_workflow(&Self::once(caller, "workflow"), drafted).await;
        let workflow: WorkflowId = body(json!(created_id(&done.map_err(step("drafting a workflow"))?)?))?;
        let done = commands.activate_workflow(&Self::once(caller, "activation"), workflow).await;
        done.map_err(step("activating the workflow"))?;
        Ok(Watch { workflow, priya })
    }

    /// Somebody of the tenant: whoever only acts in it from above has no vote.
    async fn priya(&self, admin: &Caller, tenant: TenantId) -> Result<Caller, DemoError> {
        let identity = &self.app.identity;
        let email = Email::parse(APPROVER).map_err(|error| DemoError::Unexpected(error.to_string()))?;
        let invitation: InviteBody =
            body(json!({ "email": APPROVER, "role": "tenant_admin", "tenantId": tenant }))?;
        let link = Box::new(|token: &str| token.to_owned());
        let invited = identity.invite(&Self::once(admin, "priya"), invitation, link).await;
        let invited = invited.map_err(step("inviting somebody to approve"))?;
        let visitor = Context::of(Caller::public());
        let token = serde_json::from_slice::<Value>(&invited.answer.body).unwrap_or_default();
        let token = token.get("token").and_then(Value::as_str).unwrap_or_default().to_owned();
        let accepted = (body(json!("Priya Raman"))?, body(json!(PASSWORD))?);
        let signed_in = match identity.accept(&visitor, &token, accepted).await {
            Err(CommandError::Gone) => {
                identity.login(&visitor, &email, (Secret::new(PASSWORD.to_owned()), None)).await
            }
            accepted => accepted,
        };
        let signed_in = signed_in.map_err(step("signing the approver in"))?;
        identity.caller(&signed_in.access.access_token).map_err(step("reading the approver's token"))
    }

    /// Waits until the run asks, decides as Priya, and waits until the run is over.
    pub(super) async fn decide(
        &self,
        tenant: TenantId,
        watch: &Watch,
        progress: &mut (dyn FnMut(&str) + Send),
    ) -> Result<WorkflowSummary, DemoError> {
        let asked = self.until(async || self.open_approval(tenant, watch.workflow).await).await?;
        let tickets: BTreeSet<String> =
            self.jira.with(|jira| jira.issues().iter().map(|issue| issue.key.clone()).collect());
        progress(&format!("Priya reads \"{}\" and approves", asked.asked.question));
        let vote =
            NewVote { decision: Decision::Approved, comment: None, digest: asked.asked.digest.clone() };
        let voting = Context::of(watch.priya.clone());
        let done = self.app.commands.vote_on_approval(&voting, asked.asked.id, vote).await;
        done.map_err(step("approving"))?;
        let run = asked.asked.run_id;
        let state = self.until(async || self.over(tenant, run).await).await?;
        if state != RunStanding::Completed {
            return Err(DemoError::Unexpected(format!("the run is {state:?} and not completed")));
        }
        Ok(WorkflowSummary { run_id: run.to_string(), state: "completed", tickets })
    }

    async fn open_approval(
        &self,
        tenant: TenantId,
        workflow: WorkflowId,
    ) -> Result<Option<ApprovalState>, DemoError> {
        let filter = ApprovalFilter {
            state: Some(ApprovalStanding::Open),
            workflow: Some(workflow),
            ..ApprovalFilter::default()
        };
        let page = PageOf { cursor: None, limit: 1 };
        let found = self.app.read_models.list_approvals(tenant, None, &filter, &page).await;
        let found = found.map_err(|error| DemoError::Step {
            step: "reading what is to be decided",
            source: Box::new(error),
        })?;
        Ok(found.items.first().and_then(|row| row.state().cloned()))
    }

    async fn over(&self, tenant: TenantId, run: WorkflowRunId) -> Result<Option<RunStanding>, DemoError> {
        let run = self.app.commands.load_run(tenant, run).await.map_err(step("reading the run"))?;
        Ok(run.state().map(|run| run.standing).filter(|standing| *standing != RunStanding::UnderWay))
    }

    /// Looks again and again, until there is something to see.
    async fn until<T>(&self, look: impl AsyncFn() -> Result<Option<T>, DemoError>) -> Result<T, DemoError> {
        let (pause, times) = LOOKS;
        for _ in 0..times {
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
            tokio::time::sleep(pause).await;
        }
        Err(DemoError::Unexpected("the workflow's run did not go on within a minute".to_owned()))
    }
}

fn definition(priya: &Caller) -> Value {
    let approver = priya.actor.account();
    json!({
        "schemaVersion": 1, "name": "Patch critical CVEs", "owners": [{ "account": approver }],
        "trigger": { "type": "kri_breach", "kri": "critical_cves_unpatched", "level": "red" },
        "steps": [
            { "id": "ticket", "type": "create_ticket", "summary": "{{ kri.value }} critical CVEs are unpatched",
              "description": "Breached at {{ trigger.at }}, see {{ run.url }}",
              "destination": { "system": "jira", "project": "SEC" } },
            { "id": "confirm", "type": "await_approval", "approvers": [{ "account": approver }], "due": "P2D",
              "question": "Were the patches of {{ steps.ticket.result.key }} rolled out?" },
            { "id": "patched", "type": "emit_kri_event", "eventType": "patch_applied" },
        ],
    })
}
