//! What is judged after the last record: roots, checkpoints held elsewhere, the statement, the end of the file.

use std::io::Read;

use super::NotABundle;
use super::desk::{Desk, Stop, archive_finding, in_words};
use crate::bundle::statement::{Bears, Line, Shown};
use crate::bundle::{Finding, Manifest, Scope, names};
use crate::checkpoint::{Note, NoteError, SealedCheckpoint, signs_for};

impl<R: Read> Desk<'_, R> {
    /// A range must lead from its start to the sealed root.
    pub(super) fn close_roots(&mut self, manifest: &Manifest, shown: &Shown) {
        let (Scope::Range, Some(root)) = (&manifest.scope, shown.records) else { return };
        if !self.links.know(manifest.to, root) {
            let name = names::checkpoint(manifest.to);
            let detail = "the records do not give the root that was sealed";
            self.findings.against_integrity(Finding::new("root.mismatch", name, detail));
        }
        self.check_links();
    }

    /// Each checkpoint that the caller holds must be a head of this very history.
    pub(super) fn close_held(&mut self, manifest: &Manifest) {
        for held in self.held {
            if let Some((code, detail)) = self.against(manifest, held) {
                let place = format!("held:{}", held.checkpoint().size());
                self.findings.against_integrity(Finding::new(code, place, detail));
            }
        }
    }

    fn against(&self, manifest: &Manifest, held: &SealedCheckpoint) -> Option<(&'static str, &'static str)> {
        let held = held.checkpoint();
        if *held.origin() != manifest.origin {
            return Some(("held.other", "the checkpoint you hold is of another stream"));
        }
        let known = self.links.root(held.size()).or_else(|| self.seen.get(&held.size()).copied());
        match known {
            Some(root) if root == held.root() => None,
            Some(_) => {
                Some(("held.contradicts", "the bundle's history is not the one whose checkpoint you hold"))
            }
            None if held.size() == 0 => None,
            None => Some((
                "held.not_comparable",
                "the bundle neither holds nor passes the size of the checkpoint you hold: export from position 1, or \
                 with that checkpoint",
            )),
        }
    }

    /// The statement must be signed by trusted keys only, and say exactly what was shown.
    pub(super) fn close_statement(&mut self, manifest: &Manifest, shown: &Shown) -> Result<(), Stop> {
        let mut content = Vec::new();
        self.take(names::STATEMENT, &mut content)?;
        let text = match self.open_statement(manifest, &content) {
            Ok(text) => text,
            Err(detail) => {
                self.findings.against_both(Finding::new("statement.refused", names::STATEMENT, detail));
                return Ok(());
            }
        };
        let lines = std::mem::take(&mut self.covered).lines(manifest, shown);
        let mut said = text.lines();
        for (index, line) in lines.iter().enumerate() {
            self.compare(index, line, said.next());
        }
        if said.next().is_some() {
            let place = format!("{}:{}", names::STATEMENT, lines.len() + 1);
            let finding = Finding::new("statement.differs", place, "the statement says more than was shown");
            self.findings.against_both(finding);
        }
        Ok(())
    }

    fn open_statement(&self, manifest: &Manifest, content: &[u8]) -> Result<String, String> {
        let note = Note::parse(content).map_err(|error| in_words(&error))?;
        let keys = note.verify(&self.ring).map_err(|error| in_words(&error))?;
        // Here an unknown signature is not passed over: nothing else covers its bytes.
        if keys.len() != note.signatures().len() {
            return Err(NoteError::NoKnownKey.to_string());
        }
        if !keys.iter().any(|key| signs_for(key, &manifest.origin)) {
            return Err("the statement is not signed by a key of the log".to_owned());
        }
        Ok(note.text().to_owned())
    }

    fn compare(&mut self, index: usize, due: &Line, said: Option<&str>) {
        if due.text.is_none() && said.is_some() || due.text.is_some() && due.text.as_deref() == said {
            return;
        }
        let place = format!("{}:{}", names::STATEMENT, index + 1);
        let due_text = due.text.as_deref().unwrap_or("a further line");
        let detail =
            format!("the statement says \u{201c}{}\u{201d}, but {due_text} was shown", said.unwrap_or(""));
        let finding = Finding::new("statement.differs", place, detail);
        match due.bears {
            Bears::Integrity => self.findings.against_integrity(finding),
            Bears::Completeness => self.findings.against_completeness(finding),
            Bears::Both => self.findings.against_both(finding),
        }
    }

    /// Nothing may follow. By now everything was read, so this bears on integrity alone.
    pub(super) fn close_archive(&mut self) -> Result<(), Stop> {
        let Err(error) = self.reader.finish() else { return Ok(()) };
        match archive_finding("end", error) {
            Ok(finding) => {
                self.findings.against_integrity(finding);
                Ok(())
            }
            Err(NotABundle::Io(error)) => Err(Stop::NotABundle(NotABundle::Io(error))),
            Err(NotABundle::Form) => Err(Stop::NotABundle(NotABundle::Form)),
        }
    }
}
