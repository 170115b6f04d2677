//! Ears: a text as it is searched for words, whatever their endings, and for texts, whatever their spaces.

use crate::interview::rules::kri::{split, stem};
use crate::interview::rules::span::spans;
use crate::interview::rules::word::{Sort, Word, number, words};
use crate::workflow::Span;

/// A text that was heard.
#[derive(Debug, Clone)]
pub(super) struct Ears {
    low: String,
    words: Vec<Word>,
    stems: Vec<String>,
}

impl Ears {
    pub(super) fn of(text: &str) -> Self {
        let low = plain(text);
        let stems = split(&low).iter().map(|word| stem(word)).collect();
        Self { low, words: words(text), stems }
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// Whether a word was said that begins so.
    pub(super) fn has(&self, beginnings: &[&str]) -> bool {
        let plain = self.words.iter().filter(|word| word.sort == Sort::Plain);
        plain.map(|word| word.low.as_str()).any(|low| {
            // Short ones are whole words: `no` is no beginning of `notify`.
            beginnings
                .iter()
                .any(|begin| if begin.len() < 3 { low == *begin } else { low.starts_with(begin) })
        })
    }

    /// Whether the text was said as it stands.
    pub(super) fn holds(&self, text: &str) -> bool {
        let text = plain(text);
        !text.is_empty() && self.low.contains(&text)
    }

    /// Whether at least half of a text's words were said.
    pub(super) fn holds_most_of(&self, text: &str) -> bool {
        let own: Vec<String> = split(&plain(text)).iter().map(|word| stem(word)).collect();
        let said = own.iter().filter(|word| self.stems.contains(word)).count();
        said > 0 && said.saturating_mul(2) >= own.len()
    }

    /// Whether all of a text's words were said.
    pub(super) fn holds_all_of(&self, text: &str) -> bool {
        let own: Vec<String> = split(&plain(text)).iter().map(|word| stem(word)).collect();
        !own.is_empty() && own.iter().all(|word| self.stems.contains(word))
    }

    /// Whether a number was said, in figures or in words.
    pub(super) fn counts(&self, wanted: u64) -> bool {
        self.words.iter().any(|word| number(&word.low) == Some(wanted))
    }

    /// Whether any figure was said.
    pub(super) fn has_figure(&self) -> bool {
        self.low.chars().any(|c| c.is_ascii_digit())
            || self.words.iter().any(|word| number(&word.low).is_some())
    }

    /// The spans of time that were said.
    pub(super) fn spans(&self) -> Vec<Span> {
        spans(&self.words).into_iter().map(|(span, _)| span).collect()
    }
}

/// A text without what does not matter: capitals, the kind of quotes, how many spaces.
fn plain(text: &str) -> String {
    let straight = text.to_lowercase().replace(['’', '‘'], "'").replace(['“', '”', '„'], "\"");
    straight.split_whitespace().collect::<Vec<_>>().join(" ")
}
