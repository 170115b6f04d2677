//! Status: what a value means against its thresholds.

use serde::{Deserialize, Serialize};

use crate::Quantity;

/// How a KRI stands. The order is that of the roll-up: not to know is worse than healthy and better than a breach
/// (product.md section 3).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// On the healthy side of both thresholds.
    Green,
    /// Never measured, or every measurement withdrawn.
    #[default]
    Unknown,
    /// At the warn threshold or past it.
    Amber,
    /// At the critical threshold or past it.
    Red,
}

impl Status {
    /// The level of breach this is, where it is one.
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::Amber => Some(Level::Amber),
            Self::Red => Some(Level::Red),
            Self::Green | Self::Unknown => None,
        }
    }
}

/// How bad a breach is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The warn threshold is reached.
    Amber,
    /// The critical threshold is reached.
    Red,
}

/// Which way is bad.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is worse, such as unpatched systems.
    HigherIsWorse,
    /// Less is worse, such as accounts with a second factor.
    LowerIsWorse,
}

impl Direction {
    /// Whether the value is at the threshold or on its bad side; thresholds are inclusive (product.md section 3).
    pub fn reaches(self, value: Quantity, threshold: Quantity) -> bool {
        match self {
            Self::HigherIsWorse => value >= threshold,
            Self::LowerIsWorse => value <= threshold,
        }
    }

    /// Whether the one is strictly healthier than the other.
    pub fn healthier(self, one: Quantity, other: Quantity) -> bool {
        !self.reaches(one, other)
    }
}

/// Where a KRI turns amber and red: warn is always strictly healthier than critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    direction: Direction,
    warn: Quantity,
    critical: Quantity,
}

/// Warn is not on the healthy side of critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("warn must be strictly healthier than critical")]
pub struct ThresholdsInverted;

impl Thresholds {
    /// Checks that warn comes before critical.
    pub fn try_new(
        direction: Direction,
        warn: Quantity,
        critical: Quantity,
    ) -> Result<Self, ThresholdsInverted> {
        if direction.healthier(warn, critical) {
            Ok(Self { direction, warn, critical })
        } else {
            Err(ThresholdsInverted)
        }
    }

    /// What the value means.
    pub fn judge(self, value: Quantity) -> Status {
        if self.direction.reaches(value, self.critical) {
            Status::Red
        } else if self.direction.reaches(value, self.warn) {
            Status::Amber
        } else {
            Status::Green
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Direction, Status, Thresholds};
    use crate::Quantity;

    fn q(n: i64) -> Quantity {
        Quantity::new(n.into())
    }

    #[test]
    fn a_value_at_its_threshold_has_reached_it() {
        let rising = Thresholds::try_new(Direction::HigherIsWorse, q(5), q(10)).unwrap();
        let statuses = [4, 5, 9, 10].map(|n| rising.judge(q(n)));
        assert_eq!(statuses, [Status::Green, Status::Amber, Status::Amber, Status::Red]);
        let falling = Thresholds::try_new(Direction::LowerIsWorse, q(95), q(80)).unwrap();
        let statuses = [96, 95, 81, 80].map(|n| falling.judge(q(n)));
        assert_eq!(statuses, [Status::Green, Status::Amber, Status::Amber, Status::Red]);
    }

    #[test]
    fn equal_or_inverted_thresholds_are_none() {
        for (direction, warn, critical) in [
            (Direction::HigherIsWorse, 10, 5),
            (Direction::HigherIsWorse, 5, 5),
            (Direction::LowerIsWorse, 80, 95),
            (Direction::LowerIsWorse, 80, 80),
        ] {
            assert!(
                Thresholds::try_new(direction, q(warn), q(critical)).is_err(),
                "{direction:?} {warn} {critical}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_worse_value_is_never_judged_healthier(a: i32, b: i32, warn: i32, gap in 1..1000_i32, rising: bool) {
            let (direction, critical) = if rising {
                (Direction::HigherIsWorse, i64::from(warn) + i64::from(gap))
            } else {
                (Direction::LowerIsWorse, i64::from(warn) - i64::from(gap))
            };
            let thresholds = Thresholds::try_new(direction, q(warn.into()), q(critical)).unwrap();
            let (a, b) = (q(a.into()), q(b.into()));
            let (better, worse) = if direction.healthier(a, b) { (a, b) } else { (b, a) };
            prop_assert!(thresholds.judge(better) <= thresholds.judge(worse));
        }

        #[test]
        fn mirroring_value_and_thresholds_mirrors_nothing_else(v: i32, warn: i32, gap in 1..1000_i32) {
            let (v, warn) = (i64::from(v), i64::from(warn));
            let critical = warn + i64::from(gap);
            let rising = Thresholds::try_new(Direction::HigherIsWorse, q(warn), q(critical)).unwrap();
            let falling = Thresholds::try_new(Direction::LowerIsWorse, q(-warn), q(-critical)).unwrap();
            prop_assert_eq!(rising.judge(q(v)), falling.judge(q(-v)));
        }
    }
}
