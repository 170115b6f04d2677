//! Questions about runs of workflows and what they do outside.

use draxis_domain::workflow_run::EffectId;
use draxis_domain::{Position, TenantId, WorkflowId, WorkflowRunId};

use crate::approvals::place;
use crate::effects::{self, EffectFilter, EffectRow, Effects, EffectsRow};
use crate::error::ReadError;
use crate::page::{Page, PageOf};
use crate::read_models::ReadModels;
use crate::reading::{List, Order};
use crate::workflow_runs::{self, WorkflowRunFilter, WorkflowRunRow, WorkflowRuns, WorkflowRunsRow};

impl ReadModels {
    /// Runs, newest first.
    pub async fn list_workflow_runs(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &WorkflowRunFilter,
        page: &PageOf,
    ) -> Result<Page<WorkflowRunRow>, ReadError> {
        let of = filter.workflow.map(workflow_runs::starts_of);
        let prefix = of.as_deref().unwrap_or(workflow_runs::STARTS);
        let list = List { prefix, order: Order::NewestFirst, page };
        let named = |row| match row {
            WorkflowRunsRow::Started(run) => Some(workflow_runs::key(&run.to_string())),
            WorkflowRunsRow::Run(_) => None,
        };
        // One that was started twice under its one name is listed where it was started first.
        let keep = |at: &str, row| run(row).filter(|run| place(run.position) == at && filter.admits(run));
        self.live.named_page::<WorkflowRuns, _>(tenant, at_least, list, (named, keep)).await
    }

    /// The latest runs of a workflow that were started by a position, newest first.
    pub async fn runs_of_workflow_until(
        &self,
        tenant: TenantId,
        (workflow, until): (WorkflowId, Position),
        at_most: usize,
    ) -> Result<Vec<WorkflowRunRow>, ReadError> {
        let filter = WorkflowRunFilter { workflow: Some(workflow), ..WorkflowRunFilter::default() };
        let page = PageOf { cursor: Some(place(until.next())), limit: at_most };
        Ok(self.list_workflow_runs(tenant, None, &filter, &page).await?.items)
    }

    /// A run.
    pub async fn find_workflow_run(
        &self,
        tenant: TenantId,
        id: WorkflowRunId,
        at_least: Option<Position>,
    ) -> Result<Option<WorkflowRunRow>, ReadError> {
        let key = workflow_runs::key(&id.to_string());
        Ok(self.live.find::<WorkflowRuns>(tenant, at_least, key).await?.and_then(run))
    }

    /// Effects, newest first.
    pub async fn list_effects(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &EffectFilter,
        page: &PageOf,
    ) -> Result<Page<EffectRow>, ReadError> {
        let of = filter.run.map(effects::plans_of);
        let prefix = of.as_deref().unwrap_or(effects::PLANS);
        let list = List { prefix, order: Order::NewestFirst, page };
        let named = |row| match row {
            EffectsRow::Planned(effect) => Some(effects::key(effect)),
            EffectsRow::Effect(_) => None,
        };
        let keep = |_: &str, row| effect(row).filter(|effect| filter.admits(effect));
        self.live.named_page::<Effects, _>(tenant, at_least, list, (named, keep)).await
    }

    /// An effect.
    pub async fn find_effect(
        &self,
        tenant: TenantId,
        id: EffectId,
        at_least: Option<Position>,
    ) -> Result<Option<EffectRow>, ReadError> {
        Ok(self.live.find::<Effects>(tenant, at_least, effects::key(id)).await?.and_then(effect))
    }
}

fn run(row: WorkflowRunsRow) -> Option<WorkflowRunRow> {
    match row {
        WorkflowRunsRow::Run(run) => Some(*run),
        WorkflowRunsRow::Started(_) => None,
    }
}

fn effect(row: EffectsRow) -> Option<EffectRow> {
    match row {
        EffectsRow::Effect(effect) => Some(*effect),
        EffectsRow::Planned(_) => None,
    }
}
