//! Pages: where the next line goes, and the marks that are made.

use super::face::Face;
use super::style::{MARGIN, PAGE_HEIGHT, POINT, Style};
use super::wrap::Line;
use crate::document::DocumentError;

const PAGES: usize = 500;

/// Pages as they fill up. Lengths are measured from the top here, and from the bottom in the file.
pub(super) struct Pages {
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
    top: i64,
}

impl Default for Pages {
    fn default() -> Self {
        Self { done: Vec::new(), current: Vec::new(), top: MARGIN }
    }
}

impl Pages {
    /// Whether nothing stands on this page.
    pub(super) fn is_fresh(&self) -> bool {
        self.current.is_empty()
    }

    /// Leaves room, unless the page has just begun.
    pub(super) fn space(&mut self, height: i64) {
        if !self.is_fresh() {
            self.top += height;
        }
    }

    /// Goes to the next page if there is not so much room left on this one.
    pub(super) fn keep(&mut self, height: i64) -> Result<(), DocumentError> {
        if self.top + height > PAGE_HEIGHT - MARGIN && !self.is_fresh() { self.turn() } else { Ok(()) }
    }

    /// Begins the next page.
    pub(super) fn turn(&mut self) -> Result<(), DocumentError> {
        if self.done.len() + 1 >= PAGES {
            return Err(DocumentError::TooManyPages { limit: PAGES });
        }
        self.done.push(std::mem::take(&mut self.current));
        self.top = MARGIN;
        Ok(())
    }

    /// Goes down by a line.
    pub(super) fn advance(&mut self, height: i64) {
        self.top += height;
    }

    /// Sets a line in the row that begins here.
    pub(super) fn text(&mut self, left: i64, line: &Line, style: Style) {
        // Above a line's foot stands a fifth of what is between lines, for the letters that hang down.
        let foot = PAGE_HEIGHT - self.top - style.leading
            + (style.leading - style.size * POINT) / 2
            + POINT * style.size / 5;
        text(&mut self.current, (left, foot), line, style.size);
    }

    /// Fills a box whose upper edge is so far below the row's, in a grey of so many hundredths.
    pub(super) fn fill(&mut self, (left, width): (i64, i64), (below, height): (i64, i64), grey: u8) {
        let foot = PAGE_HEIGHT - self.top - below - height;
        let [left, foot, width, height] = [left, foot, width, height].map(number);
        let mark = format!("q 0.{grey:02} g {left} {foot} {width} {height} re f Q\n");
        self.current.extend_from_slice(mark.as_bytes());
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Vec<Vec<u8>> {
        self.done.push(self.current);
        self.done
    }
}

/// Sets a line at a place measured from the lower left.
pub(super) fn text(out: &mut Vec<u8>, (left, foot): (i64, i64), line: &Line, size: i64) {
    out.extend_from_slice(format!("BT {} {} Td\n", number(left), number(foot)).as_bytes());
    for run in &line.runs {
        out.extend_from_slice(format!("/{} {size} Tf (", run.face.name()).as_bytes());
        for letter in &run.letters {
            push_letter(out, *letter);
        }
        out.extend_from_slice(b") Tj\n");
    }
    out.extend_from_slice(b"ET\n");
}

/// A letter of a literal string (ISO 32000-1, section 7.3.4.2).
fn push_letter(out: &mut Vec<u8>, letter: u8) {
    match letter {
        b'(' | b')' | b'\\' => out.extend_from_slice(&[b'\\', letter]),
        b' '..=b'~' => out.push(letter),
        _ => out.extend_from_slice(format!("\\{letter:03o}").as_bytes()),
    }
}

/// Thousandths of a point as points.
fn number(length: i64) -> String {
    let sign = if length < 0 { "-" } else { "" };
    let length = length.unsigned_abs();
    match length % 1000 {
        0 => format!("{sign}{}", length / 1000),
        rest => format!("{sign}{}.{rest:03}", length / 1000),
    }
}

/// A line in one face.
pub(super) fn plain(face: Face, letters: &[u8], size: i64) -> Line {
    let run = super::wrap::Run { face, letters: letters.to_vec() };
    Line { width: super::style::width(face, letters, size), runs: vec![run] }
}
