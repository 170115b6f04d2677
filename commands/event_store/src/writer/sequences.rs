//! What a writer remembers of the streams it wrote last, so that a hot aggregate's sequence, and what was recorded of late, need
//! not be asked for again.

use std::collections::BTreeMap;

use draxis_domain::{Position, Sequence, TenantId};

use crate::append::Unless;
use crate::writer::judge::Head;

/// An aggregate within a stream.
pub(super) type AggregateKey = (&'static str, String);

/// Sequences of one stream as of the head this writer left it at. Valid only while the head still stands there: another
/// process's append moves it and so makes all of it void.
#[derive(Default)]
struct Remembered {
    head: Head,
    sequences: BTreeMap<AggregateKey, Sequence>,
    /// From where on this writer knows all that was recorded.
    since: Position,
    /// Of each wire name that was recorded since then, the head that the last batch with it left.
    names: BTreeMap<&'static str, Position>,
}

/// Bounded memory of sequences.
pub(super) struct Sequences {
    streams: BTreeMap<TenantId, Remembered>,
    count: usize,
}

impl Sequences {
    /// How many aggregates are remembered before all are forgotten; some 100 bytes each.
    const MOST: usize = 100_000;

    pub(super) const fn new() -> Self {
        Self { streams: BTreeMap::new(), count: 0 }
    }

    /// Where this writer left the stream.
    pub(super) fn head(&self, tenant: TenantId) -> Option<Head> {
        self.streams.get(&tenant).map(|remembered| remembered.head)
    }

    /// The aggregate's sequence, if it is still known at this head.
    pub(super) fn recall(
        &self,
        tenant: TenantId,
        head: Position,
        aggregate: &AggregateKey,
    ) -> Option<Sequence> {
        let remembered = self.streams.get(&tenant)?;
        if remembered.head.position == head { remembered.sequences.get(aggregate).copied() } else { None }
    }

    /// Whether something recorded since has overtaken a decision, if that is still known at this head.
    pub(super) fn overtaken(&self, tenant: TenantId, head: Position, unless: Unless) -> Option<bool> {
        let remembered = self.streams.get(&tenant)?;
        if remembered.head.position != head || unless.since < remembered.since {
            return None;
        }
        let later = |name| remembered.names.get(name).is_some_and(|position| *position > unless.since);
        Some(unless.events.iter().any(later))
    }

    /// Takes note of where a committed batch left a stream that stood at `before`, and of what it recorded.
    pub(super) fn remember(
        &mut self,
        tenant: TenantId,
        (before, after): (Position, Head),
        (sequences, names): (
            impl Iterator<Item = (AggregateKey, Sequence)>,
            impl Iterator<Item = &'static str>,
        ),
    ) {
        if self.count > Self::MOST {
            self.forget();
        }
        let remembered = self.streams.entry(tenant).or_default();
        if remembered.head.position != before {
            self.count = self.count.saturating_sub(remembered.sequences.len());
            remembered.sequences.clear();
            remembered.names.clear();
            remembered.since = before;
        }
        remembered.head = after;
        remembered.names.extend(names.map(|name| (name, after.position)));
        for (aggregate, sequence) in sequences {
            if remembered.sequences.insert(aggregate, sequence).is_none() {
                self.count = self.count.saturating_add(1);
            }
        }
    }

    /// Forgets everything, for when it is not known what holds.
    pub(super) fn forget(&mut self) {
        self.streams.clear();
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_domain::{Position, Sequence, TenantId};

    use super::{Head, Sequences};
    use crate::append::Unless;

    #[test]
    fn another_process_moving_the_head_voids_what_is_remembered() {
        let mut sequences = Sequences::new();
        let kri = ("kri", "a".to_owned());
        let at = Position::new;
        let left = |position| Head { position: at(position), recorded_at: DateTime::UNIX_EPOCH };
        sequences.remember(
            TenantId::PLATFORM,
            (at(0), left(2)),
            ([(kri.clone(), Sequence::new(2))].into_iter(), std::iter::empty()),
        );
        assert_eq!(sequences.recall(TenantId::PLATFORM, at(2), &kri), Some(Sequence::new(2)));
        assert_eq!(sequences.recall(TenantId::PLATFORM, at(3), &kri), None);
        sequences.remember(TenantId::PLATFORM, (at(3), left(4)), (std::iter::empty(), std::iter::empty()));
        assert_eq!(
            sequences.recall(TenantId::PLATFORM, at(4), &kri),
            None,
            "what another process did is not guessed"
        );
    }

    #[test]
    fn what_has_overtaken_a_decision_is_known_as_far_back_as_all_that_was_recorded_is() {
        let mut sequences = Sequences::new();
        let (at, tenant) = (Position::new, TenantId::PLATFORM);
        let left = |position| Head { position: at(position), recorded_at: DateTime::UNIX_EPOCH };
        let mut batch = |before, after, names: &[&'static str]| {
            let recorded = (std::iter::empty(), names.iter().copied());
            sequences.remember(tenant, (at(before), left(after)), recorded);
        };
        batch(7, 9, &["relay.removed"]);
        batch(9, 12, &["kri.defined"]);
        let unless = |since| Unless { since: at(since), events: &["relay.removed", "workflow.edited"] };
        assert_eq!(sequences.overtaken(tenant, at(12), unless(7)), Some(true));
        assert_eq!(sequences.overtaken(tenant, at(12), unless(9)), Some(false));
        assert_eq!(sequences.overtaken(tenant, at(12), unless(6)), None, "what came before is not known");
        assert_eq!(sequences.overtaken(tenant, at(13), unless(9)), None, "nor what another process did");
    }
}
