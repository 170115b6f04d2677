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
    /// Nothing gathered yet, to be folded into stored rows.
    fn gather(&self) -> Box<dyn Gathering<E>>;
    /// Nothing folded yet, to be folded in memory.
    fn in_memory(&self) -> Box<dyn Refold<E>>;
}

/// Rows of a projection that events have touched lately. Batch by batch: look, take in what is stored of the keys not seen
/// before, fold; and once in a while write what has changed. A row stays until it is written, no event has touched it since, and
/// more rows are at hand than need be: the same rows are often touched again, and need not be read anew.
pub(crate) trait Gathering<E>: Send {
    /// The table of the rows.
    fn table(&self) -> Table;
    /// Looks at a batch: the keys it touches whose stored rows are not here yet.
    fn look(&mut self, events: &[Recorded<E>]) -> Vec<String>;
    /// Takes in what is stored under keys that were asked for.
    fn take_in(&mut self, asked: Vec<String>, stored: Vec<Keyed>) -> Result<(), ReadError>;
    /// Folds the batch that was looked at last.
    fn fold(&mut self, events: &[Recorded<E>]);
    /// What has come of it since the last time; every row stays at hand.
    fn take_changes(&mut self) -> Result<Changes, ReadError>;
    /// Where many rows are at hand, lets go of those that nothing has touched since the last time. What was taken before that and
    /// is not written yet must be by the next one.
    fn let_go(&mut self);
    /// How many rows are at hand.
    fn at_hand(&self) -> usize;
}

/// How many rows of a projection may stay at hand though nothing has touched them lately.
const AT_HAND: usize = 64;

/// A row at hand.
#[expect(clippy::struct_excessive_bools, reason = "three questions of their own about one row")]
struct Held<R> {
    /// None where there is none under its key.
    row: Option<R>,
    /// Whether there is one in the table.
    stored: bool,
    /// Whether an event has touched it since its changes were last taken.
    touched: bool,
    /// Whether an event has touched it since rows were last let go.
    used: bool,
}

/// The rows gathered of one projection.
struct Gathered<P: Projection> {
    rows: BTreeMap<String, Held<P::Row>>,
    /// The keys of each event of the batch at hand, in order.
    due: Vec<(usize, String)>,
}

impl<P: Projection> Folder<P::Event> for P {
    fn table(&self) -> Table {
        P::TABLE
    }

    fn version(&self) -> i32 {
        P::VERSION
    }

    fn gather(&self) -> Box<dyn Gathering<P::Event>> {
        Box::new(Gathered::<P> { rows: BTreeMap::new(), due: Vec::new() })
    }

    fn in_memory(&self) -> Box<dyn Refold<P::Event>> {
        Box::new(Memory::<P>::default())
    }
}

impl<P: Projection> Gathering<P::Event> for Gathered<P> {
    fn table(&self) -> Table {
        P::TABLE
    }

    fn look(&mut self, events: &[Recorded<P::Event>]) -> Vec<String> {
        let mut unknown = BTreeSet::new();
        self.due.clear();
        for (at, told) in events.iter().enumerate() {
            for key in P::keys(told) {
                if !self.rows.contains_key(&key) && !unknown.contains(&key) {
                    unknown.insert(key.clone());
                }
                self.due.push((at, key));
            }
        }
        unknown.into_iter().collect()
    }

    fn take_in(&mut self, asked: Vec<String>, stored: Vec<Keyed>) -> Result<(), ReadError> {
        let absent = |key| (key, Held { row: None, stored: false, touched: false, used: true });
        self.rows.extend(asked.into_iter().map(absent));
        let present = |(key, row)| (key, Held { row: Some(row), stored: true, touched: false, used: true });
        self.rows.extend(parsed::<P>(stored)?.into_iter().map(present));
        Ok(())
    }

    fn fold(&mut self, events: &[Recorded<P::Event>]) {
        for (at, key) in self.due.drain(..) {
            if let (Some(told), Some(held)) = (events.get(at), self.rows.get_mut(&key)) {
                held.row = P::apply(&key, held.row.take(), told);
                (held.touched, held.used) = (true, true);
            }
        }
    }

    fn take_changes(&mut self) -> Result<Changes, ReadError> {
        let mut changes = Changes::default();
        for (key, held) in self.rows.iter_mut().filter(|(_, held)| held.touched) {
            match &held.row {
                Some(row) => {
                    changes.bodies.push(written::<P>(row)?);
                    changes.keys.push(key.clone());
                }
                None if held.stored => changes.gone.push(key.clone()),
                None => {}
            }
            (held.stored, held.touched) = (held.row.is_some(), false);
        }
        Ok(changes)
    }

    fn let_go(&mut self) {
        if self.rows.len() > AT_HAND {
            self.rows.retain(|_, held| held.used);
        }
        for held in self.rows.values_mut() {
            held.used = false;
        }
    }

    fn at_hand(&self) -> usize {
        self.rows.len()
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
        Approvals, Breaches, Causality, ChangeLog, Effects, Interviews, KriEventDefinitions, KriHistory,
        MemoryRows, PanelSessions, Previews, Relays, RiskModel, SourceRuns, Sources, Versions, WorkflowRuns,
        Workflows,
    };

    /// What a table holds after the events were folded in batches of that many and written after every so many batches.
    fn folded_in_batches(
        folder: &dyn Folder<TenantEvent>,
        events: &[Recorded<TenantEvent>],
        (batch, together): (usize, usize),
    ) -> BTreeMap<String, String> {
        let mut table: BTreeMap<String, String> = BTreeMap::new();
        let mut gathering = folder.gather();
        for some in events.chunks(batch * together) {
            for batch in some.chunks(batch) {
                let asked = gathering.look(batch);
                let row =
                    |key: &String| table.get(key).map(|body| Keyed { key: key.clone(), body: body.clone() });
                let stored = asked.iter().filter_map(row).collect();
                gathering.take_in(asked, stored).unwrap();
                gathering.fold(batch);
            }
            let changes = gathering.take_changes().unwrap();
            gathering.let_go();
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
        fn rows_kept_batch_by_batch_are_the_bytes_of_a_rebuild(
            told in any::stream(), batch in 1..40_usize, together in 1..4_usize
        ) {
            let events = &told.events;
            let rebuilt = [
                rebuilt::<Approvals>(events),
                rebuilt::<Breaches>(events),
                rebuilt::<Causality<TenantEvent>>(events),
                rebuilt::<Effects>(events),
                rebuilt::<MemoryRows>(events),
                rebuilt::<Interviews>(events),
                rebuilt::<KriEventDefinitions>(events),
                rebuilt::<KriHistory>(events),
                rebuilt::<PanelSessions>(events),
                rebuilt::<Previews>(events),
                rebuilt::<Relays>(events),
                rebuilt::<RiskModel>(events),
                rebuilt::<SourceRuns>(events),
                rebuilt::<Sources>(events),
                rebuilt::<ChangeLog>(events),
                rebuilt::<Versions>(events),
                rebuilt::<WorkflowRuns>(events),
                rebuilt::<Workflows>(events),
            ];
            prop_assert_eq!(TenantEvent::folders().len(), rebuilt.len());
            for (folder, rebuilt) in TenantEvent::folders().iter().zip(rebuilt) {
                prop_assert_eq!(&folded_in_batches(*folder, events, (batch, together)), &rebuilt);
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
