//! Questions about approvals.

use draxis_domain::approval::ApprovalStanding;
use draxis_domain::workflow::StepId;
use draxis_domain::{ApprovalId, Position, TenantId, WorkflowRunId};

use crate::approvals::{self, ApprovalFilter, ApprovalRow, Approvals, ApprovalsRow};
use crate::error::ReadError;
use crate::page::{Page, PageOf};
use crate::read_models::ReadModels;
use crate::reading::{List, Order};

impl ReadModels {
    /// Approvals, those asked for last first.
    pub async fn list_approvals(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &ApprovalFilter,
        page: &PageOf,
    ) -> Result<Page<ApprovalRow>, ReadError> {
        let of_run = filter.run.map(approvals::approvals_of);
        let prefix = of_run.as_deref().unwrap_or(approvals::ASKED);
        let list = List { prefix, order: Order::NewestFirst, page };
        let admitted =
            |_: &str, row| approval(row).filter(|row| row.state().is_some_and(|it| filter.admits(it)));
        self.live.named_page::<Approvals, _>(tenant, at_least, list, (named, admitted)).await
    }

    /// An approval.
    pub async fn find_approval(
        &self,
        tenant: TenantId,
        id: ApprovalId,
        at_least: Option<Position>,
    ) -> Result<Option<ApprovalRow>, ReadError> {
        let found = self.live.find::<Approvals>(tenant, at_least, approvals::key(id)).await?;
        Ok(found.and_then(approval))
    }

    /// What a run waits for people to decide, at that step where one is named; where it waits for nothing, what was asked last.
    pub async fn approval_of_run(
        &self,
        tenant: TenantId,
        run: WorkflowRunId,
        step: Option<StepId>,
    ) -> Result<Option<ApprovalRow>, ReadError> {
        let filter = ApprovalFilter { run: Some(run), step, ..ApprovalFilter::default() };
        let page = PageOf { cursor: None, limit: PageOf::MOST };
        let mut asked = self.list_approvals(tenant, None, &filter, &page).await?.items;
        let waits = |row: &ApprovalRow| row.state().is_some_and(|it| it.standing() == ApprovalStanding::Open);
        let place = asked.iter().position(waits).unwrap_or_default();
        Ok((place < asked.len()).then(|| asked.swap_remove(place)))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a page's rows are handed on as they are")]
fn named(row: ApprovalsRow) -> Option<String> {
    match row {
        ApprovalsRow::Asked(id) => Some(approvals::key(id)),
        ApprovalsRow::Approval(_) => None,
    }
}

fn approval(row: ApprovalsRow) -> Option<ApprovalRow> {
    match row {
        ApprovalsRow::Approval(row) => Some(*row),
        ApprovalsRow::Asked(_) => None,
    }
}
