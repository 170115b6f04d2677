//! The errands as somebody at a terminal runs them: the binaries themselves, on the data directory of a demonstration.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use draxis_proof::record::Record;
use serde_json::Value;
use tempfile::TempDir;

use crate::house::{run, verifier};

/// A demonstration that has ended.
struct Demo {
    data: TempDir,
    folder: TempDir,
    tenant: String,
}

impl Demo {
    fn walked() -> Self {
        let (data, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let shown = run(data.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"], "");
        assert!(shown.status.success(), "{}", words(&shown.stderr));
        let summary: Value = serde_json::from_slice(&shown.stdout).unwrap();
        Self { tenant: summary["tenantId"].as_str().unwrap().to_owned(), data, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(self.data.path(), arguments, "")
    }

    /// What an errand prints that must succeed.
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", words(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What an errand says that must be refused.
    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        words(&output.stderr)
    }

    fn verdict(&self, bundle: &Path, more: &[&str]) -> (Option<i32>, String) {
        let output =
            Command::new(verifier()).arg(bundle).arg("--key").arg(self.path("key.txt")).args(more).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn whoever_sits_at_a_terminal_exports_verifies_replays_and_investigates() {
    let demo = Demo::walked();
    std::fs::write(demo.path("key.txt"), demo.prints(&["public-key"])).unwrap();
    every_format_and_filter(&demo);
    bundles_judged_by_both_verifiers(&demo);
    what_is_not_there_is_refused(&demo);
    walked_through(&demo);
    gathered_into_a_case_file(&demo);
    each_errand_names_itself_as_the_reader(&demo);
    let verified = demo.prints(&["verify", "--projections"]);
    assert!(verified.contains("risk_model") && verified.contains("as the log gives them"), "{verified}");
    let looks =
        demo.prints(&["export", "--tenant", "acme-corp", "--format", "ndjson", "--type", "audit.verified"]);
    let looks: Vec<Value> = looks.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(looks.len(), 1, "who verifies the database is recorded in each stream that holds");
    assert_eq!(looks[0]["metadata"]["reason"], "draxis verify at a terminal");
    assert_eq!(looks[0]["payload"]["origin"], format!("draxis/{}", demo.tenant));
    let keys = demo.prints(&["rotate-key"]);
    assert!(keys.contains("under the current key already"), "{keys}");
}

fn every_format_and_filter(demo: &Demo) {
    let lines = |more: &[&str]| -> Vec<Value> {
        let text = demo.prints(&[&["export", "--tenant", "acme-corp", "--format", "ndjson"], more].concat());
        assert!(text.lines().all(|line| Record::parse(line.as_bytes()).is_ok()));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines(&[]);
    assert!(all.len() > 20, "{}", all.len());
    let some = lines(&["--from", "3", "--to", "5"]);
    assert_eq!(
        some.iter().map(|event| event["position"].as_u64()).collect::<Vec<_>>(),
        [Some(3), Some(4), Some(5)]
    );
    for (flags, field) in
        [(["--aggregate-type", "kri"], "aggregateType"), (["--type", "kri.value_recorded"], "type")]
    {
        let chosen = lines(&flags);
        assert!(!chosen.is_empty() && chosen.iter().all(|event| event[field] == flags[1]), "{flags:?}");
    }
    let thing =
        all.iter().find(|event| event["aggregateType"] == "kri").unwrap()["aggregateId"].as_str().unwrap();
    assert!(lines(&["--aggregate-id", thing]).iter().all(|event| event["aggregateId"] == thing));
    let run = all.iter().find_map(|event| event["metadata"]["correlation"].as_str()).unwrap();
    let within = lines(&["--correlation", run]);
    assert!(!within.is_empty() && within.iter().all(|event| event["metadata"]["correlation"] == run));
    let by = lines(&["--actor", "runner"]);
    assert!(
        !by.is_empty() && by.iter().all(|event| event["metadata"]["actor"] == "runner"),
        "the errands' own looks"
    );
    let (begun, time) = (all[4]["recordedAt"].as_str().unwrap(), all[9]["recordedAt"].as_str().unwrap());
    let between = lines(&["--since", begun, "--before", time]);
    assert_eq!(between.first(), Some(&all[4]));
    assert!(between.len() < 9 && between.iter().all(|event| event["recordedAt"].as_str() < Some(time)));
    let events = demo.prints(&["export", "--tenant", &demo.tenant, "--format", "cloudevents", "--to", "7"]);
    let events: Vec<Value> = serde_json::from_str(&events).unwrap();
    assert_eq!((events.len(), &events[6]["position"]), (7, &Value::from("7")));
}

fn bundles_judged_by_both_verifiers(demo: &Demo) {
    for (name, flags) in [
        ("whole.tar", &[][..]),
        ("middle.tar", &["--from", "4", "--to", "11"][..]),
        ("part.tar", &["--aggregate-type", "kri"][..]),
    ] {
        let bundle = demo.path(name);
        let out = ["--out", bundle.to_str().unwrap()];
        demo.prints(&[&["export", "--tenant", "acme-corp"], flags, &out].concat());
        let (code, shown) = demo.verdict(&bundle, &[]);
        assert_eq!(code, Some(0), "{name}: {shown}");
        assert!(shown.contains("integrity:    holds") && shown.contains("completeness: holds"), "{shown}");
        assert_eq!(by_the_second(demo, &bundle), Some(0), "{name}");
        let mut bytes = std::fs::read(&bundle).unwrap();
        let at = bytes.windows(9).position(|bytes| bytes == b"\"payload\"").unwrap();
        bytes[at + 14] ^= 1;
        let turned = demo.path("turned.tar");
        std::fs::write(&turned, bytes).unwrap();
        let (code, report) = demo.verdict(&turned, &["--json"]);
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(
            (code, report["integrity"]["verdict"].as_str()),
            (Some(1), Some("refused")),
            "{name}: {report}"
        );
        assert_eq!(by_the_second(demo, &turned), Some(1), "{name}");
    }
    assert_eq!(demo.verdict(&demo.path("key.txt"), &[]).0, Some(2));
}

/// The exit code of the verifier in Python; that of the first where this machine has no Python.
fn by_the_second(demo: &Demo, bundle: &Path) -> Option<i32> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/verifier/verify.py");
    let mut python = Command::new("python3");
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).arg(bundle).arg("--key").arg(demo.path("key.txt"));
    match python.stdout(Stdio::null()).status() {
        Ok(status) => status.code(),
        Err(_) => demo.verdict(bundle, &[]).0,
    }
}

fn what_is_not_there_is_refused(demo: &Demo) {
    for (arguments, said) in [
        (&["export", "--tenant", "acme"][..], "There are: acme-corp"),
        (&["export", "--tenant", "acme-corp", "--from", "5", "--to", "3"], "there are no positions 5 to 3"),
        (&["replay", "--tenant", "acme-corp", "--from", "9000"], "the stream's last position is"),
        (&["investigate", "--tenant", "acme-corp", "--thing", "/"], "names no thing"),
        (&["export", "--tenant", "acme-corp", "--format", "xml"], "must be ndjson, cloudevents or bundle"),
    ] {
        let words = demo.refuses(arguments);
        assert!(words.contains(said), "{arguments:?}: {words}");
    }
    let whole = demo.path("whole.tar");
    let words = demo.refuses(&["export", "--tenant", "acme-corp", "--out", whole.to_str().unwrap()]);
    assert!(words.contains("is there already") && words.contains("--out"), "{words}");
}

fn walked_through(demo: &Demo) {
    let shown = demo.prints(&["replay", "--tenant", "acme-corp", "--from", "2", "--to", "24"]);
    assert!(shown.starts_with("#2 ") && shown.contains("\n#24 ") && !shown.contains("\n#25 "), "{shown}");
    for said in ["by account:", "because: Showing the demo", "caused by", "came into being", "source/"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let stepped = run(demo.data.path(), &["replay", "--tenant", "acme-corp", "--step"], "\n\nq\n");
    let stepped = words(&stepped.stdout);
    assert!(stepped.contains("#3 ") && !stepped.contains("#4 "), "{stepped}");
}

/// Whoever sits at the terminal has the database itself; the stream says which program they read it with.
fn each_errand_names_itself_as_the_reader(demo: &Demo) {
    let looks = |kind: &str| -> Vec<String> {
        let flags = ["export", "--tenant", "acme-corp", "--format", "ndjson", "--type", kind];
        let lines = demo.prints(&flags);
        let looks = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        looks.filter_map(|look| look["metadata"]["reason"].as_str().map(str::to_owned)).collect()
    };
    let (exported, replayed) = (looks("audit.exported"), looks("audit.replayed"));
    let count = |looks: &[String], errand: &str| {
        looks.iter().filter(|reason| **reason == format!("draxis {errand} at a terminal")).count()
    };
    // Ten exports to standard output, three bundles and this one; refused ones are none.
    assert_eq!(count(&exported, "export"), 14, "{exported:?}");
    assert_eq!(count(&exported, "investigate"), 1, "{exported:?}");
    assert_eq!(count(&replayed, "replay"), 2, "{replayed:?}");
}

fn gathered_into_a_case_file(demo: &Demo) {
    let file = demo.path("case.html");
    let out = file.to_str().unwrap();
    let question = "Why is <critical_cves_unpatched> red?";
    demo.prints(&["investigate", question, "--tenant", "acme-corp", "--thing", "kri", "--out", out]);
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(
        page.contains("Why is &lt;critical_cves_unpatched&gt; red?") && page.contains("breach.opened"),
        "{page}"
    );
    let bundle = demo.path("enclosed.tar");
    std::fs::write(&bundle, super::case_files::enclosed(&page)).unwrap();
    assert_eq!(demo.verdict(&bundle, &[]).0, Some(0));
    let key = std::fs::read_to_string(demo.path("key.txt")).unwrap();
    assert!(page.contains(&super::case_files::as_text(key.trim())), "the fingerprint is named");
    let looks =
        demo.prints(&["export", "--tenant", "acme-corp", "--format", "ndjson", "--type", "audit.exported"]);
    assert!(looks.contains(r#""format":"case_file""#), "{looks}");
}
