//! Each tampered bundle gets the right verdicts.

use super::cases;
use super::stream::{log_key, trusting};

fn fits(expected: &str, found: &str) -> bool {
    expected == found || expected == "?" && found != "-"
}

#[test]
fn every_tampered_bundle_gets_the_right_verdicts() {
    let ring = trusting(&[&log_key()]);
    let mut wrong = Vec::new();
    for case in cases::all() {
        let (integrity, completeness) = case.judged(&ring);
        if !fits(case.integrity, &integrity) || !fits(case.completeness, &completeness) {
            let expected = format!("expected {} / {}", case.integrity, case.completeness);
            wrong.push(format!("{}: {expected}, found {integrity} / {completeness}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_bundle_holds_for_somebody_who_trusts_other_keys() {
    let ring = trusting(&[&super::stream::signer("draxis", 7)]);
    for case in cases::all() {
        let without_held = cases::Case { held: None, ..case };
        let (integrity, _) = without_held.judged(&ring);
        assert_ne!(integrity, "-", "{}", without_held.name);
    }
}
