//! What a writer remembers of the streams it wrote last, so that a hot aggregate's sequence need not be asked for again.

use std::collections::BTreeMap;

use draxis_domain::{Position, Sequence, TenantId};

use crate::writer::judge::Head;

/// An aggregate within a stream.
pub(super) type AggregateKey = (&'static str, String);

/// Sequences of one stream as of the head this writer left it at. Valid only while the head still stands there: another
/// process's append moves it and so makes all of it void.
#[derive(Default)]
struct Remembered {
    head: Head,
    sequences: BTreeMap<AggregateKey, Sequence>,
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

    /// Takes note of where a committed batch left a stream that stood at `before`.
    pub(super) fn remember(
        &mut self,
        tenant: TenantId,
        (before, after): (Position, Head),
        sequences: impl Iterator<Item = (AggregateKey, Sequence)>,
    ) {
        if self.count > Self::MOST {
            self.forget();
        }
        let remembered = self.streams.entry(tenant).or_default();
        if remembered.head.position != before {
            self.count = self.count.saturating_sub(remembered.sequences.len());
            remembered.sequences.clear();
        }
        remembered.head = after;
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

    #[test]
    fn another_process_moving_the_head_voids_what_is_remembered() {
        let mut sequences = Sequences::new();
        let kri = ("kri", "a".to_owned());
        let at = Position::new;
        let left = |position| Head { position: at(position), recorded_at: DateTime::UNIX_EPOCH };
        sequences.remember(
            TenantId::PLATFORM,
            (at(0), left(2)),
            [(kri.clone(), Sequence::new(2))].into_iter(),
        );
        assert_eq!(sequences.recall(TenantId::PLATFORM, at(2), &kri), Some(Sequence::new(2)));
        assert_eq!(sequences.recall(TenantId::PLATFORM, at(3), &kri), None);
        sequences.remember(TenantId::PLATFORM, (at(3), left(4)), std::iter::empty());
        assert_eq!(
            sequences.recall(TenantId::PLATFORM, at(4), &kri),
            None,
            "what another process did is not guessed"
        );
    }
}
