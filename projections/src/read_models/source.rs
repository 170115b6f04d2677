//! Questions about sources and their runs.

use draxis_domain::{Position, RunId, SourceId, TenantId};

use crate::error::ReadError;
use crate::page::{Page, PageOf};
use crate::read_models::ReadModels;
use crate::reading::{List, Order};
use crate::source_runs::{self, SourceRunRow, SourceRuns};
use crate::sources::{SourceFilter, SourceRow, Sources};

impl ReadModels {
    /// Sources, oldest first.
    pub async fn list_sources(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &SourceFilter,
        page: &PageOf,
    ) -> Result<Page<SourceRow>, ReadError> {
        let list = List { prefix: "", order: Order::OldestFirst, page };
        let keep = |row: Box<SourceRow>| filter.admits(&row).then_some(*row);
        self.live.page::<Sources, SourceRow>(tenant, at_least, list, keep).await
    }

    /// A source.
    pub async fn find_source(
        &self,
        tenant: TenantId,
        id: SourceId,
        at_least: Option<Position>,
    ) -> Result<Option<SourceRow>, ReadError> {
        Ok(self.live.find::<Sources>(tenant, at_least, id.to_string()).await?.map(|row| *row))
    }

    /// The runs of a source, newest first.
    pub async fn list_source_runs(
        &self,
        tenant: TenantId,
        source: SourceId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<SourceRunRow>, ReadError> {
        let prefix = source_runs::key(&source.to_string(), "");
        let list = List { prefix: &prefix, order: Order::NewestFirst, page };
        self.live.page::<SourceRuns, SourceRunRow>(tenant, at_least, list, |row| Some(*row)).await
    }

    /// A run of a source.
    pub async fn find_source_run(
        &self,
        tenant: TenantId,
        source: SourceId,
        run: RunId,
        at_least: Option<Position>,
    ) -> Result<Option<SourceRunRow>, ReadError> {
        let key = source_runs::key(&source.to_string(), &run.to_string());
        Ok(self.live.find::<SourceRuns>(tenant, at_least, key).await?.map(|row| *row))
    }
}
