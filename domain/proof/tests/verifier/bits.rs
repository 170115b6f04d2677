//! Every bit of a bundle counts.

use std::thread;

use draxis_proof::bundle::{Manifest, Scope, Verdict, verify};
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

fn all_refused(bundle: &[u8], bits: &[usize]) {
    let ring = trusting(&[&log_key()]);
    assert!(verify(bundle, &ring, &[]).unwrap().holds());
    let (some, others) = bits.split_at(bits.len() / 2);
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| survivors(bundle, &ring, some.iter().copied()));
        (survivors(bundle, &ring, others.iter().copied()), first.join().unwrap())
    });
    assert_eq!((first, second), (Vec::new(), Vec::new()));
}

fn every_bit(bundle: &[u8]) -> Vec<usize> {
    (0..bundle.len() * 8).collect()
}

/// One of each byte's eight, another one from byte to byte.
fn one_in_every_byte(bundle: &[u8]) -> Vec<usize> {
    every_bit(bundle).into_iter().filter(|bit| bit % 8 == bit / 8 % 8).collect()
}

/// So many bits that nobody chose, the same ones every time (splitmix64).
fn scattered(bundle: &[u8], count: u64) -> Vec<usize> {
    let scatter = |n: u64| {
        let n = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from(n ^ (n >> 31)).unwrap() % (bundle.len() * 8)
    };
    (0..count).map(scatter).collect()
}

#[test]
fn every_turned_bit_of_a_small_range_refuses_its_integrity() {
    let bundle = Stream::of(TENANT, 2).whole(&[&log_key()]);
    all_refused(&bundle, &every_bit(&bundle));
}

#[test]
fn a_turned_bit_in_every_byte_of_a_range_of_64_events_refuses_its_integrity() {
    let bundle = Stream::of(TENANT, 64).whole(&[&log_key()]);
    all_refused(&bundle, &one_in_every_byte(&bundle));
}

#[test]
fn a_turned_bit_in_every_byte_of_a_part_refuses_its_integrity() {
    let bundle = Stream::of(TENANT, 64).part("k1", &[&log_key()]);
    all_refused(&bundle, &one_in_every_byte(&bundle));
}

#[test]
fn turned_bits_all_over_a_bundle_in_many_chunks_refuse_its_integrity() {
    let stream = Stream::of(TENANT, 2_000);
    let manifest = Manifest { chunk_bytes: 65_536, ..stream.manifest(Scope::Range, 1, 2_000, 2_000) };
    let bundle = stream.range(manifest, &[700, 2_000], &[&log_key()]);
    all_refused(&bundle, &scattered(&bundle, 200));
}

#[test]
#[ignore = "the long form: half a million verifications, some minutes; run with --ignored"]
fn every_turned_bit_of_a_range_and_a_part_of_64_events_refuses_its_integrity() {
    let stream = Stream::of(TENANT, 64);
    for bundle in [stream.whole(&[&log_key()]), stream.part("k1", &[&log_key()])] {
        all_refused(&bundle, &every_bit(&bundle));
    }
}

#[test]
#[ignore = "the long form: ten thousand verifications of a megabyte and a half, some minutes; run with --ignored"]
fn ten_thousand_turned_bits_of_a_bundle_of_4_000_events_refuse_its_integrity() {
    let stream = Stream::of(TENANT, 4_000);
    let manifest = Manifest { chunk_bytes: 65_536, ..stream.manifest(Scope::Range, 1, 4_000, 4_000) };
    let bundle = stream.range(manifest, &[700, 4_000], &[&log_key()]);
    all_refused(&bundle, &scattered(&bundle, 10_000));
}
