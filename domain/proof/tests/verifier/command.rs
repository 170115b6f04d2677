//! The command line: verdicts as exit codes, in words and as JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::cases::{self, Case, NOT_A_BUNDLE};
use super::stream::log_key;

pub(crate) fn key_file(folder: &Path) -> PathBuf {
    let path = folder.join("keys.txt");
    std::fs::write(&path, format!("# the log\n{}\n", log_key().verifier_key())).unwrap();
    path
}

/// Runs a verifier's command line on a case.
pub(crate) fn run(command: &mut Command, folder: &Path, case: &Case) -> Output {
    let bundle = folder.join("bundle.tar");
    std::fs::write(&bundle, &case.bundle).unwrap();
    command.arg(bundle).arg("--key").arg(key_file(folder)).arg("--json");
    if let Some(note) = &case.held {
        let held = folder.join("held.note");
        std::fs::write(&held, note).unwrap();
        command.arg("--checkpoint").arg(held);
    }
    command.output().unwrap()
}

fn ours() -> Command {
    Command::new(env!("CARGO_BIN_EXE_draxis-verify"))
}

fn exit_code(case: &Case) -> i32 {
    match (case.integrity, case.completeness) {
        (NOT_A_BUNDLE, _) => 2,
        ("-", "-") => 0,
        _ => 1,
    }
}

#[test]
fn the_exit_code_and_the_json_tell_the_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    for case in cases::all() {
        let output = run(&mut ours(), folder.path(), &case);
        assert_eq!(output.status.code(), Some(exit_code(&case)), "{}", case.name);
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let verdict = |name: &str| answer[name]["verdict"].as_str().map(str::to_owned);
        let expected = |code| match code {
            NOT_A_BUNDLE => None,
            "-" => Some("holds".to_owned()),
            _ => Some("refused".to_owned()),
        };
        assert_eq!(verdict("integrity"), expected(case.integrity), "{}", case.name);
        assert_eq!(verdict("completeness"), expected(case.completeness), "{}", case.name);
    }
}

#[test]
fn in_words_it_names_the_first_place_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let key = key_file(folder.path());
    let bundle = folder.path().join("bundle.tar");
    let case = cases::all().into_iter().find(|case| case.name == "a record deleted with its hash").unwrap();
    std::fs::write(&bundle, &case.bundle).unwrap();
    let output = ours().arg(&bundle).arg("--key").arg(&key).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let expected = "completeness: REFUSED at records/00000001.ndjson:4 (position 4): positions.gap: position 5 stands \
                    where 4 was due";
    assert!(words.contains(expected), "{words}");
}

#[test]
fn wrong_usage_and_missing_files_are_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let key = key_file(folder.path());
    let key = key.to_str().unwrap();
    let bundle = folder.path().join("bundle.tar");
    std::fs::write(&bundle, &cases::all()[0].bundle).unwrap();
    let bundle = bundle.to_str().unwrap();
    for args in [
        vec![],
        vec![bundle],
        vec!["--key", key],
        vec![bundle, "--key"],
        vec![bundle, bundle, "--key", key],
        vec![bundle, "--key", key, "--key", key],
        vec![bundle, "--key", key, "--loud"],
        vec!["missing.tar", "--key", key],
        vec![bundle, "--key", "missing.txt"],
        vec![bundle, "--key", bundle],
        vec![bundle, "--key", key, "--checkpoint", key],
        vec![bundle, "--key", key, "--checkpoint"],
    ] {
        let output = ours().args(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(ours().arg("--help").output().unwrap().status.code(), Some(0));
    assert_eq!(ours().args([bundle, "--key", key]).output().unwrap().status.code(), Some(0));
}
