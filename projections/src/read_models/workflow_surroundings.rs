//! Questions about what workflows work with: KRI events, relays, previews.

use draxis_domain::relay::Channel;
use draxis_domain::{KriEventDefinitionId, Position, TenantId, WorkflowId};

use crate::error::ReadError;
use crate::kri_event_definitions::{KriEventDefinitions, KriEventRow};
use crate::page::{Page, PageOf};
use crate::previews::{self, PreviewRow, Previews, PreviewsRow};
use crate::read_models::ReadModels;
use crate::reading::{Ask, List, Order};
use crate::relays::{RelayRow, Relays};

impl ReadModels {
    /// Declared KRI events, oldest first.
    pub async fn list_kri_events(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<KriEventRow>, ReadError> {
        let list = List { prefix: "", order: Order::OldestFirst, page };
        self.live.page::<KriEventDefinitions, _>(tenant, at_least, list, |row| Some(*row)).await
    }

    /// A declared KRI event.
    pub async fn find_kri_event(
        &self,
        tenant: TenantId,
        id: KriEventDefinitionId,
        at_least: Option<Position>,
    ) -> Result<Option<KriEventRow>, ReadError> {
        Ok(self.live.find::<KriEventDefinitions>(tenant, at_least, id.to_string()).await?.map(|row| *row))
    }

    /// The relays that are set up.
    pub async fn list_relays(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
    ) -> Result<Vec<RelayRow>, ReadError> {
        let keys: Vec<String> = Channel::ALL.iter().map(Channel::to_string).collect();
        let found = self.live.read::<Relays>(tenant, at_least, Ask::Named(&keys)).await?;
        Ok(found.rows.into_iter().map(|(_, row)| *row).collect())
    }

    /// A relay that is set up.
    pub async fn find_relay(
        &self,
        tenant: TenantId,
        channel: Channel,
        at_least: Option<Position>,
    ) -> Result<Option<RelayRow>, ReadError> {
        Ok(self.live.find::<Relays>(tenant, at_least, channel.to_string()).await?.map(|row| *row))
    }

    /// The previews of a workflow, newest first.
    pub async fn list_previews(
        &self,
        tenant: TenantId,
        workflow: WorkflowId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<PreviewRow>, ReadError> {
        let prefix = previews::previews_of(workflow);
        let list = List { prefix: &prefix, order: Order::NewestFirst, page };
        let id = |row| if let PreviewsRow::Of(id) = row { Some(id) } else { None };
        let named = self.live.page::<Previews, _>(tenant, at_least, list, id).await?;
        let keys: Vec<String> = named.items.iter().map(|id| previews::key(&id.to_string())).collect();
        let rows = self.live.read::<Previews>(tenant, Some(named.position), Ask::Named(&keys)).await?.rows;
        let preview = |row| if let PreviewsRow::Preview(preview) = row { Some(*preview) } else { None };
        // Ids begin with their time, so the keys' order turned round is newest first.
        let items = rows.into_iter().rev().filter_map(|(_, row)| preview(row)).collect();
        Ok(Page { items, next_cursor: named.next_cursor, position: named.position })
    }
}
