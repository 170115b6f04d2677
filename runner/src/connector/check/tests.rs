//! Every built-in manifest against its recorded replies, case by case.

use serde_json::{Value, json};

use super::*;
use crate::connector::registry::BUILT_IN;

/// What every vendor must have been tried with.
const CASES: [&str; 6] = ["complete", "empty", "forbidden", "malformed", "paginated", "partial"];

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vendors")
}

/// The parts of a report that a case fixes.
fn seen(report: &RunReport) -> Value {
    let values: BTreeMap<_, _> =
        report.values.iter().map(|m| (m.slug.to_string(), m.value.to_string())).collect();
    let unmeasured: BTreeMap<_, _> =
        report.unmeasured.iter().map(|u| (u.slug.to_string(), json!(u.why))).collect();
    json!({
        "values": values,
        "unmeasured": unmeasured,
        "requests": report.requests_made,
        "error": report.error.as_ref().map(|e| json!(e.class)),
    })
}

async fn try_all(folder: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, text) in BUILT_IN {
        let manifest = match Manifest::parse(file, text) {
            Ok(manifest) => manifest,
            Err(mistake) => {
                wrong.push(mistake.to_string());
                continue;
            }
        };
        let vendor = folder.join(&manifest.vendor);
        let found = cases(&vendor).unwrap_or_default();
        let names: Vec<String> =
            found.iter().map(|case| case.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        for case in CASES.iter().filter(|case| !names.contains(&(**case).to_owned())) {
            wrong.push(format!("{file}: no case {case}"));
        }
        for name in names {
            let case = vendor.join(&name);
            let report =
                check(&manifest, &case, DateTime::UNIX_EPOCH).await.unwrap_or_else(|e| panic!("{e}"));
            let expected: Value =
                serde_json::from_str(&std::fs::read_to_string(case.join("expected.json")).unwrap()).unwrap();
            let seen = seen(&report);
            if seen != expected {
                wrong.push(format!(
                    "{file} {name}:\n  expected {expected}\n  got      {seen}\n  {:?} {:?}",
                    report.warnings, report.error
                ));
            }
        }
    }
    wrong
}

#[tokio::test]
async fn every_manifest_reads_its_recorded_replies_as_expected() {
    let wrong = try_all(&recorded()).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_refused_module_leaves_its_kris_unmeasured_with_a_warning_and_never_zero() {
    for (file, text) in BUILT_IN {
        let manifest = Manifest::parse(file, text).unwrap();
        let case = recorded().join(&manifest.vendor).join("forbidden");
        let report = check(&manifest, &case, DateTime::UNIX_EPOCH).await.unwrap();
        assert!(!report.unmeasured.is_empty(), "{file}: nothing was forbidden");
        assert!(!report.warnings.is_empty(), "{file}: no warning");
        assert!(
            report.unmeasured.iter().any(|u| u.why == crate::connector::report::Why::Forbidden),
            "{file}"
        );
    }
}

#[tokio::test]
async fn broken_and_half_answers_measure_nothing_they_do_not_wholly_hold() {
    for (file, text) in BUILT_IN {
        let manifest = Manifest::parse(file, text).unwrap();
        let complete =
            check(&manifest, &recorded().join(&manifest.vendor).join("complete"), DateTime::UNIX_EPOCH)
                .await
                .unwrap();
        assert_eq!(
            complete.values.len(),
            manifest.kris.len(),
            "{file}: the complete case measures everything"
        );
        for name in ["malformed", "partial"] {
            let case = recorded().join(&manifest.vendor).join(name);
            let report = check(&manifest, &case, DateTime::UNIX_EPOCH).await.unwrap();
            assert!(report.values.len() < manifest.kris.len(), "{file} {name}: everything was measured");
        }
    }
}

#[test]
fn every_vendor_measures_four_to_eight_things() {
    for (file, text) in BUILT_IN {
        let manifest = Manifest::parse(file, text).unwrap();
        assert!((4..=8).contains(&manifest.kris.len()), "{file}: {}", manifest.kris.len());
    }
}
