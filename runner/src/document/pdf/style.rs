//! Measures: the page, and how large each kind of text is set. Lengths are thousandths of a point.

use pulldown_cmark::HeadingLevel;

use super::face::Face;

/// A point.
pub(super) const POINT: i64 = 1000;
/// A4, to the nearest point.
pub(super) const PAGE_WIDTH: i64 = 595 * POINT;
pub(super) const PAGE_HEIGHT: i64 = 842 * POINT;
pub(super) const MARGIN: i64 = 60 * POINT;
/// Between the margins.
pub(super) const ROOM: i64 = PAGE_WIDTH - 2 * MARGIN;
/// By how much lists and quotes are set in; after so many levels no further, so that there is always room for text.
pub(super) const INDENT: i64 = 18 * POINT;
pub(super) const INDENTS: usize = 8;

/// How a piece of text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    /// The size, in points.
    pub(super) size: i64,
    /// From line to line.
    pub(super) leading: i64,
    /// Above the first line.
    pub(super) above: i64,
}

pub(super) const BODY: Style = Style { size: 10, leading: 14 * POINT, above: 5 * POINT };
pub(super) const CODE: Style = Style { size: 9, leading: 12 * POINT, above: 6 * POINT };
pub(super) const CELL: Style = Style { size: 9, leading: 12 * POINT, above: 3 * POINT };
pub(super) const FOOT: Style = Style { size: 8, leading: 10 * POINT, above: 0 };

/// How a heading is set.
pub(super) const fn heading(level: HeadingLevel) -> Style {
    let (size, above) = match level {
        HeadingLevel::H1 => (20, 0),
        HeadingLevel::H2 => (15, 14),
        HeadingLevel::H3 => (12, 10),
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => (10, 8),
    };
    Style { size, leading: (size + size / 4 + 2) * POINT, above: above * POINT }
}

/// How wide a text is at a size of so many points.
pub(super) fn width(face: Face, letters: &[u8], size: i64) -> i64 {
    letters.iter().map(|letter| face.width(*letter) * size).sum()
}
