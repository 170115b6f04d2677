//! The content of a page: what its operators show as text, and where a line or a word ends (ISO 32000-1, section 9.4).

use std::collections::BTreeMap;

use super::file::{File, Page};
use super::font::Font;
use super::value::{Reader, Value};
use super::{Budget, PdfError};

/// How many operands an operator can have at most.
const OPERANDS: usize = 64;

/// A gap within a word's letters that is one between words, in thousandths of the font's size.
const GAP: f64 = -180.0;

/// What is being shown.
struct Showing<'a> {
    fonts: BTreeMap<String, Font>,
    font: Option<String>,
    /// The height at which the last line stood.
    height: Option<f64>,
    text: &'a mut String,
}

/// Appends what a page shows as text.
pub(super) fn append(
    file: &File<'_>,
    page: &Page,
    text: &mut String,
    budget: &mut Budget,
) -> Result<(), PdfError> {
    let mut content = Vec::new();
    for number in &page.contents {
        content.extend(file.unpacked(*number, budget)?.unwrap_or_default());
        content.push(b'\n');
    }
    let mut showing = Showing { fonts: BTreeMap::new(), font: None, height: None, text };
    let mut reader = Reader::new(&content, 0);
    let mut operands: Vec<Value> = Vec::new();
    while reader.at < content.len() {
        match reader.next(budget)? {
            None => reader.at = reader.at.saturating_add(1),
            Some(Value::Word(operator)) if operator == b"ID" => {
                skip_image(&mut reader, budget)?;
                operands.clear();
            }
            Some(Value::Word(operator)) => {
                if operator == b"Tf" {
                    showing.choose(file, page, &operands, budget)?;
                }
                showing.operate(&operator, &operands);
                operands.clear();
            }
            Some(value) => {
                if operands.len() >= OPERANDS {
                    operands.remove(0);
                }
                operands.push(value);
            }
        }
    }
    Ok(())
}

/// The bytes of an image within the content are no content.
fn skip_image(reader: &mut Reader<'_>, budget: &mut Budget) -> Result<(), PdfError> {
    let rest = reader.rest();
    let end = rest
        .windows(4)
        .position(|part| matches!(part, [b'\n' | b'\r' | b' ', b'E', b'I', b'\n' | b'\r' | b' ']));
    let skipped = end.map_or(rest.len(), |end| end.saturating_add(3));
    budget.spend(skipped)?;
    reader.at = reader.at.saturating_add(skipped);
    Ok(())
}

impl Showing<'_> {
    fn choose(
        &mut self,
        file: &File<'_>,
        page: &Page,
        operands: &[Value],
        budget: &mut Budget,
    ) -> Result<(), PdfError> {
        let Some(name) = operands.first().and_then(Value::name) else { return Ok(()) };
        if !self.fonts.contains_key(name) {
            let font = match file.font(page, name) {
                Some(dict) => Font::of(file, dict, budget)?,
                None => Font::default(),
            };
            self.fonts.insert(name.to_owned(), font);
        }
        self.font = Some(name.to_owned());
        Ok(())
    }

    fn operate(&mut self, operator: &[u8], operands: &[Value]) {
        match operator {
            b"Tj" => operands.last().into_iter().for_each(|shown| self.show(shown)),
            b"'" | b"\"" => {
                self.end_line();
                operands.last().into_iter().for_each(|shown| self.show(shown));
            }
            b"TJ" => {
                if let Some(Value::Array(parts)) = operands.last() {
                    for part in parts {
                        self.show(part);
                    }
                }
            }
            b"Td" | b"TD" => match operands {
                [.., _, Value::Number(down)] if down.abs() > 0.5 => self.end_line(),
                _ => self.end_word(),
            },
            b"Tm" => {
                let height =
                    if let Some(Value::Number(height)) = operands.last() { Some(*height) } else { None };
                let same = self.height.zip(height).is_some_and(|(one, other)| one.total_cmp(&other).is_eq());
                self.height = height;
                if same { self.end_word() } else { self.end_line() }
            }
            b"T*" | b"ET" => self.end_line(),
            _ => {}
        }
    }

    fn show(&mut self, shown: &Value) {
        match shown {
            Value::Text(codes) => {
                let font = self.font.as_ref().and_then(|name| self.fonts.get(name));
                match font {
                    Some(font) => font.decode(codes, self.text),
                    None => Font::default().decode(codes, self.text),
                }
            }
            Value::Number(gap) if *gap < GAP => self.end_word(),
            Value::Number(_)
            | Value::Null
            | Value::Bool
            | Value::Name(_)
            | Value::Array(_)
            | Value::Dict(_)
            | Value::Ref(_)
            | Value::Word(_) => {}
        }
    }

    fn end_word(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
    }

    fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}
