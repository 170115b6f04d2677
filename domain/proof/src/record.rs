//! The record: the exact bytes that are hashed, which are also the exported line.

mod fields;
mod line;
mod scan;
mod text;
mod ulid;
mod utc_micros;

pub use fields::{RecordFields, RecordWriteError};
pub use line::{Record, RecordParseError};
pub use ulid::{Ulid, UlidError};
pub use utc_micros::{UtcMicros, UtcMicrosError};

pub(crate) use text::push_json_string;
