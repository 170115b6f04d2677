//! Approvals from outside: who may decide what, once, whatever comes at the same time; and the page that letters link to (hazards H2).

mod page;
mod racing;
mod reading;
pub(crate) mod scene;
mod time;
mod voting;
