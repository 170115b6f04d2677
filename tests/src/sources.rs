//! Sources from outside: what can be connected, how values come, how a run tells of itself, and where secrets never are.

mod canary;
mod crowd;
mod delivering;
mod far;
mod generic;
mod given;
mod mailing;
mod manifests;
mod outlasting;
mod rotating;
mod running;
mod trying;
mod vendors;
mod waiting;
