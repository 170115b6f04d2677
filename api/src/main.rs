//! The `draxis` command line.
fn main() {}
