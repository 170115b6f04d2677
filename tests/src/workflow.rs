//! Workflows from outside: definitions, lifecycle, versions, change log, KRI events, relays, previews, and what starts runs.

mod backtests;
mod definitions;
mod far_side;
mod history;
mod lifecycle;
mod previews;
mod relays;
mod roster;
mod runs;
pub(crate) mod stage;
mod starting;
