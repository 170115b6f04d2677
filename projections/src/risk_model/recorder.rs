//! The recorder: somebody who writes down the dashboard after every event, against whom every look at the past is held.

use draxis_domain::{Position, Recorded, TenantEvent};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::dashboard::{Clocks, render};
use crate::memory::Memory;
use crate::past::AsOf;
use crate::replay::Folded;
use crate::risk_model::{ModelAt, RiskModel, RiskModelRow};
use crate::told::{Told, any};

type Rows = std::collections::BTreeMap<String, RiskModelRow>;

fn shown(rows: Rows, position: Position) -> Vec<u8> {
    let folded = Folded { state: Memory::from_rows(rows), position };
    render(&ModelAt::new(folded), Clocks::default()).unwrap().body.to_vec()
}

/// A stream, what its recorder wrote down at each position, and a snapshot every so many events.
struct Recorder {
    events: Vec<Recorded<TenantEvent>>,
    written: Vec<Vec<u8>>,
    snapshots: Vec<(Position, String)>,
}

impl Recorder {
    fn of(told: Told, every: usize) -> Self {
        let mut memory = Memory::<RiskModel>::default();
        let mut written = vec![shown(memory.clone().into_rows(), Position::START)];
        let mut snapshots = Vec::new();
        for (told, count) in told.events.iter().zip(1_usize..) {
            memory.fold(told);
            written.push(shown(memory.clone().into_rows(), told.position));
            if count.is_multiple_of(every) {
                snapshots.push((told.position, serde_json::to_string(&memory.clone().into_rows()).unwrap()));
            }
        }
        Self { events: told.events, written, snapshots }
    }

    fn admits(as_of: AsOf, told: &Recorded<TenantEvent>) -> bool {
        match as_of {
            AsOf::Position(position) => told.position <= position,
            AsOf::Time(time) => told.recorded_at <= time,
        }
    }

    /// The past, folded on from the nearest snapshot.
    fn look_back(&self, as_of: AsOf) -> (Position, Vec<u8>) {
        let last = self.events.iter().rfind(|told| Self::admits(as_of, told));
        let position = last.map_or(Position::START, |told| told.position);
        let nearest = self.snapshots.iter().rfind(|(at, _)| *at <= position);
        let (from, rows) = nearest.map_or_else(
            || (Position::START, Rows::new()),
            |(at, body)| (*at, serde_json::from_str(body).unwrap()),
        );
        let mut memory = Memory::<RiskModel>::from_rows(rows);
        for told in self.events.iter().filter(|told| told.position > from && Self::admits(as_of, told)) {
            memory.fold(told);
        }
        (position, shown(memory.into_rows(), position))
    }
}

#[test]
fn the_past_at_a_thousand_instants_is_what_the_recorder_wrote_down() {
    let mut runner = TestRunner::deterministic();
    let mut looked = 0;
    while looked < 1_000 {
        let told = any::stream().new_tree(&mut runner).unwrap().current();
        let recorder = Recorder::of(told, 17);
        let most = u64::try_from(recorder.events.len()).unwrap();
        for _ in 0..100 {
            let by_time = proptest::bool::ANY.new_tree(&mut runner).unwrap().current();
            let as_of = if by_time {
                AsOf::Time(crate::told::at((0..330_i64).new_tree(&mut runner).unwrap().current()))
            } else {
                AsOf::Position(Position::new((0..=most).new_tree(&mut runner).unwrap().current()))
            };
            let (position, shown) = recorder.look_back(as_of);
            let written = &recorder.written[usize::try_from(position.get()).unwrap()];
            assert!(shown == *written, "{as_of:?}");
            looked += 1;
        }
    }
}
