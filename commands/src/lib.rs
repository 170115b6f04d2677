//! How truth changes: who may ask what, deciding, and the only writer of events.

pub mod secret;
pub mod vault;
