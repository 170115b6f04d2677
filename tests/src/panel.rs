//! The expert panel and the institutional memory from outside.

mod asking;
mod injected;
mod modelled;
mod remembering;
mod stage;
mod written;
