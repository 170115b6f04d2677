//! The expert panel and the institutional memory from outside.

mod asking;
mod injected;
pub(crate) mod modelled;
mod remembering;
mod running;
mod spent;
mod stage;
mod written;
