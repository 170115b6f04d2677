//! What lies on the table while a bundle is verified.

use std::collections::BTreeMap;
use std::io::Read;

use super::NotABundle;
use crate::bundle::archive::{ArchiveError, Header, Reader};
use crate::bundle::finding::Findings;
use crate::bundle::links::Links;
use crate::bundle::statement::Covered;
use crate::bundle::{Finding, Report, Subject};
use crate::checkpoint::{KeyRing, SealedCheckpoint};
use crate::tree::Hash;

/// Why reading ends early.
pub(super) enum Stop {
    /// A finding says why.
    Refused,
    /// There is nothing to judge.
    NotABundle(NotABundle),
}

pub(super) struct Desk<'a, R> {
    pub(super) reader: Reader<R>,
    /// Who is trusted: the keys handed in, and those that they vouch for.
    pub(super) ring: KeyRing,
    pub(super) held: &'a [SealedCheckpoint],
    pub(super) findings: Findings,
    pub(super) covered: Covered,
    pub(super) links: Links,
    /// Roots seen on the way at the sizes of held checkpoints.
    pub(super) seen: BTreeMap<u64, Hash>,
    pub(super) subject: Option<Subject>,
}

impl<'a, R: Read> Desk<'a, R> {
    pub(super) fn new(bundle: R, ring: KeyRing, held: &'a [SealedCheckpoint]) -> Self {
        Self {
            reader: Reader::new(bundle),
            ring,
            held,
            findings: Findings::default(),
            covered: Covered::default(),
            links: Links::default(),
            seen: BTreeMap::new(),
            subject: None,
        }
    }

    pub(super) fn report(self) -> Report {
        let (integrity, completeness) = self.findings.verdicts();
        Report { integrity, completeness, subject: self.subject }
    }

    /// Reads the next entry, which must have this name.
    pub(super) fn take(&mut self, name: &str, content: &mut Vec<u8>) -> Result<Header, Stop> {
        let found = self.peek(name)?;
        if found != name {
            let detail = format!("{name} was due here, but {found} stands here");
            return Err(self.stop(Finding::new("entry.unexpected", name, detail)));
        }
        match self.reader.read(content) {
            Ok(header) => Ok(header),
            Err(error) => Err(self.broken(name, error)),
        }
    }

    /// Reads the next entry, which must have this name and which only its hash in the statement covers.
    pub(super) fn take_file(&mut self, name: &str) -> Result<Vec<u8>, Stop> {
        let mut content = Vec::new();
        let header = self.take(name, &mut content)?;
        self.covered.file(&header, &content);
        Ok(content)
    }

    /// The name of the next entry; `due` says where we are when there is none.
    pub(super) fn peek(&mut self, due: &str) -> Result<String, Stop> {
        match self.reader.peek() {
            Ok(header) => Ok(header.name().to_owned()),
            Err(error) => Err(self.broken(due, error)),
        }
    }

    /// A place after which nothing can be read refuses both verdicts: what is not read is not complete either.
    pub(super) fn stop(&mut self, finding: Finding) -> Stop {
        self.findings.against_both(finding);
        Stop::Refused
    }

    fn broken(&mut self, place: &str, error: ArchiveError) -> Stop {
        match archive_finding(place, error) {
            Ok(finding) => self.stop(finding),
            Err(reason) => Stop::NotABundle(reason),
        }
    }
}

pub(super) fn archive_finding(place: &str, error: ArchiveError) -> Result<Finding, NotABundle> {
    let code = match error {
        ArchiveError::Truncated => "archive.truncated",
        ArchiveError::Header => "archive.header",
        ArchiveError::TooLarge => "archive.too_large",
        ArchiveError::Padding => "archive.padding",
        ArchiveError::Trailing => "archive.trailing",
        ArchiveError::Io(error) => return Err(NotABundle::Io(error)),
    };
    Ok(Finding::new(code, place, error.to_string()))
}

/// An error and its causes in one line.
pub(super) fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
