//! Words: a text taken apart, with quotes kept whole and breaks kept visible.

/// One word of a text, or a break between parts of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::interview) struct Word {
    /// As written.
    pub raw: String,
    /// In lower case, without a possessive ending.
    pub low: String,
    /// What it is.
    pub sort: Sort,
    /// Whether it ended in a possessive.
    pub owns: bool,
}

/// How words are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::interview) enum Manner {
    /// As a part of a sentence: things are named for what they are.
    Sentence,
    /// As an answer: what was asked for needs no name.
    Answer,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::interview) enum Sort {
    /// An ordinary word.
    Plain,
    /// A text in quotes, whole.
    Quoted,
    /// A comma or what is like one.
    Comma,
    /// The end of a sentence.
    Stop,
}

impl Word {
    fn plain(raw: &str) -> Self {
        let straight = raw.replace(['’', '‘'], "'");
        let low = straight.to_lowercase();
        let base = low.strip_suffix("'s").or_else(|| low.strip_suffix("s'").filter(|base| base.len() > 2));
        let owns = base.is_some()
            && !matches!(low.as_str(), "it's" | "that's" | "let's" | "there's" | "who's" | "what's");
        let low = match (owns, base) {
            (true, Some(base)) => base.to_owned(),
            _ => low,
        };
        Self { raw: straight, low, sort: Sort::Plain, owns }
    }

    fn quoted(raw: &str) -> Self {
        Self { raw: raw.trim().to_owned(), low: raw.trim().to_lowercase(), sort: Sort::Quoted, owns: false }
    }

    fn mark(sort: Sort) -> Self {
        let raw = if sort == Sort::Comma { "," } else { "." };
        Self { raw: raw.to_owned(), low: raw.to_owned(), sort, owns: false }
    }

    /// Whether it is a break.
    pub(in crate::interview) fn is_break(&self) -> bool {
        matches!(self.sort, Sort::Comma | Sort::Stop)
    }
}

/// The quotes that are known, opening and closing.
const QUOTES: &[(char, char)] = &[('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('`', '`')];

/// The words of a text.
pub(in crate::interview) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        if first == '\n' {
            found.push(Word::mark(Sort::Stop));
            rest = after;
        } else if first.is_whitespace() {
            rest = after;
        } else if let Some((quoted, tail)) = quotation(first, after) {
            found.push(Word::quoted(quoted));
            rest = tail;
        } else {
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '"' | '“' | '”' | '`'))
                .filter(|end| *end > 0);
            let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
            apart(word, &mut found);
            rest = if end.is_none() { "" } else { tail };
        }
    }
    found
}

fn quotation(first: char, after: &str) -> Option<(&str, &str)> {
    if first == '\'' || first == '‘' {
        let close = after.find(['\'', '’'])?;
        let (inner, tail) = after.split_at(close);
        let tail = tail.get(tail.chars().next()?.len_utf8()..)?;
        let ends = tail.chars().next().is_none_or(|c| !c.is_alphanumeric());
        return (ends && !inner.is_empty()).then_some((inner, tail));
    }
    let (_, close) = QUOTES.iter().find(|(open, _)| *open == first)?;
    let (inner, tail) = after.split_once(*close)?;
    (!inner.trim().is_empty()).then_some((inner, tail))
}

/// A run without spaces: the word, and the breaks around it.
fn apart(run: &str, into: &mut Vec<Word>) {
    if matches!(run, "->" | "=>" | "→") {
        return into.push(Word::mark(Sort::Stop));
    }
    if matches!(run, "-" | "–" | "—" | "/" | "|" | "+") {
        return into.push(Word::mark(Sort::Comma));
    }
    if let Some((left, right)) = run.split_once('→').or_else(|| run.split_once('—')) {
        apart_if_any(left, into);
        into.push(Word::mark(Sort::Comma));
        return apart_if_any(right, into);
    }
    let front = run.trim_start_matches(['(', '[', '*', '•', '¿', '¡']);
    if front.len() < run.len() && run.starts_with('(') {
        into.push(Word::mark(Sort::Comma));
    }
    let word = front.trim_end_matches([',', ';', ':', '.', '!', '?', ')', ']', '…', '*']);
    // `a.m.` and `p.m.` keep their stops.
    let (word, tail) = match front.to_lowercase().as_str() {
        "a.m." | "p.m." => (front, ""),
        _ => (word, front.get(word.len()..).unwrap_or_default()),
    };
    if !word.is_empty() {
        into.push(Word::plain(word));
    }
    if tail.contains(['.', '!', '?', '…']) {
        into.push(Word::mark(Sort::Stop));
    } else if tail.contains([',', ';', ':', ')']) {
        into.push(Word::mark(Sort::Comma));
    }
}

fn apart_if_any(run: &str, into: &mut Vec<Word>) {
    if !run.is_empty() {
        apart(run, into);
    }
}

/// A number in figures or in words, up to a hundred and beyond in figures.
pub(in crate::interview) fn number(low: &str) -> Option<u64> {
    const SMALL: &[&str] = &[
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    if let Some(at) = SMALL.iter().position(|word| *word == low) {
        return u64::try_from(at).ok();
    }
    match low {
        "thirty" => Some(30),
        "forty" => Some(40),
        "forty-five" => Some(45),
        "forty-eight" => Some(48),
        "fifty" => Some(50),
        "sixty" => Some(60),
        "ninety" => Some(90),
        "twenty-four" => Some(24),
        "seventy-two" => Some(72),
        _ => low.parse().ok().filter(|_| low.len() <= 6),
    }
}

#[cfg(test)]
mod tests {
    use super::{Sort, words};

    #[test]
    fn a_text_falls_into_words_quotes_and_breaks() {
        let found = words("Email Priya's team “at once”, then: post to #soc.");
        let lows: Vec<_> = found.iter().map(|word| word.low.as_str()).collect();
        assert_eq!(lows, ["email", "priya", "team", "at once", ",", "then", ",", "post", "to", "#soc", "."]);
        assert!(found[1].owns && found[3].sort == Sort::Quoted);
        assert_eq!(words("9:30 a.m. or 17:00?").len(), 5);
    }
}
