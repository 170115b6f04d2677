//! Figures: every number in a text, wherever and however it is written.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

/// A figure in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// As it was written.
    pub text: String,
    /// What it says.
    pub says: Says,
}

/// What a figure says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// A number, without its sign: "fell by 5" is a change of −5.
    Number(Decimal),
    /// A date, or a date and time.
    Date(String),
}

/// A date with or without a time (RFC 3339), or a number with its digits grouped or not.
static WRITTEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<date>\d{4}-\d{2}-\d{2}(?:[T\x20]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)
        | (?P<grouped>\d{1,3}(?:[,'\u{a0}\u{202f}]\d{3})+(?:\.\d+)?)
        | (?P<plain>\d+(?:\.\d+)?)",
    )
    .ok()
});

/// Ids are no figures, whatever digits are in them.
static ULID: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b").ok());

/// The number in front of an item of a list.
static LIST_MARK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^[ \t]*(\d{1,2})[.)][ \t]").ok());

/// A word of letters, for numbers that are written out.
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{L}+").ok());

/// Every figure of a text, in order. Names that stand in the data are left out, with the digits in them.
pub fn figures(text: &str, names: &[&str]) -> Vec<Figure> {
    let masked = masked(text, names);
    let mut found = in_digits(&masked);
    found.extend(in_words(&masked));
    found.sort_by_key(|figure| figure.span.start);
    for figure in &mut found {
        text.get(figure.span.clone()).unwrap_or_default().clone_into(&mut figure.text);
    }
    found
}

/// The text from a place on, with every figure blotted out: what can be shown of a text before any of its figures was checked.
pub fn blotted(text: &str, from: usize, names: &[&str]) -> String {
    // The line is looked at from its beginning: a figure may have begun before, and a list is numbered there.
    let line = text.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |at| at.saturating_add(1));
    let window = text.get(line..).unwrap_or_default();
    let mut at = from.saturating_sub(line);
    let mut shown = String::new();
    for figure in figures(window, names) {
        if figure.span.end <= at {
            continue;
        }
        shown.push_str(window.get(at..figure.span.start).unwrap_or_default());
        shown.push('…');
        at = figure.span.end;
    }
    shown.push_str(window.get(at..).unwrap_or_default());
    shown
}

/// The text with everything blotted out, byte for byte, that is no figure whatever it looks like.
fn masked(text: &str, names: &[&str]) -> String {
    let mut masked = text.to_owned();
    let mut names: Vec<&str> = names.iter().copied().filter(|name| is_name(name)).collect();
    // The longest first, so that a name within another does not leave half of it standing.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        blot_name(&mut masked, name);
    }
    for (pattern, group) in [(&*ULID, 0), (&*LIST_MARK, 1)] {
        let Some(pattern) = pattern else { continue };
        let spans: Vec<Range<usize>> = pattern
            .captures_iter(&masked)
            .filter_map(|found| found.get(group).map(|part| part.start()..part.end()))
            .collect();
        for span in spans {
            blot(&mut masked, span);
        }
    }
    masked
}

/// Whether a name holds what could be taken for a figure. One that is a mere number would blot out the very figures that are
/// looked for, and so would a number word.
fn is_name(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let words: Vec<&str> =
        name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let numbers = words.iter().filter(|word| spelled(word).is_some()).count();
    let digits = name.chars().any(|c| c.is_ascii_digit());
    (digits && letters >= 2) || (numbers > 0 && words.len() > numbers)
}

fn blot_name(masked: &mut String, name: &str) {
    let mut from = 0;
    while let Some(at) = masked.get(from..).and_then(|rest| rest.find(name)).map(|at| at.saturating_add(from))
    {
        let end = at.saturating_add(name.len());
        let bounded = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let before = masked.get(..at).and_then(|text| text.chars().next_back());
        let after = masked.get(end..).and_then(|text| text.chars().next());
        if bounded(before) && bounded(after) {
            blot(masked, at..end);
        }
        from = end;
    }
}

/// Replaces a span by as many bytes that mean nothing.
fn blot(masked: &mut String, span: Range<usize>) {
    let blank = "\u{1}".repeat(span.len());
    if masked.is_char_boundary(span.start) && masked.is_char_boundary(span.end) {
        masked.replace_range(span, &blank);
    }
}

fn in_digits(text: &str) -> Vec<Figure> {
    let Some(written) = &*WRITTEN else { return Vec::new() };
    let mut found = Vec::new();
    for part in written.captures_iter(text) {
        let Some(whole) = part.get(0) else { continue };
        let before = text.get(..whole.start()).and_then(|text| text.chars().next_back());
        // "Q4", "S3", "CVE-2024-1": a name of something. What follows a hyphen that follows a letter belongs to it.
        if before.is_some_and(char::is_alphabetic) || belongs_to_a_name(text, whole.start()) {
            continue;
        }
        let (mut end, says) = if part.name("date").is_some() {
            (whole.end(), Says::Date(whole.as_str().replace(' ', "T")))
        } else {
            let digits: String = whole.as_str().chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
            let Ok(number) = Decimal::from_str_exact(&digits) else {
                found.push(unreadable(whole.range()));
                continue;
            };
            let (scaled, behind) = scaled(number, text.get(whole.end()..).unwrap_or_default());
            (whole.end().saturating_add(behind), Says::Number(scaled))
        };
        end = end.min(text.len());
        found.push(Figure { span: whole.start()..end, text: String::new(), says });
    }
    found
}

/// More digits than can be read: nothing in the data says such a thing.
fn unreadable(span: Range<usize>) -> Figure {
    Figure { span, text: String::new(), says: Says::Date("unreadable".to_owned()) }
}

/// Whether what begins here is glued by hyphens, dots or underscores to a word before it: `CVE-2024-1`, `top_10`, `v2.1`.
fn belongs_to_a_name(text: &str, start: usize) -> bool {
    let head = text.get(..start).unwrap_or_default();
    let glued = head.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    let glue = head.get(glued.len()..).unwrap_or_default();
    !glue.is_empty()
        && glue.starts_with(['-', '_'])
        && glued.chars().next_back().is_some_and(char::is_alphabetic)
        && glue.chars().next_back().is_some_and(|c| matches!(c, '-' | '_' | '.'))
}

/// "5k", "2 million": the number that is meant, and how far the word reaches.
fn scaled(number: Decimal, rest: &str) -> (Decimal, usize) {
    let gap = rest.len().saturating_sub(rest.trim_start_matches(' ').len()).min(1);
    let tail = rest.get(gap..).unwrap_or_default();
    let word: String = tail.chars().take_while(|c| c.is_alphabetic()).collect();
    let factor = match (word.to_lowercase().as_str(), gap) {
        ("k", 0) | ("thousand", _) => 1_000_i64,
        ("m" | "mn" | "mio", 0) | ("million", _) => 1_000_000,
        ("b" | "bn", 0) | ("billion", _) => 1_000_000_000,
        ("dozen", _) => 12,
        ("hundred", _) => 100,
        _ => return (number, 0),
    };
    (number.saturating_mul(Decimal::from(factor)), gap.saturating_add(word.len()))
}

/// Numbers that are written out. "one" is left out, which is a pronoun more often than a figure.
fn in_words(text: &str) -> Vec<Figure> {
    let Some(word) = &*WORD else { return Vec::new() };
    let mut found: Vec<Figure> = Vec::new();
    let mut run: Option<(Range<usize>, u64)> = None;
    for part in word.find_iter(text) {
        let goes_with = run.as_ref().is_some_and(|(span, _)| joined(text, span.end, part.start()));
        let one = || (goes_with && part.as_str().eq_ignore_ascii_case("one")).then_some(1);
        let Some(value) = spelled(part.as_str()).or_else(one) else {
            found.extend(run.take().map(closed));
            continue;
        };
        run = match run.take() {
            Some((span, so_far)) if joined(text, span.end, part.start()) && goes_on(so_far, value) => {
                Some((span.start..part.end(), combined(so_far, value)))
            }
            before => {
                found.extend(before.map(closed));
                Some((part.range(), value))
            }
        };
    }
    found.extend(run.map(closed));
    // "5 million" has been read with its digits.
    found.retain(|figure| !follows_digits(text, figure.span.start));
    found
}

fn closed((span, value): (Range<usize>, u64)) -> Figure {
    Figure { span, text: String::new(), says: Says::Number(Decimal::from(value)) }
}

fn follows_digits(text: &str, start: usize) -> bool {
    let head = text.get(..start).unwrap_or_default().trim_end_matches(' ');
    head.chars().next_back().is_some_and(|c| c.is_ascii_digit())
}

fn joined(text: &str, end: usize, start: usize) -> bool {
    matches!(text.get(end..start), Some(" " | "-" | "\u{2010}" | "\u{2011}"))
}

/// Whether a number word goes on with the one before: "twenty" "one", "two" "hundred".
const fn goes_on(so_far: u64, value: u64) -> bool {
    value >= 100 || so_far >= 100 || (so_far >= 20 && so_far.is_multiple_of(10) && value < 10)
}

const fn combined(so_far: u64, value: u64) -> u64 {
    if value >= 100 { so_far.saturating_mul(value) } else { so_far.saturating_add(value) }
}

/// What a number word says.
fn spelled(word: &str) -> Option<u64> {
    Some(match word.to_lowercase().as_str() {
        "zero" => 0,
        "two" | "both" | "twice" | "double" | "doubled" => 2,
        "three" | "thrice" | "triple" | "tripled" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" | "dozen" => 12,
        "thirteen" => 13,
        "fourteen" => 14,
        "fifteen" => 15,
        "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        "twenty" => 20,
        "thirty" => 30,
        "forty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        "hundred" | "hundreds" => 100,
        "thousand" | "thousands" => 1_000,
        "million" | "millions" => 1_000_000,
        "billion" | "billions" => 1_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Says, blotted, figures};

    fn read(text: &str, names: &[&str]) -> Vec<String> {
        figures(text, names)
            .into_iter()
            .map(|figure| match figure.says {
                Says::Number(number) => number.normalize().to_string(),
                Says::Date(date) => date,
            })
            .collect()
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for (text, found) in [
            ("12 of 1,200 (up 3.5%)", vec!["12", "1200", "3.5"]),
            ("-5 or +7", vec!["5", "7"]),
            ("5k users, 2 million rows, $3bn", vec!["5000", "2000000", "3000000000"]),
            ("twelve, twenty-one and two hundred", vec!["12", "21", "200"]),
            ("opened 2026-11-01, seen 2026-11-02T03:04:05Z", vec!["2026-11-01", "2026-11-02T03:04:05Z"]),
            ("30d and 12th", vec!["30", "12"]),
            ("it has doubled", vec!["2"]),
            ("7.", vec!["7"]),
            ("99999999999999999999999999999999", vec!["unreadable"]),
        ] {
            assert_eq!(read(text, &[]), found, "{text}");
        }
    }

    #[test]
    fn nothing_of_a_figure_is_left_that_began_before_the_place() {
        for (text, from, shown) in [
            ("It is 18 now", 0, "It is … now"),
            ("It is 5 million now", 8, "… now"),
            ("One\n2. It is twenty three", 4, "2. It is …"),
            ("Q4 is fine", 0, "Q4 is fine"),
            ("", 0, ""),
        ] {
            assert_eq!(blotted(text, from, &[]), shown, "{text}");
        }
    }

    #[test]
    fn what_merely_holds_digits_is_no_figure() {
        for text in [
            "Q4 and S3",
            "CVE-2024-12345 and top_10_hosts",
            "1. first\n2) second",
            "01KAMK3ED0QVQ4P57Q9T3A9S4D",
            "one of them",
        ] {
            assert!(read(text, &[]).is_empty(), "{text}: {:?}", read(text, &[]));
        }
    }

    #[test]
    fn digits_in_names_of_the_data_are_no_figures_but_a_name_that_is_a_number_hides_none() {
        assert!(read("ISO 27001 gaps is red", &["ISO 27001 gaps"]).is_empty());
        assert_eq!(read("ISO 27001 gaps is at 9", &["ISO 27001 gaps"]), ["9"]);
        assert_eq!(read("it is 42", &["42"]), ["42"]);
        assert_eq!(read("it is 42", &["2"]), ["42"]);
        assert!(read("Three Lines Ltd is critical", &["Three Lines Ltd"]).is_empty());
    }
}
