//! Tampering with the archive around the contents.

use super::super::stream::log_key;
use super::super::surgery::{archive, entries};
use super::{Case, NOT_A_BUNDLE, range, stream};

const NOTHING: (&str, &str) = (NOT_A_BUNDLE, NOT_A_BUNDLE);
const ANY: (&str, &str) = ("?", "?");

pub(super) fn cases() -> Vec<Case> {
    let bundle = range(&stream(), &[&log_key()]);
    [files(&bundle), bytes(&bundle), entry_lists(&bundle)].into_iter().flatten().collect()
}

fn files(bundle: &[u8]) -> Vec<Case> {
    let mut reordered = entries(bundle);
    reordered.swap(0, 1);
    let mut other = entries(bundle);
    other[0].1 = b"{\"format\":\"another\"}".to_vec();
    vec![
        Case::new("an empty file", Vec::new(), NOTHING),
        Case::new("a text", b"integrity: holds\n".repeat(100), NOTHING),
        Case::new("zeros", vec![0; 4096], NOTHING),
        Case::new("a bundle compressed or shifted", [&[0x1f, 0x8b], bundle].concat(), NOTHING),
        Case::new("an archive that begins with something else", archive(&reordered), NOTHING),
        Case::new("an archive with another manifest", archive(&other), NOTHING),
    ]
}

fn bytes(bundle: &[u8]) -> Vec<Case> {
    let mut padding = bundle.to_vec();
    padding[1023] = 1;
    let mut time = bundle.to_vec();
    // A modification time and the checksum that goes with it: a good tar, but not the canonical one.
    time[512 * 2 + 146] = b'1';
    let mut cases = vec![
        Case::new("a byte more", [bundle, &[0]].concat(), ("archive.trailing", "-")),
        Case::new("padded to a tape record", [bundle, &[0; 8192]].concat(), ("archive.trailing", "-")),
        Case::new("a byte less", bundle[..bundle.len() - 1].to_vec(), ("archive.truncated", "-")),
        Case::new("padding that is not zero", padding, ("archive.padding", "archive.padding")),
        Case::new("a time in a header", rechecked(time, 2), ("archive.header", "archive.header")),
    ];
    let end = bundle.len() - 1024;
    for length in (1..end).step_by(911).chain((512..end).step_by(512)) {
        let expected = if length < 512 { NOTHING } else { ANY };
        cases.push(Case::new(format!("cut after {length} bytes"), bundle[..length].to_vec(), expected));
    }
    cases
}

/// Makes the checksum of the header in a block fit again.
fn rechecked(mut bundle: Vec<u8>, block: usize) -> Vec<u8> {
    let header = &mut bundle[512 * block..512 * (block + 1)];
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\x00 ").as_bytes());
    bundle
}

fn entry_lists(bundle: &[u8]) -> Vec<Case> {
    let all = entries(bundle);
    let mut cases = Vec::new();
    for (index, (name, _)) in all.iter().enumerate() {
        let expected = if index == 0 { NOTHING } else { ANY };
        let mut without = all.clone();
        without.remove(index);
        cases.push(Case::new(format!("without {name}"), archive(&without), expected));
        let mut twice = all.clone();
        twice.insert(index, all[index].clone());
        // What follows the statement is only the end, so there the verdict of completeness stands already.
        let expected = if index + 1 == all.len() { ("archive.trailing", "-") } else { ANY };
        cases.push(Case::new(format!("{name} twice"), archive(&twice), expected));
        if index > 1 {
            let mut swapped = all.clone();
            swapped.swap(index - 1, index);
            cases.push(Case::new(format!("{name} too early"), archive(&swapped), ANY));
        }
    }
    cases
}
