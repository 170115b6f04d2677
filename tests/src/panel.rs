//! The expert panel and the institutional memory from outside.

mod asking;
mod injected;
mod remembering;
mod stage;
