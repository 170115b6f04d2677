//! Values of a PDF: numbers, names, strings, arrays, dictionaries, references (ISO 32000-1, section 7.3).

use std::collections::BTreeMap;

use super::{Budget, PdfError};

/// How deep values may nest.
const DEPTH: usize = 24;
/// The longest a single value may be written.
const LONGEST: usize = 1 << 20;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool,
    Number(f64),
    Name(String),
    Text(Vec<u8>),
    Array(Vec<Value>),
    Dict(BTreeMap<String, Value>),
    Ref(u32),
    /// A word that is no value: an operator.
    Word(Vec<u8>),
}

impl Value {
    pub(super) const fn dict(&self) -> Option<&BTreeMap<String, Self>> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }

    pub(super) fn name(&self) -> Option<&str> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    /// A whole number that is not negative.
    pub(super) fn index(&self) -> Option<usize> {
        let Self::Number(number) = self else { return None };
        format!("{number}").parse().ok()
    }
}

/// Reads values one after the other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if is_space(byte) {
                self.at = self.at.saturating_add(1);
            } else if byte == b'%' {
                while self.peek().is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                    self.at = self.at.saturating_add(1);
                }
            } else {
                return;
            }
        }
    }

    /// The next value or word; none at the end, or where nothing can be made of what follows.
    pub(super) fn next(&mut self, budget: &mut Budget) -> Result<Option<Value>, PdfError> {
        let begun = self.at;
        let value = self.value(DEPTH, begun.saturating_add(LONGEST));
        budget.spend(self.at.saturating_sub(begun).saturating_add(1))?;
        Ok(value)
    }

    fn value(&mut self, depth: usize, end: usize) -> Option<Value> {
        self.skip_space();
        if self.at >= end {
            return None;
        }
        match self.peek()? {
            b'/' => Some(Value::Name(self.read_name())),
            b'(' => self.literal(end),
            b'<' if self.rest().starts_with(b"<<") => self.dictionary(depth.checked_sub(1)?, end),
            b'<' => self.hexadecimal(end),
            b'[' => self.array(depth.checked_sub(1)?, end),
            b'+' | b'-' | b'.' | b'0'..=b'9' => Some(self.number_or_reference()),
            b')' | b']' | b'>' | b'{' | b'}' => None,
            _ => Some(self.word()),
        }
    }

    fn token(&mut self) -> &'a [u8] {
        let begun = self.at;
        while self.peek().is_some_and(|byte| !is_space(byte) && !is_delimiter(byte)) {
            self.at = self.at.saturating_add(1);
        }
        self.bytes.get(begun..self.at).unwrap_or_default()
    }

    fn read_name(&mut self) -> String {
        self.at = self.at.saturating_add(1);
        String::from_utf8_lossy(self.token()).into_owned()
    }

    fn word(&mut self) -> Value {
        match self.token() {
            b"null" => Value::Null,
            b"true" | b"false" => Value::Bool,
            word => Value::Word(word.to_vec()),
        }
    }

    fn number(&mut self) -> f64 {
        let text = String::from_utf8_lossy(self.token()).into_owned();
        text.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or_default()
    }

    /// `12 0 R` refers to object 12.
    fn number_or_reference(&mut self) -> Value {
        let number = self.number();
        let back = self.at;
        let referred = Value::Number(number).index().and_then(|index| u32::try_from(index).ok());
        if let Some(index) = referred {
            self.skip_space();
            let generation = self.token();
            let numeric =
                !generation.is_empty() && generation.len() <= 5 && generation.iter().all(u8::is_ascii_digit);
            self.skip_space();
            if numeric && self.token() == b"R" {
                return Value::Ref(index);
            }
        }
        self.at = back;
        Value::Number(number)
    }

    fn literal(&mut self, end: usize) -> Option<Value> {
        self.at = self.at.saturating_add(1);
        let (mut text, mut open) = (Vec::new(), 1_usize);
        while self.at < end {
            let byte = self.peek()?;
            self.at = self.at.saturating_add(1);
            match byte {
                b'\\' => text.extend(self.escaped()),
                b'(' => {
                    open = open.saturating_add(1);
                    text.push(byte);
                }
                b')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return Some(Value::Text(text));
                    }
                    text.push(byte);
                }
                _ => text.push(byte),
            }
        }
        None
    }

    fn escaped(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at = self.at.saturating_add(1);
        match byte {
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'b' | b'f' | b'\n' => None,
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at = self.at.saturating_add(1);
                }
                None
            }
            b'0'..=b'7' => {
                let mut code = u32::from(byte.saturating_sub(b'0'));
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code.saturating_mul(8).saturating_add(u32::from(digit.saturating_sub(b'0')));
                    self.at = self.at.saturating_add(1);
                }
                u8::try_from(code & 0xff).ok()
            }
            _ => Some(byte),
        }
    }

    fn hexadecimal(&mut self, end: usize) -> Option<Value> {
        self.at = self.at.saturating_add(1);
        let (mut text, mut half) = (Vec::new(), None);
        while self.at < end {
            let byte = self.peek()?;
            self.at = self.at.saturating_add(1);
            let digit = match byte {
                b'>' => {
                    text.extend(half.map(|half: u8| half << 4));
                    return Some(Value::Text(text));
                }
                b'0'..=b'9' => byte.saturating_sub(b'0'),
                b'a'..=b'f' => byte.saturating_sub(b'a').saturating_add(10),
                b'A'..=b'F' => byte.saturating_sub(b'A').saturating_add(10),
                _ if is_space(byte) => continue,
                _ => return None,
            };
            match half.take() {
                Some(high) => text.push((high << 4) | digit),
                None => half = Some(digit),
            }
        }
        None
    }

    fn array(&mut self, depth: usize, end: usize) -> Option<Value> {
        self.at = self.at.saturating_add(1);
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.peek()? == b']' {
                self.at = self.at.saturating_add(1);
                return Some(Value::Array(items));
            }
            let item = self.value(depth, end)?;
            // In a content stream an array may hold nothing but values; a word means that it was never closed.
            if matches!(item, Value::Word(_)) {
                return None;
            }
            items.push(item);
        }
    }

    fn dictionary(&mut self, depth: usize, end: usize) -> Option<Value> {
        self.at = self.at.saturating_add(2);
        let mut dict = BTreeMap::new();
        loop {
            self.skip_space();
            if self.rest().starts_with(b">>") {
                self.at = self.at.saturating_add(2);
                return Some(Value::Dict(dict));
            }
            if self.peek()? != b'/' {
                return None;
            }
            let name = self.read_name();
            let value = self.value(depth, end)?;
            if matches!(value, Value::Word(_)) {
                return None;
            }
            dict.insert(name, value);
        }
    }
}
