//! Folding a batch into stored rows, whatever the projection.

use std::collections::{BTreeMap, BTreeSet};

use draxis_domain::Recorded;

use crate::error::ReadError;
use crate::live::Refold;
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
    /// Nothing folded yet, to be folded in memory.
    fn in_memory(&self) -> Box<dyn Refold<E>>;
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

    fn in_memory(&self) -> Box<dyn Refold<P::Event>> {
        Box::new(Memory::<P>::default())
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use draxis_domain::{Recorded, TenantEvent};
    use proptest::prelude::*;

    use super::{Folder, parsed, written};
    use crate::memory::fold_in_memory;
    use crate::projection::{Log, Projection};
    use crate::store::Keyed;
    use crate::told::any;
    use crate::{
        Breaches, ChangeLog, KriEventDefinitions, KriHistory, Previews, Relays, RiskModel, SourceRuns,
        Sources, Versions, Workflows,
    };

    /// What a table holds after the events were folded in batches of that many.
    fn folded_in_batches(
        folder: &dyn Folder<TenantEvent>,
        events: &[Recorded<TenantEvent>],
        batch: usize,
    ) -> BTreeMap<String, String> {
        let mut table: BTreeMap<String, String> = BTreeMap::new();
        for batch in events.chunks(batch) {
            let touched = folder.touched(batch);
            let stored = touched
                .into_iter()
                .filter_map(|key| table.get(&key).map(|body| Keyed { key: key.clone(), body: body.clone() }))
                .collect();
            let changes = folder.fold(batch, stored).unwrap();
            table.extend(changes.keys.into_iter().zip(changes.bodies));
            for key in changes.gone {
                table.remove(&key);
            }
        }
        table
    }

    fn rebuilt<P: Projection<Event = TenantEvent>>(
        events: &[Recorded<TenantEvent>],
    ) -> BTreeMap<String, String> {
        let rows = fold_in_memory::<P>(events);
        rows.into_iter().map(|(key, row)| (key, written::<P>(&row).unwrap())).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn rows_kept_batch_by_batch_are_the_bytes_of_a_rebuild(told in any::stream(), batch in 1..40_usize) {
            let events = &told.events;
            let rebuilt = [
                rebuilt::<Breaches>(events),
                rebuilt::<KriEventDefinitions>(events),
                rebuilt::<KriHistory>(events),
                rebuilt::<Previews>(events),
                rebuilt::<Relays>(events),
                rebuilt::<RiskModel>(events),
                rebuilt::<SourceRuns>(events),
                rebuilt::<Sources>(events),
                rebuilt::<ChangeLog>(events),
                rebuilt::<Versions>(events),
                rebuilt::<Workflows>(events),
            ];
            prop_assert_eq!(TenantEvent::folders().len(), rebuilt.len());
            for (folder, rebuilt) in TenantEvent::folders().iter().zip(rebuilt) {
                prop_assert_eq!(&folded_in_batches(*folder, events, batch), &rebuilt);
                let plain = rebuilt.keys().all(|key| key.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(plain, "a range of keys ends at the character after these");
            }
        }
    }

    #[test]
    fn a_row_that_does_not_read_back_names_itself() {
        let row = Keyed { key: "kri/1".to_owned(), body: "{}".to_owned() };
        let error = parsed::<RiskModel>(vec![row]).unwrap_err().to_string();
        assert!(
            error.contains("kri/1") && error.contains("draxis rebuild --projection risk_model"),
            "{error}"
        );
    }
}
