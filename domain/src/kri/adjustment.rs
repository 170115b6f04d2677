//! Adjustments: what a workflow's KRI event does to a value between two readings (product.md section 4).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{EventId, Quantity};

/// An adjustment as it counts towards the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    /// The KRI event that asks for it; one event adjusts once, however often it is delivered.
    pub id: EventId,
    /// What it does.
    #[serde(flatten)]
    pub change: Change,
    /// When what it stands for became true, such as a patch; a reading observed then or later has already seen it.
    pub effective_at: DateTime<Utc>,
}

/// What an adjustment does to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Which way.
    pub operation: Operator,
    /// By how much, or to what.
    pub amount: Quantity,
    /// What `decrement` and `set` do not go below.
    #[serde(default)]
    pub floor: Quantity,
}

/// Which way a value is changed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Adds the amount.
    Increment,
    /// Takes the amount away, down to the floor.
    Decrement,
    /// Replaces the value by the amount, or the floor where that is higher.
    Set,
}

impl Adjustment {
    /// Its place among adjustments: by effective time, the event's id where two share it, so that every order of arrival
    /// is folded alike.
    pub(super) const fn key(&self) -> (DateTime<Utc>, EventId) {
        (self.effective_at, self.id)
    }
}

impl Change {
    /// The value after the change. What would not fit a decimal stays at its end; a value already at or below the floor is
    /// not lifted by a decrement.
    #[must_use]
    pub fn apply(self, value: Quantity) -> Quantity {
        match self.operation {
            Operator::Increment => value.decimal().saturating_add(self.amount.decimal()).into(),
            Operator::Decrement if value <= self.floor => value,
            Operator::Decrement => {
                let less: Quantity = value.decimal().saturating_sub(self.amount.decimal()).into();
                less.max(self.floor)
            }
            Operator::Set => self.amount.max(self.floor),
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::{Change, Operator};
    use crate::Quantity;

    fn change(operation: Operator, amount: i64) -> Change {
        Change { operation, amount: Quantity::new(amount.into()), floor: Quantity::ZERO }
    }

    fn applied(operation: Operator, amount: i64, to: i64) -> Decimal {
        change(operation, amount).apply(Quantity::new(to.into())).decimal()
    }

    #[test]
    fn a_decrement_stops_at_the_floor_and_never_lifts() {
        assert_eq!(applied(Operator::Decrement, 3, 10), 7.into());
        assert_eq!(applied(Operator::Decrement, 30, 10), 0.into());
        assert_eq!(applied(Operator::Decrement, 1, -5), (-5).into());
    }

    #[test]
    fn increments_add_and_sets_replace() {
        assert_eq!(applied(Operator::Increment, 3, 10), 13.into());
        assert_eq!(applied(Operator::Set, 3, 10), 3.into());
        assert_eq!(applied(Operator::Set, -3, 10), 0.into());
    }

    #[test]
    fn what_does_not_fit_a_decimal_stays_at_its_end() {
        let most = Quantity::new(Decimal::MAX);
        assert_eq!(change(Operator::Increment, 1).apply(most), most);
    }
}
