//! Relays against far systems that really speak, and fail as told.

mod following;
mod going_wrong;
mod looking_up;
mod once;
mod rig;
mod sending;
