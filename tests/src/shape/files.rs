//! What stands at the top, what files are called, and the sentence that opens each of them.

use std::path::{Path, PathBuf};

use super::{none, top};

/// All that may stand at the top level besides dot-files.
const TOP: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "README.md",
    "domain",
    "commands",
    "projections",
    "runner",
    "api",
    "migrations",
    "fixtures",
    "tests",
];

/// Names that say nothing about what is inside.
const VAGUE: [&str; 14] = [
    "base", "common", "core", "extra", "general", "helper", "helpers", "manager", "misc", "mod", "shared",
    "types", "util", "utils",
];

fn out_of_place(names: &[String]) -> Vec<String> {
    let stands =
        |name: &&String| !TOP.contains(&name.as_str()) && !name.starts_with('.') && *name != "target";
    names.iter().filter(stands).map(|name| format!("{name} stands at the top level")).collect()
}

fn vague(files: &[PathBuf]) -> Vec<String> {
    let is_vague = |file: &&PathBuf| {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        VAGUE.contains(&stem) || VAGUE.iter().any(|word| stem.ends_with(&format!("_{word}")))
    };
    files.iter().filter(is_vague).map(|file| format!("{} has a vague name", file.display())).collect()
}

/// A sentence: `//! Several words and a stop`, which may take several lines.
fn is_opened(text: &str) -> bool {
    let opening: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let opening = opening.join(" ");
    opening.split_whitespace().count() > 2 && opening.contains(['.', ':'])
}

/// Every source file of the rooms, generated ones aside.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["domain", "commands", "projections", "runner", "api", "tests"]
        .iter()
        .map(|room| top().join(room))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn nothing_else_stands_at_the_top() {
    let names = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let found: Vec<String> = std::fs::read_dir(top()).unwrap().map(|entry| names(entry.unwrap())).collect();
    none(&out_of_place(&found));
}

#[test]
fn no_file_has_a_vague_name() {
    none(&vague(&sources()));
}

#[test]
fn every_source_file_opens_with_a_sentence() {
    let sources = sources();
    assert!(sources.len() > 100, "the rooms are looked into");
    let mute = |file: &&PathBuf| !is_opened(&std::fs::read_to_string(file).unwrap());
    let faults: Vec<String> = sources
        .iter()
        .filter(mute)
        .map(|file| format!("{} does not say what it is", file.display()))
        .collect();
    none(&faults);
}

#[test]
fn a_stranger_at_the_top_a_vague_name_and_a_mute_file_are_seen() {
    assert_eq!(out_of_place(&["scripts".to_owned(), ".ci".to_owned(), "api".to_owned()]).len(), 1);
    for name in
        ["api/src/utils.rs", "domain/src/kri/mod.rs", "runner/src/egress_helpers.rs", "api/src/types.rs"]
    {
        assert_eq!(vague(&[Path::new(name).to_path_buf()]).len(), 1, "{name}");
    }
    assert!(!is_opened("use std::fmt;\n"));
    assert!(!is_opened("//!\nuse std::fmt;\n"));
    assert!(!is_opened("//! todo\n"));
    assert!(is_opened("//! Places in a stream.\n\nuse std::fmt;\n"));
}
