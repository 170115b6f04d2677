//! A house of its own for every test: one Postgres a run, migrated once, copied for whoever asks.
//!
//! ```ignore
//! let database = TestDatabase::make().await;
//! let process = Process::start(&database).await;     // pools, writer, log, commands
//! let other = Process::start(&database).await;       // a second program on the same database
//! ```
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "what a test stands on holds, or the test ends here"
)]

mod browser;
mod contract;
mod database;
mod far_model;
mod given;
mod listener;
mod process;
mod program;
mod server;
mod stream;
mod tap;
mod vendor;
mod web;

pub use browser::Browser;
pub use database::TestDatabase;
pub use far_model::FarModel;
pub use given::{define_kri, edits, kri_body, new_tenant, reading, start_of_time};
pub use listener::{Event, Listener};
pub use process::{Fitting, Process};
pub use program::{Program, draxis, kill, run, verifier};
pub use server::{OwnServer, ROLES, Server};
pub use stream::{sound_stream, whole_stream};
pub use tap::{Cut, Tap};
pub use vendor::{serve_vendor, vendor};
pub use web::{Told, Web};

/// Whether the long forms of the tests of endurance are asked for: `DRAXIS_LONG_TESTS=1`.
pub fn long() -> bool {
    std::env::var_os("DRAXIS_LONG_TESTS").is_some()
}
