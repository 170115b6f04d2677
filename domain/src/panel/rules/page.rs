//! A page in the writing: each figure is put down together with its citation, so that none can be put down without.

use std::collections::BTreeSet;

use crate::panel::figure::figures;
use crate::panel::{Citation, CitedKind, Ledger};

/// A text with the citations of its figures.
#[derive(Debug)]
pub(super) struct Page<'a> {
    ledger: &'a Ledger,
    pub(super) text: String,
    pub(super) citations: BTreeSet<Citation>,
}

impl<'a> Page<'a> {
    pub(super) const fn new(ledger: &'a Ledger) -> Self {
        Self { ledger, text: String::new(), citations: BTreeSet::new() }
    }

    /// Writes on. Nothing of it may be a figure.
    pub(super) fn say(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Writes a name that stands in the data.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.say("“").say(name).say("”")
    }

    /// Writes what stands at a place, and cites it; nothing where there is no such place.
    pub(super) fn cited(&mut self, kind: CitedKind, id: &impl ToString, field: &str) -> &mut Self {
        if let Some(citation) = self.ledger.cite(kind, &id.to_string(), field) {
            self.text.push_str(&citation.value);
            self.citations.insert(citation);
        }
        self
    }

    /// As [`Self::cited`], without a sign: "fell by" says it already.
    pub(super) fn cited_bare(&mut self, kind: CitedKind, id: &impl ToString, field: &str) -> &mut Self {
        if let Some(citation) = self.ledger.cite(kind, &id.to_string(), field) {
            self.text.push_str(citation.value.trim_start_matches('-'));
            self.citations.insert(citation);
        }
        self
    }

    /// Cites what the text says in other words, such as a colour.
    pub(super) fn bear_out(&mut self, kind: CitedKind, id: &impl ToString, field: &str) -> &mut Self {
        self.citations.extend(self.ledger.cite(kind, &id.to_string(), field));
        self
    }

    /// Writes a unit behind its number. One such as "per 1000 users" holds a figure itself.
    pub(super) fn unit(&mut self, unit: &str, kri: &impl ToString) -> &mut Self {
        if !figures(unit, &[]).is_empty() {
            self.bear_out(CitedKind::Kri, kri, "unit");
        }
        if unit == "%" { self.say("%") } else { self.say(" ").say(unit) }
    }

    /// Begins a new line, where something stands already.
    pub(super) fn line(&mut self) -> &mut Self {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self
    }
}
