//! Every bit of a bundle counts.

use std::thread;

use draxis_proof::bundle::{Verdict, verify};
use draxis_proof::checkpoint::KeyRing;

use super::stream::{Stream, TENANT, log_key, trusting};

/// The bits that survive being turned, of those that one of two threads looks at.
fn survivors(bundle: &[u8], ring: &KeyRing, bits: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut turned = bundle.to_vec();
    let mut survivors = Vec::new();
    for bit in bits {
        turned[bit / 8] ^= 1 << (bit % 8);
        if verify(turned.as_slice(), ring, &[]).is_ok_and(|report| report.integrity == Verdict::Holds) {
            survivors.push(bit);
        }
        turned[bit / 8] ^= 1 << (bit % 8);
    }
    survivors
}

fn all_refused(bundle: &[u8], bits: impl Fn(usize) -> bool + Sync) {
    let ring = trusting(&[&log_key()]);
    assert!(verify(bundle, &ring, &[]).unwrap().holds());
    let middle = bundle.len() / 2 * 8;
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| survivors(bundle, &ring, (0..middle).filter(|bit| bits(*bit))));
        (survivors(bundle, &ring, (middle..bundle.len() * 8).filter(|bit| bits(*bit))), first.join().unwrap())
    });
    assert_eq!((first, second), (Vec::new(), Vec::new()));
}

#[test]
fn every_turned_bit_of_a_small_range_refuses_its_integrity() {
    all_refused(&Stream::of(TENANT, 2).whole(&[&log_key()]), |_| true);
}

#[test]
fn a_turned_bit_in_every_byte_of_a_range_of_64_events_refuses_its_integrity() {
    // One of each byte's eight, another one from byte to byte; all of them in the long form below.
    all_refused(&Stream::of(TENANT, 64).whole(&[&log_key()]), |bit| bit % 8 == bit / 8 % 8);
}

#[test]
fn a_turned_bit_in_every_byte_of_a_part_refuses_its_integrity() {
    all_refused(&Stream::of(TENANT, 64).part("k1", &[&log_key()]), |bit| bit % 8 == bit / 8 % 8);
}

#[test]
#[ignore = "the long form: half a million verifications, a minute or two; run with --ignored"]
fn every_turned_bit_of_a_range_and_a_part_of_64_events_refuses_its_integrity() {
    let stream = Stream::of(TENANT, 64);
    all_refused(&stream.whole(&[&log_key()]), |_| true);
    all_refused(&stream.part("k1", &[&log_key()]), |_| true);
}
