//! The audit trail: reading, exporting, proving and replaying a stream. Whoever looks is recorded before they are shown
//! anything.

mod case;
mod events;
mod explanation;
mod export;
mod part;
mod past;
mod point;
mod proof;
mod shown;
mod verification;

pub use case::case_file;
pub(crate) use events::EventsAnswer;
pub use events::events;
pub(crate) use explanation::Explanation;
pub use explanation::explain;
pub(crate) use explanation::in_words;
pub use export::export;
pub(crate) use past::Replayed;
pub use past::{diff, replay};
pub(crate) use point::Point;
pub(crate) use proof::ProofAnswer;
pub use proof::{checkpoint, keys, proof};
pub use verification::verify;
