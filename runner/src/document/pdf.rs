//! PDF (ISO 32000-1), written by hand: pages of A4, lengths in thousandths of a point, no clock and no chance in it.

mod face;
mod file;
mod flow;
mod page;
mod style;
mod table;
mod wrap;

use pulldown_cmark::Event;

use super::DocumentError;
use flow::Flow;

/// The file.
pub(super) fn file(title: &str, pieces: Vec<Event<'_>>) -> Result<Vec<u8>, DocumentError> {
    let mut flow = Flow::default();
    for piece in pieces {
        flow.take(piece)?;
    }
    Ok(file::assemble(title, flow.finish()?))
}
