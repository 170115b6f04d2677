//! The shape of the house (design.md sections 1 and 7): who may import whom, what stands where, and what it is called.
//!
//! Each rule is a function from what is found to what is wrong with it, so that a planted fault can show that it is seen.

mod arrows;
mod files;
mod libraries;
mod manifests;

use std::path::{Path, PathBuf};

/// The top of the checkout.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Faults as the message of a failed test.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}
