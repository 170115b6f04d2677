//! Read models (design.md section 4): rebuilt while they serve, resumed after a kill, and compared with the log.

mod memory;
mod rebuilding;
mod replaying;
mod scene;
mod verifying;
