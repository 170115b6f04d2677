//! How the server is set up: given on its command line, so that every start of this program means the same.

use std::ffi::OsString;
use std::path::Path;

use super::PORT;

/// What survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What was answered is on disk.
    Full,
    /// Nothing need survive the machine: for tests, which start many servers and throw them away.
    Disposable,
}

/// For one machine with one writer of many small commits and readers that fold them.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "100"),
    ("shared_buffers", "128MB"),
    ("wal_buffers", "16MB"),
    ("min_wal_size", "128MB"),
    ("max_wal_size", "1GB"),
    ("checkpoint_timeout", "10min"),
    ("synchronous_commit", "on"),
    // The data lies on a local disk, and compiling a plan costs more than any query here gains.
    ("random_page_cost", "1.1"),
    ("jit", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] %u@%d "),
    // A constraint's DETAIL quotes the row: names and mail addresses do not belong in a log (hazard H8).
    ("log_error_verbosity", "terse"),
    ("log_checkpoints", "off"),
];

/// The arguments of `postgres`.
pub(super) fn arguments(cluster: &Path, socket_dir: &Path, durability: Durability) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "-D".into(),
        cluster.into(),
        "-k".into(),
        socket_dir.into(),
        "-p".into(),
        PORT.to_string().into(),
    ];
    let durable: &[(&str, &str)] = match durability {
        Durability::Full => &[("fsync", "on"), ("full_page_writes", "on")],
        Durability::Disposable => &[("fsync", "off"), ("full_page_writes", "off")],
    };
    for (name, value) in SETTINGS.iter().chain(durable) {
        arguments.push("-c".into());
        arguments.push(format!("{name}={value}").into());
    }
    arguments
}
