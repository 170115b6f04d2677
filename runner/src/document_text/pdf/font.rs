//! Fonts: what the codes of a text mean (ISO 32000-1, section 9.10).

use std::collections::BTreeMap;

use super::file::File;
use super::value::{Reader, Value};
use super::{Budget, PdfError};

/// How many codes a font may have.
const CODES: usize = 70_000;

/// What a font makes of codes.
#[derive(Debug, Default)]
pub(super) struct Font {
    /// Whether a code has two bytes.
    wide: bool,
    /// What codes mean, where the font says so.
    meanings: BTreeMap<u32, String>,
}

impl Font {
    pub(super) fn of(
        file: &File<'_>,
        dict: &BTreeMap<String, Value>,
        budget: &mut Budget,
    ) -> Result<Self, PdfError> {
        let wide = dict.get("Subtype").and_then(Value::name) == Some("Type0");
        let meanings = match dict.get("ToUnicode") {
            Some(Value::Ref(number)) => match file.unpacked(*number, budget)? {
                Some(map) => meanings(&map, budget)?,
                None => BTreeMap::new(),
            },
            Some(_) | None => BTreeMap::new(),
        };
        Ok(Self { wide, meanings })
    }

    /// What a text says. Codes that nobody explains say nothing, except in simple fonts, which mean letters by them.
    pub(super) fn decode(&self, text: &[u8], into: &mut String) {
        for code in text.chunks(if self.wide { 2 } else { 1 }) {
            let number = code.iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
            match self.meanings.get(&number) {
                Some(meaning) => into.push_str(meaning),
                None if !self.wide => into.extend(code.first().copied().and_then(letter)),
                None => {}
            }
        }
    }
}

/// A letter of the encoding that simple fonts nearly always have: Latin letters, with typographic ones between.
fn letter(code: u8) -> Option<char> {
    Some(match code {
        0x09 | 0x0a | 0x0d | 0xa0 => ' ',
        0x20..=0x7e | 0xa1..=0xff => char::from(code),
        0x80 => '€',
        0x82 => '‚',
        0x84 => '„',
        0x85 => '…',
        0x8a => 'Š',
        0x8c => 'Œ',
        0x8e => 'Ž',
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x95 => '•',
        0x96 => '–',
        0x97 => '—',
        0x9a => 'š',
        0x9c => 'œ',
        0x9e => 'ž',
        0x9f => 'Ÿ',
        _ => return None,
    })
}

/// Reads a map of codes: `beginbfchar <01> <0041> endbfchar`, `beginbfrange <01> <05> <0041> endbfrange`.
fn meanings(map: &[u8], budget: &mut Budget) -> Result<BTreeMap<u32, String>, PdfError> {
    let mut meanings = BTreeMap::new();
    let mut reader = Reader::new(map, 0);
    let mut operands: Vec<Value> = Vec::new();
    while reader.at < map.len() && meanings.len() < CODES {
        let Some(value) = reader.next(budget)? else {
            reader.at = reader.at.saturating_add(1);
            continue;
        };
        let Value::Word(word) = value else {
            operands.push(value);
            continue;
        };
        match word.as_slice() {
            b"endbfchar" => chars(&operands, &mut meanings),
            b"endbfrange" => ranges(&operands, &mut meanings, budget)?,
            _ => {}
        }
        operands.clear();
    }
    Ok(meanings)
}

fn code(value: &Value) -> Option<u32> {
    let Value::Text(bytes) = value else { return None };
    (bytes.len() <= 2).then(|| bytes.iter().fold(0_u32, |code, byte| (code << 8) | u32::from(*byte)))
}

/// UTF-16, high byte first.
fn said(value: &Value) -> Option<Vec<u16>> {
    let Value::Text(bytes) = value else { return None };
    Some(
        bytes
            .chunks(2)
            .map(|pair| pair.iter().fold(0_u16, |unit, byte| (unit << 8) | u16::from(*byte)))
            .collect(),
    )
}

fn chars(operands: &[Value], meanings: &mut BTreeMap<u32, String>) {
    for pair in operands.chunks_exact(2) {
        let [from, to] = pair else { continue };
        if let (Some(code), Some(units)) = (code(from), said(to)) {
            meanings
                .insert(code, String::from_utf16_lossy(units.get(..units.len().min(8)).unwrap_or_default()));
        }
    }
}

fn ranges(
    operands: &[Value],
    meanings: &mut BTreeMap<u32, String>,
    budget: &mut Budget,
) -> Result<(), PdfError> {
    for triple in operands.chunks_exact(3) {
        let [from, to, begin] = triple else { continue };
        let (Some(from), Some(to)) = (code(from), code(to)) else { continue };
        if let Value::Array(each) = begin {
            for (code, meaning) in (from..=to).zip(each) {
                let units = said(meaning).unwrap_or_default();
                meanings.insert(
                    code,
                    String::from_utf16_lossy(units.get(..units.len().min(8)).unwrap_or_default()),
                );
            }
            continue;
        }
        let Some(mut units) = said(begin).filter(|units| !units.is_empty() && units.len() <= 8) else {
            continue;
        };
        for code in from..=to {
            budget.spend(8)?;
            if meanings.len() >= CODES {
                return Ok(());
            }
            meanings.insert(code, String::from_utf16_lossy(&units));
            if let Some(last) = units.last_mut() {
                *last = last.wrapping_add(1);
            }
        }
    }
    Ok(())
}
