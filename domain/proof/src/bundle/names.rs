//! What the entries of a bundle are called, in the order in which they stand.

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const DEFINITIONS: &str = "definitions.json";
pub(super) const START: &str = "start.txt";
pub(super) const STATEMENT: &str = "statement.note";

const CHECKPOINTS: &str = "checkpoints/";
const NOTE: &str = ".note";

pub(super) fn checkpoint(size: u64) -> String {
    format!("{CHECKPOINTS}{size:020}{NOTE}")
}

/// The size in a checkpoint's name; `None` for the name of anything else.
pub(super) fn checkpoint_size(name: &str) -> Option<u64> {
    let size = name.strip_prefix(CHECKPOINTS)?.strip_suffix(NOTE)?.parse().ok()?;
    (checkpoint(size) == name).then_some(size)
}

pub(super) fn rotation(number: u64) -> String {
    format!("rotations/{number:08}{NOTE}")
}

pub(super) fn consistency(old: u64, new: u64) -> String {
    format!("consistency/{old:020}-{new:020}.txt")
}

pub(super) fn records(chunk: u64) -> String {
    format!("records/{chunk:08}.ndjson")
}

pub(super) fn proofs(chunk: u64) -> String {
    format!("proofs/{chunk:08}.txt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_spelling_of_a_checkpoints_name_is_read() {
        assert_eq!(checkpoint_size("checkpoints/00000000000000000064.note"), Some(64));
        for name in
            ["checkpoints/64.note", "checkpoints/+0000000000000000064.note", "checkpoints/.note", "start.txt"]
        {
            assert_eq!(checkpoint_size(name), None, "{name}");
        }
    }
}
