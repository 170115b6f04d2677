//! Values that come by themselves instead of being asked for: pushed, or in an uploaded file.

use serde::{Deserialize, Serialize};

use crate::Rejection;
use crate::source::{Schedule, SkippedSlug, SourceBody};

/// How values come to a source that is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryWay {
    /// In the body of a request, by a machine.
    Push,
    /// In a file, by a person or a machine.
    Upload,
}

/// One delivery and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// How it came.
    pub way: DeliveryWay,
    /// KRI values written.
    pub rows_written: u64,
    /// Values that were not.
    pub rows_skipped: u64,
    /// Which were not and why, each slug once and the first hundred of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedSlug>,
}

impl Delivery {
    /// The most skipped slugs that are named.
    pub const MOST_NAMED: usize = 100;

    /// A delivery of which nothing has been written yet.
    pub const fn begun(way: DeliveryWay) -> Self {
        Self { way, rows_written: 0, rows_skipped: 0, skipped: Vec::new() }
    }

    /// Counts a value that was written.
    pub const fn wrote(&mut self) {
        self.rows_written = self.rows_written.saturating_add(1);
    }

    /// Counts a value that was not.
    pub fn skip(&mut self, skipped: SkippedSlug) {
        self.rows_skipped = self.rows_skipped.saturating_add(1);
        if self.skipped.len() < Self::MOST_NAMED && !self.skipped.contains(&skipped) {
            self.skipped.push(skipped);
        }
    }
}

impl SourceBody {
    /// How values come to it, where it is not the runner that asks for them.
    pub fn receives_by(&self) -> Option<DeliveryWay> {
        match self.vendor.as_str() {
            "push" => Some(DeliveryWay::Push),
            "csv" => Some(DeliveryWay::Upload),
            _ => None,
        }
    }

    /// How often it is run: never, where values come by themselves. Its schedule then says how often they are expected.
    pub fn run_schedule(&self) -> Schedule {
        if self.receives_by().is_some() { Schedule::Manual } else { self.schedule }
    }

    /// Refuses values that come in another way than the source was connected for.
    pub fn must_receive_by(&self, way: DeliveryWay) -> Result<(), Rejection> {
        if self.receives_by() == Some(way) {
            return Ok(());
        }
        Err(Rejection::conflict(
            "source.takes_no_values",
            "values do not come to this source in this way; connect one of the vendor push or csv",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{Delivery, DeliveryWay};
    use crate::KriSlug;
    use crate::source::SkippedSlug;

    #[test]
    fn a_slug_is_named_once_however_often_it_is_skipped_and_every_value_is_counted() {
        let mut delivery = Delivery::begun(DeliveryWay::Push);
        for n in 0..300 {
            let slug = KriSlug::parse(&format!("kri-{}", n % 150)).unwrap();
            delivery.skip(SkippedSlug { slug, why: "not wired".to_owned() });
        }
        assert_eq!((delivery.rows_skipped, delivery.skipped.len()), (300, Delivery::MOST_NAMED));
    }
}
