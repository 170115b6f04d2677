//! Questions about interviews.

use draxis_domain::{InterviewId, Position, TenantId};

use crate::error::ReadError;
use crate::interviews::{self, InterviewFilter, InterviewRow, InterviewSummary, Interviews, InterviewsRow};
use crate::page::{Page, PageOf};
use crate::read_models::ReadModels;
use crate::reading::{List, Order};

impl ReadModels {
    /// Interviews, newest first.
    pub async fn list_interviews(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: InterviewFilter,
        page: &PageOf,
    ) -> Result<Page<InterviewSummary>, ReadError> {
        let list = List { prefix: interviews::LIST, order: Order::NewestFirst, page };
        let listed = |row| match row {
            InterviewsRow::Listed(row) if filter.state.is_none_or(|state| state == row.state) => Some(*row),
            InterviewsRow::Listed(_) | InterviewsRow::Interview(_) => None,
        };
        self.live.page::<Interviews, _>(tenant, at_least, list, listed).await
    }

    /// An interview with everything that was said.
    pub async fn find_interview(
        &self,
        tenant: TenantId,
        id: InterviewId,
        at_least: Option<Position>,
    ) -> Result<Option<InterviewRow>, ReadError> {
        let found = self.live.find::<Interviews>(tenant, at_least, interviews::key(id)).await?;
        Ok(found.and_then(|row| match row {
            InterviewsRow::Interview(row) => Some(*row),
            InterviewsRow::Listed(_) => None,
        }))
    }
}
