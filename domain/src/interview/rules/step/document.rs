//! Documents: their title and what they are kept as.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::{DocumentPatch, Place, StepPatch};
use crate::workflow::{DocumentFormat, Template};

pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    let mut formats = Vec::new();
    for (word, format) in
        [("pdf", DocumentFormat::Pdf), ("html", DocumentFormat::Html), ("markdown", DocumentFormat::Markdown)]
    {
        if clause.has(&[word]) {
            formats.push(format);
        }
    }
    let formats = (!formats.is_empty()).then_some(formats);
    let title = super::quoted_after(clause, &["titled", "title", "called", "named", "document", "report"])
        .map(Template::new);
    let patch = StepPatch::ProduceDocument(DocumentPatch { title, body: None, formats });
    match desk.one_of("produce_document").map(|step| step.id.clone()).filter(|_| !super::another(clause)) {
        Some(id) => drop(desk.change(&id, patch)),
        None => {
            if desk.add(patch, place).is_some() {
                desk.did("It produces a document.");
            }
        }
    }
}
