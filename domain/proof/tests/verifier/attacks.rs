//! Each tampered bundle gets the right verdicts.

use super::cases;
use super::stream::{log_key, signer, trusting};

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
    let ring = trusting(&[&signer("draxis", 7)]);
    for case in cases::all() {
        let without_held = cases::Case { held: None, ..case };
        let (integrity, _) = without_held.judged(&ring);
        assert_ne!(integrity, "-", "{}", without_held.name);
    }
}

#[test]
fn only_trusting_the_thiefs_key_would_be_deceived_by_it() {
    // The control: the forgery is perfect but for the key, so a verifier that took keys from the bundle would pass it.
    let forgery = cases::all().into_iter().find(|case| case.name == "signed anew with another key").unwrap();
    let deceived = forgery.judged(&trusting(&[&signer("draxis", 9)]));
    assert_eq!(deceived, ("-".to_owned(), "-".to_owned()));
}
