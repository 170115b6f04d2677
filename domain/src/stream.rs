//! Places in a stream.

use serde::{Deserialize, Serialize};

/// An event's place in its tenant's stream: 1, 2, 3… without gaps; 0 is before the first.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Position(u64);

/// An event's place in its aggregate: 1, 2, 3… without gaps; 0 is an aggregate without events.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Sequence(u64);

/// Counting, the same for both kinds of place.
macro_rules! counted {
    ($($name:ident),+) => {$(
        impl $name {
            /// The place before the first event.
            pub const START: Self = Self(0);

            /// The given place.
            pub const fn new(place: u64) -> Self {
                Self(place)
            }

            /// The bare number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The place right after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// The place `count` further on.
            #[must_use]
            pub const fn plus(self, count: u64) -> Self {
                Self(self.0.saturating_add(count))
            }

            /// As the signed integer a database column holds.
            pub fn as_i64(self) -> i64 {
                i64::try_from(self.0).unwrap_or(i64::MAX)
            }

            /// From a database column, which is checked never to be negative.
            pub fn from_i64(place: i64) -> Self {
                Self(u64::try_from(place).unwrap_or(0))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

counted!(Position, Sequence);
