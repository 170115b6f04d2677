//! Any read model as it was: the same fold in memory, up to a place in the past.

use draxis_domain::{PlatformEvent, Position, TenantEvent, TenantId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::ReadError;
use crate::live::{Refold, folder_named};
use crate::page::PageOf;
use crate::past::AsOf;
use crate::projection::Log;
use crate::read_models::ReadModels;
use crate::replay::{Folded, replay};
use crate::store::Keyed;

/// A page of the rows that a read model had.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RowsThen {
    /// Which read model.
    pub model: &'static str,
    /// The last position whose events the rows hold.
    pub position: Position,
    /// The rows, in the order of their keys.
    pub items: Vec<RowThen>,
    /// Where the next page begins; none where this is the last.
    pub next_cursor: Option<String>,
}

/// A row that a read model had.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RowThen {
    /// Its key.
    pub key: String,
    /// What it said, byte for byte as it was stored.
    #[schemars(with = "Value")]
    pub row: Box<RawValue>,
}

impl ReadModels {
    /// A page of a read model's rows as they were, folded anew from the stream's beginning.
    pub async fn rows_as_of(
        &self,
        (tenant, model): (TenantId, &str),
        as_of: AsOf,
        page: &PageOf,
    ) -> Result<RowsThen, ReadError> {
        if tenant == TenantId::PLATFORM {
            self.rows_of_log::<PlatformEvent>((tenant, model), as_of, page).await
        } else {
            self.rows_of_log::<TenantEvent>((tenant, model), as_of, page).await
        }
    }

    async fn rows_of_log<E: Log>(
        &self,
        (tenant, model): (TenantId, &str),
        as_of: AsOf,
        page: &PageOf,
    ) -> Result<RowsThen, ReadError> {
        let folder = folder_named::<E>(model)?;
        let nothing = Folded { state: folder.in_memory(), position: Position::START };
        let fold = |rows: &mut Box<dyn Refold<E>>, told: &_| rows.fold(told);
        let then = replay(self.pool(), tenant, nothing, Some(as_of), fold).await?;
        if let AsOf::Position(wanted) = as_of
            && then.position < wanted
        {
            return Err(ReadError::Ahead { wanted, head: then.position });
        }
        let limit = page.bounded();
        let mut found =
            then.state.rows_after(page.cursor.as_deref().unwrap_or_default(), limit.saturating_add(1))?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|last| last.key.clone());
        let name = folder.table().name();
        let row = |Keyed { key, body }: Keyed| match RawValue::from_string(body) {
            Ok(row) => Ok(RowThen { key, row }),
            Err(source) => Err(ReadError::Row { projection: name, key, source }),
        };
        let items = found.into_iter().map(row).collect::<Result<_, _>>()?;
        Ok(RowsThen { model: name, position: then.position, items, next_cursor })
    }
}
