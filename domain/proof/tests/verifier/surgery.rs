//! Takes bundles apart and puts them together again, rightly framed, as an attacker without the key can.

/// The entries of an archive, in order.
pub(crate) type Entries = Vec<(String, Vec<u8>)>;

pub(crate) fn entries(mut bundle: &[u8]) -> Entries {
    let mut all = Entries::new();
    while bundle[0] != 0 {
        let name = String::from_utf8(bundle.iter().copied().take_while(|byte| *byte != 0).collect()).unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bundle[124..135]).unwrap(), 8).unwrap();
        all.push((name, bundle[512..512 + size].to_vec()));
        bundle = &bundle[512 + size.next_multiple_of(512)..];
    }
    all
}

pub(crate) fn archive(entries: &Entries) -> Vec<u8> {
    let mut out: Vec<u8> = entries.iter().flat_map(|(name, content)| framed(name, content)).collect();
    out.resize(out.len() + 1024, 0);
    out
}

fn framed(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..124].copy_from_slice(b"0000644\x000000000\x000000000\x00");
    header[124..148].copy_from_slice(format!("{:011o}\x0000000000000\x00", content.len()).as_bytes());
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[329..345].copy_from_slice(b"0000000\x000000000\x00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\x00 ").as_bytes());
    let mut framed = [header.as_slice(), content].concat();
    framed.resize(512 + content.len().next_multiple_of(512), 0);
    framed
}

/// Changes the content of one entry.
pub(crate) fn edited(bundle: &[u8], name: &str, edit: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut all = entries(bundle);
    let entry = all.iter_mut().find(|entry| entry.0 == name).unwrap();
    entry.1 = edit(&entry.1);
    archive(&all)
}

/// Changes the lines of one entry.
pub(crate) fn relined(bundle: &[u8], name: &str, edit: impl Fn(&mut Vec<String>)) -> Vec<u8> {
    edited(bundle, name, |content| {
        let text = String::from_utf8(content.to_vec()).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        edit(&mut lines);
        lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
    })
}

/// Changes text anywhere, once.
pub(crate) fn replaced(bundle: &[u8], name: &str, from: &str, to: &str) -> Vec<u8> {
    edited(bundle, name, |content| {
        let text = String::from_utf8(content.to_vec()).unwrap();
        assert!(text.contains(from), "{from} is not in {name}");
        text.replacen(from, to, 1).into_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::super::stream::{Stream, TENANT, log_key};
    use super::*;

    #[test]
    fn an_untouched_bundle_survives_surgery_byte_for_byte() {
        let bundle = Stream::of(TENANT, 30).part("k1", &[&log_key()]);
        assert_eq!(archive(&entries(&bundle)), bundle);
    }
}
