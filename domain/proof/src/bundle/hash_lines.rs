//! Hashes as text: one a line, or a whole path on one line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::tree::Hash;

/// One hash a line.
pub(super) fn render(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| format!("{hash}\n").into_bytes()).collect()
}

/// Reads what [`render`] wrote.
pub(super) fn parse(content: &[u8]) -> Option<Vec<Hash>> {
    let text = std::str::from_utf8(content).ok()?;
    text.split_inclusive('\n').map(|line| Hash::parse(line.strip_suffix('\n')?).ok()).collect()
}

/// A path on one line, without the newline: base64 of its hashes put together.
pub(super) fn render_path(path: &[Hash]) -> String {
    STANDARD.encode(path.iter().flat_map(|hash| *hash.as_bytes()).collect::<Vec<u8>>())
}

/// Reads what [`render_path`] wrote.
pub(super) fn parse_path(line: &[u8]) -> Option<Vec<Hash>> {
    let bytes = STANDARD.decode(line).ok()?;
    let (hashes, left_over) = bytes.as_chunks::<32>();
    left_over.is_empty().then(|| hashes.iter().copied().map(Hash::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::leaf_hash;

    #[test]
    fn hashes_read_back_and_other_spellings_are_refused() {
        let hashes = [leaf_hash(b"a"), leaf_hash(b"b")];
        let lines = render(&hashes);
        assert_eq!(parse(&lines).unwrap(), hashes);
        assert_eq!(parse(b"").unwrap(), []);
        for bad in
            [&lines[..lines.len() - 1], &lines[1..], b"\n", &[lines.as_slice(), b"\n"].concat(), b"\xff"]
        {
            assert_eq!(parse(bad), None);
        }
        let path = render_path(&hashes);
        assert_eq!(parse_path(path.as_bytes()).unwrap(), hashes);
        assert_eq!(parse_path(b"").unwrap(), []);
        assert_eq!(parse_path(b"AAAA"), None);
        assert_eq!(parse_path(format!("{path} ").as_bytes()), None);
    }
}
