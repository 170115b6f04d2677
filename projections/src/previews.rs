//! Previews as they are read: what each shows, until when, and what became of it. Nothing of their tokens.

use chrono::{DateTime, Utc};
use draxis_domain::preview::{PreviewEvent, PreviewMinted, PreviewStanding};
use draxis_domain::{Actor, Description, Position, PreviewId, Recorded, TenantEvent, WorkflowId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of previews. Keys: `preview/<id>` holds the preview, `of/<workflow id>/<id>` names it under its workflow.
#[derive(Debug, Clone, Copy)]
pub struct Previews;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewsRow {
    /// A preview.
    Preview(Box<PreviewRow>),
    /// A preview of a workflow.
    Of(PreviewId),
}

/// A preview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewRow {
    /// Its id.
    pub id: PreviewId,
    /// Which workflow it shows.
    pub workflow_id: WorkflowId,
    /// As of which position.
    pub position: Position,
    /// Whether somebody has seen it or it was taken back; its expiry comes by itself.
    pub standing: PreviewStanding,
    /// Whom it is for.
    pub note: Option<Description>,
    /// Who minted it.
    pub minted_by: Actor,
    /// When it was minted.
    pub minted_at: DateTime<Utc>,
    /// Until when it can be looked at.
    pub expires_at: DateTime<Utc>,
    /// When somebody looked at it.
    pub viewed_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// How often somebody came in vain.
    pub misses: u32,
    /// When somebody last came in vain.
    pub last_missed_at: Option<DateTime<Utc>>,
}

/// The key of a preview.
pub(crate) fn key(id: &str) -> String {
    format!("preview/{id}")
}

/// What the keys of one workflow's previews begin with.
pub(crate) fn previews_of(workflow: WorkflowId) -> String {
    format!("{OF}{workflow}/")
}

const OF: &str = "of/";

impl Projection for Previews {
    const TABLE: Table = Table::Previews;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = PreviewsRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let id = &told.aggregate_id;
        match of_preview(&told.event) {
            Some(PreviewEvent::Minted(minted)) => {
                vec![key(id), format!("{}{id}", previews_of(minted.workflow_id))]
            }
            Some(PreviewEvent::Viewed(_) | PreviewEvent::Missed(_) | PreviewEvent::Revoked(_)) => {
                vec![key(id)]
            }
            None => Vec::new(),
        }
    }

    fn apply(key: &str, row: Option<PreviewsRow>, told: &Recorded<TenantEvent>) -> Option<PreviewsRow> {
        match (of_preview(&told.event), row) {
            (Some(PreviewEvent::Minted(minted)), _) if key.starts_with(OF) => {
                Some(PreviewsRow::Of(minted.id))
            }
            (Some(PreviewEvent::Minted(minted)), _) => {
                Some(PreviewsRow::Preview(Box::new(PreviewRow::minted(minted, told))))
            }
            (Some(event), Some(PreviewsRow::Preview(mut preview))) => {
                preview.evolve(event, told.recorded_at);
                Some(PreviewsRow::Preview(preview))
            }
            (Some(_) | None, row) => row,
        }
    }
}

const fn of_preview(event: &TenantEvent) -> Option<&PreviewEvent> {
    match event {
        TenantEvent::Preview(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Audit(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Interview(_)
        | TenantEvent::Relay(_) => None,
    }
}

impl PreviewRow {
    fn minted(minted: &PreviewMinted, told: &Recorded<TenantEvent>) -> Self {
        Self {
            id: minted.id,
            workflow_id: minted.workflow_id,
            position: minted.position,
            standing: PreviewStanding::Open,
            note: minted.note.clone(),
            minted_by: told.metadata.actor,
            minted_at: told.recorded_at,
            expires_at: minted.expires_at,
            viewed_at: None,
            revoked_at: None,
            misses: 0,
            last_missed_at: None,
        }
    }

    const fn evolve(&mut self, event: &PreviewEvent, at: DateTime<Utc>) {
        match event {
            PreviewEvent::Minted(_) => {}
            PreviewEvent::Viewed(_) => {
                self.standing = PreviewStanding::Viewed;
                self.viewed_at = Some(at);
            }
            PreviewEvent::Revoked(_) => {
                self.standing = PreviewStanding::Revoked;
                self.revoked_at = Some(at);
            }
            PreviewEvent::Missed(_) => {
                self.misses = self.misses.saturating_add(1);
                self.last_missed_at = Some(at);
            }
        }
    }
}
