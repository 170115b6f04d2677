//! Folding a batch into stored rows, whatever the projection.

use std::collections::{BTreeMap, BTreeSet};

use draxis_domain::{Recorded, TenantId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::error::ReadError;
use crate::live::{Live, Verified};
use crate::memory::Memory;
use crate::projection::Projection;
use crate::store::{Keyed, Table};

/// What a batch makes of a projection's rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) keys: Vec<String>,
    pub(crate) bodies: Vec<String>,
    pub(crate) gone: Vec<String>,
}

/// A projection without its types, so that the engine can hold all of a log's in one list.
pub(crate) trait Folder<E>: Send + Sync {
    /// Its table.
    fn table(&self) -> Table;
    /// Its version.
    fn version(&self) -> i32;
    /// The keys that the events touch.
    fn touched(&self, events: &[Recorded<E>]) -> BTreeSet<String>;
    /// What the events make of the rows stored under those keys.
    fn fold(&self, events: &[Recorded<E>], stored: Vec<Keyed>) -> Result<Changes, ReadError>;
    /// Compares what is stored with the log.
    fn verify<'a>(&'a self, live: &'a Live, tenant: TenantId) -> BoxFuture<'a, Result<Verified, ReadError>>;
}

impl<P: Projection> Folder<P::Event> for P {
    fn table(&self) -> Table {
        P::TABLE
    }

    fn version(&self) -> i32 {
        P::VERSION
    }

    fn touched(&self, events: &[Recorded<P::Event>]) -> BTreeSet<String> {
        events.iter().flat_map(P::keys).collect()
    }

    fn fold(&self, events: &[Recorded<P::Event>], stored: Vec<Keyed>) -> Result<Changes, ReadError> {
        let before: BTreeSet<String> = stored.iter().map(|row| row.key.clone()).collect();
        let mut memory = Memory::<P>::from_rows(parsed::<P>(stored)?);
        for told in events {
            memory.fold(told);
        }
        let after = memory.into_rows();
        let gone = before.into_iter().filter(|key| !after.contains_key(key)).collect();
        let mut changes = Changes { gone, ..Changes::default() };
        for (key, row) in after {
            changes.bodies.push(written::<P>(&row)?);
            changes.keys.push(key);
        }
        Ok(changes)
    }

    fn verify<'a>(&'a self, live: &'a Live, tenant: TenantId) -> BoxFuture<'a, Result<Verified, ReadError>> {
        live.compare::<P>(tenant).boxed()
    }
}

/// Rows as they read back.
pub(crate) fn parsed<P: Projection>(stored: Vec<Keyed>) -> Result<BTreeMap<String, P::Row>, ReadError> {
    stored
        .into_iter()
        .map(|Keyed { key, body }| match serde_json::from_str(&body) {
            Ok(row) => Ok((key, row)),
            Err(source) => Err(ReadError::Row { projection: P::TABLE.name(), key, source }),
        })
        .collect()
}

/// A row as it is stored: the bytes that a rebuild must give again.
pub(crate) fn written<P: Projection>(row: &P::Row) -> Result<String, ReadError> {
    serde_json::to_string(row).map_err(|source| ReadError::Unwritable { projection: P::TABLE.name(), source })
}
