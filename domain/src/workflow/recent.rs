//! A bounded memory of what has been done, so that doing it again is nothing new.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The latest of what was remembered, oldest first.
///
/// Bounded, because a workflow may start a million runs. What is asked for again is asked for soon: a follower repeats
/// what came after its checkpoint, a person what they just sent. Whatever is asked for after [`Recent::KEPT`] others still
/// names the same run, by its computed id: whoever tells of a breach looks first whether that run has begun. Due times need no
/// memory: they are counted on from the last one that was served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recent<T>(VecDeque<T>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: PartialEq> Recent<T> {
    /// How many are remembered.
    pub const KEPT: usize = 256;

    /// Whether it is remembered.
    pub fn contains(&self, item: &T) -> bool {
        self.0.contains(item)
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn remember(&mut self, item: T) {
        if self.contains(&item) {
            return;
        }
        self.0.push_back(item);
        if self.0.len() > Self::KEPT {
            self.0.pop_front();
        }
    }

    pub(super) fn forget(&mut self, item: &T) {
        self.0.retain(|kept| kept != item);
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn only_the_latest_are_remembered() {
        let mut recent = Recent::default();
        (0..=Recent::<usize>::KEPT).for_each(|n| recent.remember(n));
        assert!(!recent.contains(&0) && recent.contains(&1) && recent.contains(&Recent::<usize>::KEPT));
    }
}
