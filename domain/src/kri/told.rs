//! What the KRI's events told last of its value, in the order in which they told it: what a breach came after, whatever was
//! observed when.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::{Quantity, Sequence};

/// The last values that were told, the newest first, with where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldValues(VecDeque<(Sequence, Option<Quantity>)>);

impl ToldValues {
    /// The value that brought something about, and the one before it.
    const KEPT: usize = 2;

    pub(super) fn tell(&mut self, at: Sequence, value: Option<Quantity>) {
        self.0.push_front((at, value));
        self.0.truncate(Self::KEPT);
    }

    /// The value before the one that brought about what stands at that place; none where that is not known here any more, or yet:
    /// then the log says.
    pub fn before(&self, place: Sequence) -> Option<Option<Quantity>> {
        let (last, _) = self.0.front()?;
        let (_, before) = self.0.get(1).filter(|_| *last < place)?;
        Some(*before)
    }
}

#[cfg(test)]
mod tests {
    use super::ToldValues;
    use crate::{Quantity, Sequence};

    #[test]
    fn the_value_before_is_known_until_a_later_one_is_told() {
        let (at, value) = (Sequence::new, |value: i64| Some(Quantity::new(value.into())));
        let mut told = ToldValues::default();
        told.tell(at(2), value(1));
        assert_eq!(told.before(at(3)), None, "it may be the first, or the rest may not be known");
        told.tell(at(4), value(12));
        assert_eq!(told.before(at(5)), Some(value(1)));
        told.tell(at(6), None);
        assert_eq!(told.before(at(5)), None, "it has moved on");
        assert_eq!(told.before(at(7)), Some(value(12)));
    }
}
