//! Faces: five of the fourteen fonts that every PDF reader has, how wide their letters are, and which letters they have.

/// A face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Regular,
    Bold,
    Italic,
    BoldItalic,
    Code,
}

impl Face {
    pub(super) const ALL: [Self; 5] = [Self::Regular, Self::Bold, Self::Italic, Self::BoldItalic, Self::Code];

    /// What pages call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Regular => "F1",
            Self::Bold => "F2",
            Self::Italic => "F3",
            Self::BoldItalic => "F4",
            Self::Code => "F5",
        }
    }

    /// What readers know it as.
    pub(super) const fn base_font(self) -> &'static str {
        match self {
            Self::Regular => "Helvetica",
            Self::Bold => "Helvetica-Bold",
            Self::Italic => "Helvetica-Oblique",
            Self::BoldItalic => "Helvetica-BoldOblique",
            Self::Code => "Courier",
        }
    }

    /// How wide a letter is, in thousandths of the size.
    pub(super) fn width(self, letter: u8) -> i64 {
        let widths = match self {
            Self::Regular | Self::Italic => &REGULAR,
            Self::Bold | Self::BoldItalic => &BOLD,
            Self::Code => return 600,
        };
        let place = usize::from(letter).checked_sub(32);
        place.and_then(|place| widths.get(place)).copied().map_or(0, i64::from)
    }
}

/// The letters of a text in `WinAnsiEncoding`; those it does not have as what comes near, or a question mark.
pub(super) fn letters(text: &str) -> Vec<u8> {
    let mut letters = Vec::with_capacity(text.len());
    for c in text.chars() {
        match near(c) {
            Some(spelled) => letters.extend_from_slice(spelled.as_bytes()),
            None => letters.push(letter(c)),
        }
    }
    letters
}

/// What is spelled out.
const fn near(c: char) -> Option<&'static str> {
    Some(match c {
        '\t' => "    ",
        '→' | '⇒' => "->",
        '←' => "<-",
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '✓' | '✔' | '☑' => "[x]",
        '✗' | '✘' | '☐' => "[ ]",
        '\u{2009}' | '\u{202f}' | '\u{2007}' => " ",
        '\u{2010}' | '\u{2011}' | '\u{2212}' => "-",
        '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{feff}' => "",
        _ => return None,
    })
}

fn letter(c: char) -> u8 {
    match c {
        '\n' | ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(c).unwrap_or(b'?'),
        _ => UPPER.iter().find(|(one, _)| *one == c).map_or(b'?', |(_, code)| *code),
    }
}

/// Where `WinAnsiEncoding` differs from Latin-1 (ISO 32000-1, annex D).
const UPPER: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8a),
    ('‹', 0x8b),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9a),
    ('›', 0x9b),
    ('œ', 0x9c),
    ('ž', 0x9e),
    ('Ÿ', 0x9f),
];

/// Adobe's metrics of Helvetica, from the letter 32 on; its slanted kin is as wide.
const REGULAR: [u16; 224] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350, 556, 350, 222, 556, 333, 1000, 556, 556, 333,
    1000, 667, 333, 1000, 350, 611, 350, 350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944,
    350, 500, 667, 278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556, 584, 333, 737, 333, 400, 584,
    333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611, 667, 667, 667, 667, 667, 667, 1000,
    722, 667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722,
    722, 667, 667, 611, 556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278, 556,
    556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

/// Adobe's metrics of Helvetica-Bold, from the letter 32 on; its slanted kin is as wide.
const BOLD: [u16; 224] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278,
    556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584,
    556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556,
    333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584, 350, 556, 350, 278, 556, 500, 1000, 556, 556, 333,
    1000, 667, 333, 1000, 350, 611, 350, 350, 278, 278, 500, 500, 350, 556, 1000, 333, 1000, 556, 333, 944,
    350, 500, 667, 278, 333, 556, 556, 556, 556, 280, 556, 333, 737, 370, 556, 584, 333, 737, 333, 400, 584,
    333, 333, 333, 611, 556, 278, 333, 333, 365, 556, 834, 834, 834, 611, 722, 722, 722, 722, 722, 722, 1000,
    722, 667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722,
    722, 667, 667, 611, 556, 556, 556, 556, 556, 556, 889, 556, 556, 556, 556, 556, 278, 278, 278, 278, 611,
    611, 611, 611, 611, 611, 611, 584, 611, 611, 611, 611, 611, 556, 611, 556,
];

#[cfg(test)]
mod tests {
    use super::{Face, letters};

    #[test]
    fn letters_are_found_spelled_out_or_questioned() {
        assert_eq!(letters("aÄ€ → 漢"), [b'a', 0xc4, 0x80, b' ', b'-', b'>', b' ', b'?']);
    }

    #[test]
    fn letters_are_as_wide_as_their_metrics_say() {
        assert_eq!(
            (Face::Regular.width(b'A'), Face::Bold.width(b'A'), Face::Code.width(b'i')),
            (667, 722, 600)
        );
        assert_eq!((Face::Italic.width(b'i'), Face::Regular.width(7)), (222, 0));
    }
}
