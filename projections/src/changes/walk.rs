//! Walking through a stream: each event with the state that it changed.

use draxis_domain::{PlatformEvent, Position, TenantEvent, TenantId};
use draxis_event_store::StoredEvent;
use json_patch::Patch;
use schemars::JsonSchema;
use serde::Serialize;

use super::words::in_words;
use super::{Going, WatchedLog};
use crate::ReadModels;
use crate::error::ReadError;

/// One event and what it changed.
#[derive(Debug, Clone)]
pub struct Step {
    /// The event as it is stored.
    pub event: StoredEvent,
    /// What it changed; nothing where no thing shows it.
    pub changes: Vec<Change>,
}

/// What one event made of one thing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Change {
    /// The thing, such as `kri/01J…`.
    pub thing: String,
    /// In words.
    pub words: Vec<String>,
    /// As a patch (RFC 6902).
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub patch: Patch,
}

impl ReadModels {
    /// Shows each event after a position up to another, with what it changed.
    pub async fn walk(
        &self,
        tenant: TenantId,
        stretch: (Position, Position),
        show: impl FnMut(Step) -> Going,
    ) -> Result<(), ReadError> {
        if tenant == TenantId::PLATFORM {
            self.walk_log::<PlatformEvent>(tenant, stretch, show).await
        } else {
            self.walk_log::<TenantEvent>(tenant, stretch, show).await
        }
    }

    async fn walk_log<E: WatchedLog>(
        &self,
        tenant: TenantId,
        stretch: (Position, Position),
        mut show: impl FnMut(Step) -> Going,
    ) -> Result<(), ReadError> {
        let each = |past: &mut super::Past<E>, stored: &StoredEvent, told: &_| {
            let before = past.things(told)?;
            past.fold(told);
            let after = past.things(told)?;
            let changes = before.into_iter().zip(after).filter(|((_, before), (_, after))| before != after);
            let changes = changes.map(|((thing, before), (_, after))| {
                let patch = json_patch::diff(
                    before.as_ref().unwrap_or(&serde_json::Value::Null),
                    after.as_ref().unwrap_or(&serde_json::Value::Null),
                );
                Change { words: in_words(before.as_ref(), after.as_ref(), &patch), thing, patch }
            });
            Ok(show(Step { event: stored.clone(), changes: changes.collect() }))
        };
        self.fold_watching(tenant, stretch, each).await?;
        Ok(())
    }
}
