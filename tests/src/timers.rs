//! Timers: what is due is done once, by whoever holds it, on the log's word alone (hazards H1, H6, H14).

mod cut_off;
mod far;
mod freshness;
mod leases;
pub(crate) mod program;
mod refold;
mod runs;
mod stopping;
mod taken_up;
