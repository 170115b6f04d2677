//! A plain tar (POSIX ustar) of which every byte is determined by the entries' names and contents.

use std::io::{ErrorKind, Read, Write};

use super::MAX_ENTRY_BYTES;

pub(super) const BLOCK: usize = 512;
const NAME_BYTES: usize = 100;
/// Mode, owner and group before the size, as octal text.
const OWNERSHIP: &[u8] = b"0000644\x000000000\x000000000\x00";
const NO_TIME: &[u8] = b"00000000000\x00";
const FILE: u8 = b'0';
const MAGIC: &[u8] = b"ustar\x0000";
const DEVICES: &[u8] = b"0000000\x000000000\x00";

/// The 512 bytes before an entry's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    name: String,
    size: usize,
    bytes: Vec<u8>,
}

/// An archive that has not its one canonical form.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    #[error("the file ends in the middle")]
    Truncated,
    #[error("an entry's header is not the one its name and size ask for")]
    Header,
    #[error("an entry is larger than 4 MiB")]
    TooLarge,
    #[error("the padding after an entry is not zero")]
    Padding,
    #[error("the archive does not end with two zero blocks and nothing after them")]
    Trailing,
    #[error("the bundle could not be read")]
    Io(#[source] std::io::Error),
}

impl Header {
    /// The header of an entry; `None` when the name or size does not fit.
    pub(super) fn try_new(name: &str, size: usize) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/.-".contains(&byte);
        if name.is_empty() || name.len() >= NAME_BYTES || !name.bytes().all(plain) || size > MAX_ENTRY_BYTES {
            return None;
        }
        Some(Self { name: name.to_owned(), size, bytes: render(name, size) })
    }

    fn parse(bytes: &[u8; BLOCK]) -> Result<Self, ArchiveError> {
        let name: Vec<u8> = bytes.iter().copied().take(NAME_BYTES).take_while(|byte| *byte != 0).collect();
        let name = String::from_utf8(name).map_err(|_not_text| ArchiveError::Header)?;
        let digits: Vec<u8> = bytes.iter().copied().skip(NAME_BYTES + OWNERSHIP.len()).take(11).collect();
        let digits = String::from_utf8(digits).map_err(|_not_text| ArchiveError::Header)?;
        let size = usize::from_str_radix(&digits, 8).map_err(|_not_octal| ArchiveError::Header)?;
        if size > MAX_ENTRY_BYTES {
            return Err(ArchiveError::TooLarge);
        }
        // Whatever else the header says must be what we would have written.
        Self::try_new(&name, size).filter(|header| header.bytes == bytes).ok_or(ArchiveError::Header)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    const fn padding(&self) -> usize {
        self.size.next_multiple_of(BLOCK) - self.size
    }
}

fn render(name: &str, size: usize) -> Vec<u8> {
    let mut before = name.as_bytes().to_vec();
    before.resize(NAME_BYTES, 0);
    before.extend_from_slice(OWNERSHIP);
    before.extend_from_slice(format!("{size:011o}\0").as_bytes());
    before.extend_from_slice(NO_TIME);
    let mut after = vec![FILE];
    after.resize(1 + NAME_BYTES, 0); // No link.
    after.extend_from_slice(MAGIC);
    after.resize(after.len() + 64, 0); // No names of owner and group.
    after.extend_from_slice(DEVICES);
    after.resize(BLOCK - before.len() - 8, 0);
    // The sum over the header, its own eight bytes taken as spaces.
    let sum: u32 =
        before.iter().chain(&after).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
    before.extend_from_slice(format!("{sum:06o}\0 ").as_bytes());
    before.extend_from_slice(&after);
    before
}

/// Writes one entry, with its padding.
pub(super) fn write_entry(out: &mut impl Write, header: &Header, content: &[u8]) -> std::io::Result<()> {
    out.write_all(&header.bytes)?;
    out.write_all(content)?;
    out.write_all(&vec![0; header.padding()])
}

/// Writes the two zero blocks that end an archive.
pub(super) fn write_end(out: &mut impl Write) -> std::io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

/// Reads entries one after the other, each whole, none larger than the bound.
#[derive(Debug)]
pub(super) struct Reader<R> {
    source: R,
    ahead: Option<Header>,
}

impl<R: Read> Reader<R> {
    pub(super) const fn new(source: R) -> Self {
        Self { source, ahead: None }
    }

    /// The next entry's header, which stays next until its content is read.
    pub(super) fn peek(&mut self) -> Result<&Header, ArchiveError> {
        let header = match self.ahead.take() {
            Some(header) => header,
            None => self.read_header()?,
        };
        Ok(self.ahead.insert(header))
    }

    /// Reads the content of the next entry in place of what the buffer held.
    pub(super) fn read(&mut self, content: &mut Vec<u8>) -> Result<Header, ArchiveError> {
        self.peek()?;
        let header = self.ahead.take().ok_or(ArchiveError::Header)?;
        content.clear();
        content.resize(header.size, 0);
        self.fill(content)?;
        let mut padding = vec![0; header.padding()];
        self.fill(&mut padding)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(ArchiveError::Padding);
        }
        Ok(header)
    }

    /// Checks that nothing follows but the end.
    pub(super) fn finish(&mut self) -> Result<(), ArchiveError> {
        let mut end = [0; 2 * BLOCK];
        self.fill(&mut end)?;
        let mut more = Vec::new();
        self.source.by_ref().take(1).read_to_end(&mut more).map_err(ArchiveError::Io)?;
        if more.is_empty() && end.iter().all(|byte| *byte == 0) {
            Ok(())
        } else {
            Err(ArchiveError::Trailing)
        }
    }

    fn read_header(&mut self) -> Result<Header, ArchiveError> {
        let mut bytes = [0; BLOCK];
        self.fill(&mut bytes)?;
        Header::parse(&bytes)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), ArchiveError> {
        self.source.read_exact(buffer).map_err(|error| {
            let ended = error.kind() == ErrorKind::UnexpectedEof;
            if ended { ArchiveError::Truncated } else { ArchiveError::Io(error) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, content) in entries {
            write_entry(&mut out, &Header::try_new(name, content.len()).unwrap(), content).unwrap();
        }
        write_end(&mut out).unwrap();
        out
    }

    fn read_all(bytes: &[u8], entries: usize) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
        let mut reader = Reader::new(bytes);
        let mut all = Vec::new();
        for _ in 0..entries {
            let mut content = Vec::new();
            let header = reader.read(&mut content)?;
            all.push((header.name().to_owned(), content));
        }
        reader.finish()?;
        Ok(all)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let full = [7_u8; BLOCK];
        let bytes = archive(&[("a.txt", b"one"), ("b/empty", b""), ("c", &full)]);
        assert_eq!(bytes.len(), 7 * BLOCK);
        let read = read_all(&bytes, 3).unwrap();
        assert_eq!(read[0], ("a.txt".to_owned(), b"one".to_vec()));
        assert_eq!(read[1], ("b/empty".to_owned(), Vec::new()));
        assert_eq!(read[2], ("c".to_owned(), full.to_vec()));
    }

    #[test]
    fn every_turned_bit_outside_the_contents_is_refused() {
        let bytes = archive(&[("a.txt", b"one"), ("b", b"")]);
        let content = BLOCK..BLOCK + 3;
        for bit in 0..bytes.len() * 8 {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            let read = read_all(&turned, 2);
            let names_kept = read.is_ok_and(|all| all[0].0 == "a.txt" && all[1].0 == "b");
            assert_eq!(names_kept, content.contains(&(bit / 8)), "bit {bit}");
        }
    }

    #[test]
    fn every_truncation_and_any_byte_more_is_refused() {
        let bytes = archive(&[("a.txt", b"one")]);
        for length in 0..bytes.len() {
            assert!(matches!(read_all(&bytes[..length], 1), Err(ArchiveError::Truncated)), "{length}");
        }
        assert!(matches!(read_all(&[bytes.as_slice(), &[0]].concat(), 1), Err(ArchiveError::Trailing)));
    }

    #[test]
    fn names_and_sizes_that_do_not_fit_are_refused() {
        for name in ["", "A", "a b", "ä", &"x".repeat(100)] {
            assert_eq!(Header::try_new(name, 0), None, "{name}");
        }
        assert_eq!(Header::try_new("a", MAX_ENTRY_BYTES + 1), None);
    }
}
