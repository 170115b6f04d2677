//! Every bit of a bundle counts.

use std::thread;

use draxis_proof::bundle::{Verdict, verify};
use draxis_proof::checkpoint::KeyRing;

use super::stream::{Stream, TENANT, log_key, trusting};

/// The bits that survive being turned, of those from one byte to another.
fn survivors(bundle: &[u8], ring: &KeyRing, bytes: std::ops::Range<usize>) -> Vec<usize> {
    let mut turned = bundle.to_vec();
    let mut survivors = Vec::new();
    for bit in bytes.start * 8..bytes.end * 8 {
        turned[bit / 8] ^= 1 << (bit % 8);
        if verify(turned.as_slice(), ring, &[]).is_ok_and(|report| report.integrity == Verdict::Holds) {
            survivors.push(bit);
        }
        turned[bit / 8] ^= 1 << (bit % 8);
    }
    survivors
}

fn all_refused(bundle: &[u8]) {
    let ring = trusting(&[&log_key()]);
    assert!(verify(bundle, &ring, &[]).unwrap().holds());
    let middle = bundle.len() / 2;
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| survivors(bundle, &ring, 0..middle));
        (survivors(bundle, &ring, middle..bundle.len()), first.join().unwrap())
    });
    assert_eq!((first, second), (Vec::new(), Vec::new()));
}

#[test]
fn every_turned_bit_of_a_range_of_64_events_refuses_its_integrity() {
    all_refused(&Stream::of(TENANT, 64).whole(&[&log_key()]));
}
