//! Every way in: HTTP routes, the console and the draxis command line.

pub mod config;
pub mod embedded_postgres;
pub mod telemetry;
