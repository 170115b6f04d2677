//! Speech: one text of a JSON object, heard while the object is still being written, wherever its pieces are cut.

/// What is heard of one field of an object.
#[derive(Debug)]
pub(super) struct Speech {
    field: &'static str,
    /// What is not understood yet: the beginning of an escape.
    waiting: String,
    /// How deep within objects and lists.
    depth: usize,
    place: Place,
    /// The name of the field that is being read, or was read last, at the top.
    key: String,
}

/// Where in the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between texts; a text that comes is a name of a field where `key` says so.
    Between {
        /// Whether a name comes next.
        key: bool,
    },
    /// In the name of a field.
    Key,
    /// In a text.
    Text,
}

impl Speech {
    /// Listens for the text of a field at the top of the object.
    pub(super) const fn of(field: &'static str) -> Self {
        Self {
            field,
            waiting: String::new(),
            depth: 0,
            place: Place::Between { key: false },
            key: String::new(),
        }
    }

    /// Takes a piece; gives what is new of the text.
    pub(super) fn take(&mut self, piece: &str) -> String {
        let mut heard = String::new();
        self.waiting.push_str(piece);
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = waiting.as_str();
        while let Some(first) = rest.chars().next() {
            let within = matches!(self.place, Place::Key | Place::Text);
            let (said, after) = if within && first == '\\' {
                let Some(read) = escaped(rest) else { break };
                read
            } else {
                (Some(first), rest.get(first.len_utf8()..).unwrap_or_default())
            };
            if within && first != '"' {
                self.within(said.unwrap_or(char::REPLACEMENT_CHARACTER), &mut heard);
            } else {
                self.step(first);
            }
            rest = after;
        }
        self.waiting.push_str(rest);
        heard
    }

    /// A character of a name or a text.
    fn within(&mut self, said: char, heard: &mut String) {
        if self.place == Place::Key && self.depth == 1 {
            self.key.push(said);
        } else if self.place == Place::Text && self.depth == 1 && self.key == self.field {
            heard.push(said);
        }
    }

    /// A character between texts, or the quote that ends one.
    fn step(&mut self, c: char) {
        self.place = match (self.place, c) {
            (Place::Key | Place::Text, _) => Place::Between { key: false },
            (Place::Between { key: true }, '"') => {
                if self.depth == 1 {
                    self.key.clear();
                }
                Place::Key
            }
            (Place::Between { key: false }, '"') => Place::Text,
            (Place::Between { .. }, '{' | '[') => {
                self.depth = self.depth.saturating_add(1);
                Place::Between { key: c == '{' }
            }
            (Place::Between { .. }, '}' | ']') => {
                self.depth = self.depth.saturating_sub(1);
                Place::Between { key: false }
            }
            // At the top there are fields; what is deeper is not listened to.
            (Place::Between { .. }, ',') => Place::Between { key: self.depth == 1 },
            (Place::Between { key }, _) => Place::Between { key },
        };
    }
}

/// The character that an escape stands for, and what comes after it; none where the escape is not whole yet.
fn escaped(text: &str) -> Option<(Option<char>, &str)> {
    let code = |at: usize| u32::from_str_radix(text.get(at..at.checked_add(4)?)?, 16).ok();
    let plain = |c: char| Some((Some(c), text.get(2..)?));
    match text.chars().nth(1)? {
        'n' => plain('\n'),
        't' => plain('\t'),
        'r' => plain('\r'),
        'b' | 'f' => plain(' '),
        'u' => {
            let after = text.get(6..)?;
            let high = code(2);
            // A character beyond the first plane comes in two halves.
            if high.is_some_and(|high| (0xD800..0xDC00).contains(&high)) {
                let rest = text.get(12..)?;
                let low = code(8).filter(|low| after.starts_with("\\u") && (0xDC00..0xE000).contains(low));
                let joined = high.zip(low).map(|(high, low)| {
                    0x1_0000_u32
                        .saturating_add(high.saturating_sub(0xD800) << 10)
                        .saturating_add(low.saturating_sub(0xDC00))
                });
                return Some((joined.and_then(char::from_u32), if low.is_some() { rest } else { after }));
            }
            Some((high.and_then(char::from_u32), after))
        }
        other => Some((Some(other), text.get(other.len_utf8().saturating_add(1)..)?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Speech;

    #[test]
    fn the_text_of_a_field_is_heard_wherever_its_json_is_cut() {
        let text = "Grüße: \"all\" is well\\,\nsays {he} [\u{1F600}] at 18.";
        let whole = json!({"before": {"answer": "not this", "l": ["{", "answer"]}, "answer": text, "n": [1, {"answer": "nor this"}],
                           "after": "answer"});
        for written in
            [whole.to_string(), serde_json::to_string_pretty(&whole).unwrap(), escaped(&whole.to_string())]
        {
            let cuts: Vec<usize> = written.char_indices().map(|(at, _)| at).collect();
            for cut in &cuts {
                let (one, other) = written.split_at(*cut);
                let mut speech = Speech::of("answer");
                let heard = speech.take(one) + &speech.take(other);
                assert_eq!(heard, text, "cut at {cut} of {written}");
            }
            let mut speech = Speech::of("answer");
            let heard: String = written.chars().map(|c| speech.take(&c.to_string())).collect();
            assert_eq!(heard, text);
        }
    }

    /// The same JSON with everything beyond ASCII written as escapes.
    fn escaped(json: &str) -> String {
        let written = |unit: &u16| format!("\\u{unit:04x}");
        let units = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(written).collect::<Vec<_>>().concat();
        json.chars().map(|c| if c.is_ascii() { c.to_string() } else { units(c) }).collect()
    }

    #[test]
    fn what_is_no_json_is_heard_out_in_peace() {
        for strange in [
            "",
            "}}}]]",
            "\"",
            "{\"answer\": \"a\\",
            "{\"answer\": \"\\uD83D\\u0041\"}",
            "\\u12",
            "{\"answer\": 12}",
        ] {
            let mut speech = Speech::of("answer");
            let heard = speech.take(strange);
            assert!(heard.len() <= strange.len(), "{heard}");
        }
    }
}
