//! A stage: a tenant with one KRI, and workflows that wait, so that nothing but their start is looked at.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use draxis_commands::{CommandError, Context, Execution};
use draxis_domain::workflow::{Definition, Provenance, TenantFacts, Workflow, WorkflowCommand};
use draxis_domain::{KriId, TenantId, WorkflowId};
use draxis_event_store::{Answer, Clock as _, Committed, StoredEvent};
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::house::{TestDatabase, define_kri, new_tenant, start_of_time};
use crate::timers::program::{Program, context};

/// What the KRI is called: amber from 10, red from 20.
pub(super) const SLUG: &str = "open_cves";
/// Somebody who may own workflows.
const OWNER: &str = "01JA0000000000000000000001";

/// A program whose timers stand until they are told, over a database that others may work on too.
pub(super) struct Stage {
    pub(super) database: TestDatabase,
    pub(super) program: Program,
    pub(super) tenant: TenantId,
    pub(super) kri: KriId,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let database = TestDatabase::make().await;
        let program = Program::start(&database).await;
        let tenant = new_tenant();
        let kri = define_kri(&program.process, tenant, SLUG).await;
        Self { database, program, tenant, kri }
    }

    /// A workflow, switched on.
    pub(super) async fn active(&self, trigger: Value) -> WorkflowId {
        let id = self.draft(trigger).await;
        self.activate(id).await;
        id
    }

    pub(super) async fn draft(&self, trigger: Value) -> WorkflowId {
        let id = WorkflowId::new(self.program.process.commands.ids().next());
        let (definition, provenance) = (Box::new(definition("Answer", &trigger)), Provenance::Written);
        self.give(id, WorkflowCommand::Draft { id, definition, provenance }).await;
        id
    }

    pub(super) async fn activate(&self, id: WorkflowId) {
        let facts = json!({
            "kris": [{"id": self.kri, "slug": SLUG, "owner": OWNER}], "relays": [],
            "accounts": {OWNER: ["tenant_admin"]}, "kriEvents": {},
        });
        let facts: Box<TenantFacts> = serde_json::from_value(facts).unwrap();
        self.give(id, WorkflowCommand::Activate { facts }).await;
    }

    pub(super) async fn edit(&self, id: WorkflowId, name: &str, trigger: Value) {
        let (definition, provenance) = (Box::new(definition(name, &trigger)), Provenance::Written);
        self.give(id, WorkflowCommand::Edit { definition, provenance }).await;
    }

    pub(super) async fn give(&self, id: WorkflowId, command: WorkflowCommand) {
        self.ask(id, command).await.unwrap();
    }

    async fn ask(&self, id: WorkflowId, command: WorkflowCommand) -> Result<Committed, CommandError> {
        let respond =
            Arc::new(|_: &Workflow, _: &str| Answer { status: 204, body: Vec::new(), version: None });
        let execution = Execution::<Workflow> { id: id.to_string(), command, respond };
        self.program.process.commands.on_tenant(&context(self.tenant), execution).await
    }

    /// Somebody reads a value now, which a minute later has been acted on or not.
    pub(super) async fn reads(&self, value: i64) {
        self.reads_as(&context(self.tenant), value).await;
    }

    pub(super) async fn reads_as(&self, context: &Context, value: i64) {
        use draxis_domain::kri::KriCommand;

        let seconds = (self.now() - start_of_time()).num_seconds();
        let command = KriCommand::RecordReading(crate::house::reading(value, seconds));
        self.program.process.commands.change_kri(context, self.kri, command).await.unwrap();
        self.pass(Duration::minutes(1));
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.program.process.clock.now()
    }

    pub(super) fn pass(&self, time: Duration) {
        self.program.process.clock.advance(time);
    }

    /// A minute passes, and everything that is due is done.
    pub(super) async fn settle(&self) {
        self.pass(Duration::minutes(1));
        self.program.settle().await;
    }

    /// Everything is told and done again, as if the timers had never been.
    pub(super) async fn again(&self) {
        let loss = "DELETE FROM timers; DELETE FROM timer_checkpoints";
        self.database.superuser().await.execute(loss).await.unwrap();
        self.settle().await;
    }

    /// What was started, in order.
    pub(super) async fn started(&self) -> Vec<Value> {
        self.payloads("workflow.run_started").await
    }

    /// What was missed, in order.
    pub(super) async fn missed(&self) -> Vec<Value> {
        self.payloads("workflow.run_missed").await
    }

    async fn payloads(&self, event_type: &str) -> Vec<Value> {
        let events = self.program.events(self.tenant, event_type).await;
        events.iter().map(|event| serde_json::from_str(&event.payload).unwrap()).collect()
    }

    /// The last event of a type.
    pub(super) async fn last(&self, event_type: &str) -> StoredEvent {
        self.program.events(self.tenant, event_type).await.pop().unwrap()
    }
}

/// A trigger on the KRI's breaches.
pub(super) fn on_breach(level: &str) -> Value {
    json!({"type": "kri_breach", "kri": SLUG, "level": level})
}

fn definition(name: &str, trigger: &Value) -> Definition {
    serde_json::from_value(json!({
        "schemaVersion": 1, "name": name, "owners": [{"role": "tenant_admin"}], "trigger": trigger,
        "steps": [{"id": "pause", "type": "wait", "until": {"duration": "P30D"}}],
    }))
    .unwrap()
}
