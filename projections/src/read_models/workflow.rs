//! Questions about workflows, their versions and their changes, now and as of a position.

use std::collections::{BTreeMap, BTreeSet};

use draxis_domain::relay::Channel;
use draxis_domain::workflow::Diff;
use draxis_domain::{Position, Recorded, TenantEvent, TenantId, WorkflowId};
use draxis_event_store::{TenantTx, read_aggregate_until};
use serde_json::Value;

use crate::change_log::{ChangeLog, ChangeRow, Versioned};
use crate::error::ReadError;
use crate::memory::fold_in_memory;
use crate::page::{Page, PageOf};
use crate::projection::recorded;
use crate::read_models::ReadModels;
use crate::reading::{Ask, List, Order};
use crate::versions::{self, VersionRow, VersionSummary, Versions};
use crate::workflows::{WorkflowFilter, WorkflowRow, WorkflowSummary, Workflows};

/// The events that change what a workflow is or where it stands.
const CHANGES: [&str; 6] = [
    "workflow.drafted",
    "workflow.edited",
    "workflow.restored",
    "workflow.activated",
    "workflow.paused",
    "workflow.archived",
];

/// A workflow as of a position, with all that had been done to it, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkflowThen {
    /// The workflow.
    pub workflow: WorkflowRow,
    /// Its changes, each with what differs.
    pub changes: Vec<(ChangeRow, Diff)>,
    /// The last event that is shown, and its leaf hash in the tree of the stream.
    pub last: (Position, Vec<u8>),
}

impl ReadModels {
    /// Workflows, oldest first, without their definitions.
    pub async fn list_workflows(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &WorkflowFilter,
        page: &PageOf,
    ) -> Result<Page<WorkflowSummary>, ReadError> {
        let list = List { prefix: "", order: Order::OldestFirst, page };
        let keep = |row: Box<WorkflowRow>| filter.admits(&row.summary).then_some(row.summary);
        self.live.page::<Workflows, _>(tenant, at_least, list, keep).await
    }

    /// A workflow.
    pub async fn find_workflow(
        &self,
        tenant: TenantId,
        id: WorkflowId,
        at_least: Option<Position>,
    ) -> Result<Option<WorkflowRow>, ReadError> {
        Ok(self.live.find::<Workflows>(tenant, at_least, id.to_string()).await?.map(|row| *row))
    }

    /// The workflows in use by the relays that they go through.
    pub async fn workflows_by_relay(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
    ) -> Result<BTreeMap<Channel, Vec<WorkflowSummary>>, ReadError> {
        let mut by_relay: BTreeMap<Channel, Vec<WorkflowSummary>> = BTreeMap::new();
        for workflow in self.all_workflows(tenant, at_least).await? {
            for relay in &workflow.relays {
                by_relay.entry(*relay).or_default().push(workflow.clone());
            }
        }
        Ok(by_relay)
    }

    async fn all_workflows(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
    ) -> Result<Vec<WorkflowSummary>, ReadError> {
        let (mut all, filter) = (Vec::new(), WorkflowFilter::default());
        let mut page = PageOf { cursor: None, limit: PageOf::MOST };
        loop {
            let found = self.list_workflows(tenant, at_least, &filter, &page).await?;
            all.extend(found.items);
            page.cursor = found.next_cursor;
            if page.cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// The versions of a thing, newest first, without what they say.
    pub async fn list_versions(
        &self,
        (tenant, of, id): (TenantId, Versioned, &str),
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<VersionSummary>, ReadError> {
        let prefix = of.prefix(id);
        let list = List { prefix: &prefix, order: Order::NewestFirst, page };
        self.live.page::<Versions, _>(tenant, at_least, list, |row| Some(row.summary)).await
    }

    /// A version of a thing.
    pub async fn find_version(
        &self,
        (tenant, of, id): (TenantId, Versioned, &str),
        version: u64,
        at_least: Option<Position>,
    ) -> Result<Option<VersionRow>, ReadError> {
        let key = versions::key(of, id, version);
        Ok(self.live.find::<Versions>(tenant, at_least, key).await?.map(|row| *row))
    }

    /// What differs between two versions of a thing; none where one of them is not there.
    pub async fn compare_versions(
        &self,
        (tenant, of, id): (TenantId, Versioned, &str),
        (from, to): (u64, u64),
        at_least: Option<Position>,
    ) -> Result<Option<Diff>, ReadError> {
        let from = self.find_version((tenant, of, id), from, at_least).await?;
        let to = self.find_version((tenant, of, id), to, at_least).await?;
        Ok(from.zip(to).map(|(from, to)| versions::difference(of, &from.definition, &to.definition)))
    }

    /// The changes of a thing, newest first, each with what differs.
    pub async fn list_changes(
        &self,
        (tenant, of, id): (TenantId, Versioned, &str),
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<(ChangeRow, Diff)>, ReadError> {
        let prefix = of.prefix(id);
        let list = List { prefix: &prefix, order: Order::NewestFirst, page };
        let found = self.live.page::<ChangeLog, _>(tenant, at_least, list, |row| Some(*row)).await?;
        let needed: BTreeSet<u64> = found.items.iter().flat_map(compared).collect();
        let keys: Vec<String> = needed.into_iter().map(|version| versions::key(of, id, version)).collect();
        let rows = self.live.read::<Versions>(tenant, Some(found.position), Ask::Named(&keys)).await?.rows;
        let said: BTreeMap<u64, Value> =
            rows.into_iter().map(|(_, row)| (row.summary.version, row.definition)).collect();
        let items = found.items.into_iter().map(|row| with_difference(of, row, &said)).collect();
        Ok(Page { items, next_cursor: found.next_cursor, position: found.position })
    }

    /// A workflow as of a position, by the log itself: the same folds over the workflow's own events alone.
    pub async fn workflow_then(
        &self,
        tenant: TenantId,
        id: WorkflowId,
        position: Position,
    ) -> Result<Option<WorkflowThen>, ReadError> {
        let stored = {
            let mut transaction = TenantTx::begin(&self.live.pool, tenant).await?;
            let names = CHANGES.map(str::to_owned);
            read_aggregate_until(&mut transaction, ("workflow", &id.to_string()), &names, position).await?
        };
        let Some(last) = stored.last().map(|event| (event.position, event.leaf_hash.clone())) else {
            return Ok(None);
        };
        let events: Vec<Recorded<TenantEvent>> = stored.iter().map(recorded).collect::<Result<_, _>>()?;
        let workflow = fold_in_memory::<Workflows>(&events).into_values().next();
        let said: BTreeMap<u64, Value> = fold_in_memory::<Versions>(&events)
            .into_values()
            .map(|row| (row.summary.version, row.definition))
            .collect();
        let changes = fold_in_memory::<ChangeLog>(&events)
            .into_values()
            .rev()
            .map(|row| with_difference(Versioned::Workflow, *row, &said))
            .collect();
        Ok(workflow.map(|workflow| WorkflowThen { workflow: *workflow, changes, last }))
    }
}

/// The versions that a change lies between.
fn compared(change: &ChangeRow) -> Vec<u64> {
    if change.action.makes_a_version() {
        vec![change.version.saturating_sub(1), change.version]
    } else {
        Vec::new()
    }
}

fn with_difference(of: Versioned, change: ChangeRow, said: &BTreeMap<u64, Value>) -> (ChangeRow, Diff) {
    let (old, new) = (said.get(&change.version.saturating_sub(1)), said.get(&change.version));
    let mut diff = versions::difference_of(of, change.action, (old, new));
    if let Some(from) = change.restored_from {
        diff.summary.insert(0, format!("version {from} put back"));
    }
    (change, diff)
}
