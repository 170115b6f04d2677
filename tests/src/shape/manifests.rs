//! The crates of the house as `cargo metadata` tells them: each with what it imports, for whatever purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

/// Each crate with everything it depends on: to run, to build or to test.
pub(super) type Imports = BTreeMap<String, BTreeSet<String>>;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
}

pub(super) fn imports() -> Imports {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(super::top())
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let metadata: Metadata = serde_json::from_slice(&told.stdout).unwrap();
    let named = |package: Package| {
        (package.name, package.dependencies.into_iter().map(|dependency| dependency.name).collect())
    };
    metadata.packages.into_iter().map(named).collect()
}
