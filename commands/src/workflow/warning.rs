//! Warnings: what an activation is told although it is carried out.

use std::collections::BTreeMap;

use draxis_domain::kri_event_definition::EventType;
use draxis_domain::workflow::{Cycle, Definition, Standing, TenantFacts, Workflow, WorkflowState, cycles};
use draxis_domain::{KriSlug, TenantId, WorkflowId};
use draxis_event_store::{TenantTx, aggregate_ids};
use serde::Serialize;

use crate::CommandError;
use crate::execution::Commands;

/// Something to think about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// Stable: `workflow.cycle`.
    pub code: &'static str,
    /// What is the matter, in words.
    pub detail: String,
    /// The way round, beginning with the workflow that was asked about.
    pub path: Vec<WarningLink>,
}

/// One workflow on the way round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WarningLink {
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// What people call it.
    pub workflow_name: String,
    /// The event it emits.
    pub event_type: EventType,
    /// The KRI that the event changes, which starts the next.
    pub kri: Option<KriSlug>,
}

impl Commands {
    /// The workflows of a tenant that are active, each as the log has it.
    pub(crate) async fn active_workflows(
        &self,
        tenant: TenantId,
    ) -> Result<Vec<WorkflowState>, CommandError> {
        let ids = {
            let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
            aggregate_ids(&mut transaction, "workflow").await?
        };
        let mut active = Vec::new();
        for id in ids {
            if let Workflow::Present(state) = self.load::<Workflow>(tenant, &id).await?
                && state.standing == Standing::Active
            {
                active.push(*state);
            }
        }
        Ok(active)
    }

    /// The ways round that this workflow would close with those that are active.
    pub(super) async fn cycle_warnings(
        &self,
        (tenant, id): (TenantId, WorkflowId),
        definition: &Definition,
        facts: &TenantFacts,
    ) -> Result<Vec<Warning>, CommandError> {
        if definition.emits().is_empty() {
            return Ok(Vec::new());
        }
        let active = self.active_workflows(tenant).await?;
        let others: BTreeMap<WorkflowId, &Definition> =
            active.iter().filter(|state| state.id != id).map(|state| (state.id, &state.definition)).collect();
        let mut names: BTreeMap<WorkflowId, &str> =
            others.iter().map(|(id, definition)| (*id, definition.name.as_str())).collect();
        names.insert(id, &definition.name);
        let found = cycles(id, definition, &others, facts);
        Ok(found.iter().map(|cycle| told(cycle, &names, facts)).collect())
    }
}

fn told(cycle: &Cycle, names: &BTreeMap<WorkflowId, &str>, facts: &TenantFacts) -> Warning {
    let path: Vec<WarningLink> = cycle
        .links
        .iter()
        .map(|link| WarningLink {
            workflow_id: link.workflow,
            workflow_name: names.get(&link.workflow).copied().unwrap_or_default().to_owned(),
            event_type: link.event_type.clone(),
            kri: facts.kris.iter().find(|kri| kri.id == link.kri).map(|kri| kri.slug.clone()),
        })
        .collect();
    let mut detail = String::new();
    for link in &path {
        let kri = link.kri.as_ref().map_or("a KRI", KriSlug::as_str);
        let said = format!(
            "{} emits {}, which changes {kri} and so can start ",
            link.workflow_name, link.event_type
        );
        detail.push_str(&said);
    }
    detail.push_str(path.first().map_or("it", |first| &first.workflow_name));
    detail.push_str(" again; a chain of more than five reactions is stopped");
    Warning { code: "workflow.cycle", detail, path }
}
