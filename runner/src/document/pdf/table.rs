//! Tables: columns as wide as their content asks for, rows that may go over the page.

use super::face::Face;
use super::page::Pages;
use super::style::{CELL, MARGIN, POINT, ROOM};
use super::wrap::{Line, Run, natural_width, wrap};
use crate::document::DocumentError;

/// More columns than a page can show side by side: such rows are set as text.
const COLUMNS: usize = 12;
const NARROWEST: i64 = 24 * POINT;
const GAP: i64 = 8 * POINT;

struct Row {
    head: bool,
    cells: Vec<Vec<Run>>,
}

/// A table as it is read.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    cells: Vec<Vec<Run>>,
}

impl Table {
    pub(super) fn push(&mut self, cell: Vec<Run>) {
        self.cells.push(cell);
    }

    pub(super) fn end_head(&mut self) {
        let cells = std::mem::take(&mut self.cells).into_iter().map(bold).collect();
        self.rows.push(Row { head: true, cells });
    }

    pub(super) fn end_row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        self.rows.push(Row { head: false, cells });
    }

    /// Sets the table between here and the right margin.
    pub(super) fn set(mut self, pages: &mut Pages, left: i64) -> Result<(), DocumentError> {
        let room = ROOM + MARGIN - left;
        let columns = self.rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
        if columns > COLUMNS {
            self.rows.iter_mut().for_each(|row| row.cells = vec![joined(std::mem::take(&mut row.cells))]);
        }
        let widths = widths(&self.rows, columns.min(if columns > COLUMNS { 1 } else { COLUMNS }), room);
        pages.space(2 * CELL.above);
        for row in &self.rows {
            set_row(pages, row, &widths, (left, room))?;
        }
        Ok(())
    }
}

/// The cells of a row side by side, line by line, so that a tall row goes on upon the next page.
fn set_row(
    pages: &mut Pages,
    row: &Row,
    widths: &[i64],
    (left, room): (i64, i64),
) -> Result<(), DocumentError> {
    let cells: Vec<Vec<Line>> =
        row.cells.iter().zip(widths).map(|(cell, width)| wrap(cell, CELL.size, *width)).collect();
    let tall = cells.iter().map(Vec::len).max().unwrap_or_default().max(1);
    for number in 0..tall {
        pages.keep(CELL.leading + 2 * CELL.above)?;
        let mut begin = left;
        for (lines, width) in cells.iter().zip(widths) {
            if let Some(line) = lines.get(number) {
                pages.text(begin, line, CELL);
            }
            begin += width + GAP;
        }
        pages.advance(CELL.leading);
    }
    let (thick, grey) = if row.head { (POINT, 40) } else { (POINT / 2, 75) };
    pages.fill((left, room), (CELL.above - thick, thick), grey);
    pages.advance(2 * CELL.above);
    Ok(())
}

/// What each column asks for where there is room for all; else at least the narrowest, and a share of the rest.
fn widths(rows: &[Row], columns: usize, room: i64) -> Vec<i64> {
    let count = i64::try_from(columns).unwrap_or_default();
    let room = room - GAP * (count - 1).max(0);
    let asked = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(column));
        cells.map(|cell| natural_width(cell, CELL.size)).max().unwrap_or_default().max(NARROWEST)
    };
    let asked: Vec<i64> = (0..columns).map(asked).collect();
    let all: i64 = asked.iter().sum();
    if all <= room {
        return asked;
    }
    // A column that asks for more than the page gets no more weight for it.
    let weights: Vec<i64> = asked.iter().map(|width| (*width).min(room) - NARROWEST + POINT).collect();
    let weight: i64 = weights.iter().sum::<i64>().max(1);
    let rest = (room - NARROWEST * count).max(0);
    weights
        .iter()
        .map(|one| {
            NARROWEST
                + i64::try_from(i128::from(rest) * i128::from(*one) / i128::from(weight)).unwrap_or_default()
        })
        .collect()
}

fn bold(cell: Vec<Run>) -> Vec<Run> {
    let heavy = |run: Run| match run.face {
        Face::Regular => Run { face: Face::Bold, ..run },
        Face::Italic => Run { face: Face::BoldItalic, ..run },
        Face::Bold | Face::BoldItalic | Face::Code => run,
    };
    cell.into_iter().map(heavy).collect()
}

fn joined(cells: Vec<Vec<Run>>) -> Vec<Run> {
    let between = Run { face: Face::Regular, letters: b" | ".to_vec() };
    cells.into_iter().flat_map(|cell| cell.into_iter().chain([between.clone()])).collect()
}
