//! The second verifier, in another language and sharing no code, agrees on every case.

use std::io::{Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use draxis_proof::bundle::verify;
use draxis_proof::checkpoint::{Checkpoint, KeyRing};
use serde_json::{Value, json};

use super::cases::{self, Case};
use super::command::{key_file, run};
use super::stream::{Stream, TENANT, log_key, trusting};

/// Loads the verifier as a module and lets it judge numbered files, one JSON line each.
const MANY: &str = r#"
import json, os, sys
sys.path.insert(0, sys.argv[1])
import verify
folder, count = sys.argv[2], int(sys.argv[3])
with open(os.path.join(folder, "keys.txt")) as keys:
    ring = verify.key_ring(keys.read())
for number in range(count):
    path, held = os.path.join(folder, f"{number}.tar"), os.path.join(folder, f"{number}.note")
    held = [verify.checkpoint_of(open(held, "rb").read(), ring)] if os.path.exists(held) else []
    with open(path, "rb") as bundle:
        try:
            print(json.dumps(verify.verify(bundle, ring, held)))
        except verify.NotJudged:
            print("null")
"#;

fn folder_of_the_verifier() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/verifier")
}

/// Python, unless this machine has none: then the tests say so and prove nothing.
fn python() -> Option<Command> {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    let found = Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !found {
        let loud = "python3 IS MISSING: THE SECOND VERIFIER WAS NOT RUN, ITS AGREEMENT IS NOT TESTED";
        writeln!(stderr(), "\n*** {loud} ***\n").unwrap();
    }
    found.then_some(command)
}

fn ours(case: &Case, ring: &KeyRing) -> Value {
    let held = case.held.iter().map(|note| Checkpoint::open(note.as_bytes(), ring).unwrap());
    let report = verify(case.bundle.as_slice(), ring, &held.collect::<Vec<_>>());
    report.map_or(Value::Null, |report| json!(report))
}

/// Words may differ; verdicts, codes, places, positions and what was counted may not.
fn without_words(mut report: Value) -> Value {
    for verdict in ["integrity", "completeness"] {
        if let Some(finding) = report.get_mut(verdict).and_then(Value::as_object_mut) {
            finding.remove("detail");
        }
    }
    report
}

fn theirs(cases: &[Case]) -> Option<Vec<Value>> {
    let mut command = python()?;
    let folder = tempfile::tempdir().unwrap();
    key_file(folder.path());
    for (number, case) in cases.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.tar")), &case.bundle).unwrap();
        if let Some(note) = &case.held {
            std::fs::write(folder.path().join(format!("{number}.note")), note).unwrap();
        }
    }
    command.args(["-c", MANY]).arg(folder_of_the_verifier()).arg(folder.path()).arg(cases.len().to_string());
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn agree(cases: &[Case]) {
    let ring = trusting(&[&log_key()]);
    let Some(theirs) = theirs(cases) else { return };
    assert_eq!(theirs.len(), cases.len());
    for (case, theirs) in cases.iter().zip(theirs) {
        assert_eq!(without_words(theirs), without_words(ours(case, &ring)), "{}", case.name);
    }
}

#[test]
fn both_verifiers_agree_on_every_tampered_bundle() {
    agree(&cases::all());
}

#[test]
fn both_verifiers_agree_on_turned_bits_all_over() {
    let stream = Stream::of(TENANT, 5);
    let bundles =
        [stream.whole(&[&log_key()]), stream.part("k1", &[&log_key()]), cases::middle(&cases::stream())];
    let turned = bundles.iter().flat_map(|bundle| {
        (0..bundle.len() * 8).step_by(331).map(|bit| {
            let mut turned = bundle.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            Case::new(format!("bit {bit}"), turned, ("?", "?"))
        })
    });
    agree(&turned.collect::<Vec<_>>());
}

#[test]
fn its_command_line_gives_the_same_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "an honest range",
        "an honest part",
        "a record deleted with its hash",
        "a text",
        "the same against a checkpoint from before",
    ];
    for case in cases::all().into_iter().filter(|case| names.contains(&case.name.as_str())) {
        let Some(mut command) = python() else { return };
        command.arg(folder_of_the_verifier().join("verify.py"));
        let theirs = run(&mut command, folder.path(), &case);
        let ours = run(&mut Command::new(env!("CARGO_BIN_EXE_draxis-verify")), folder.path(), &case);
        assert_eq!(theirs.status.code(), ours.status.code(), "{}", case.name);
    }
}
