//! Clauses: parts of a text that say one thing each, and what stands in them.

mod cut;

use crate::interview::rules::word::{Sort, Word};
use cut::{CONNECTORS, opens};
pub(super) use cut::{LEVELS, clauses};

/// A part of a text that says one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause(pub Vec<Word>);

/// What stands before the matter and adds nothing to it.
const OPENERS: &[&[&str]] = &[
    &["i", "would", "like", "to"],
    &["i'd", "like", "to"],
    &["i", "want", "to"],
    &["we", "want", "to"],
    &["we", "need", "to"],
    &["i", "need", "to"],
    &["i", "want", "you", "to"],
    &["i'd", "like", "you", "to"],
    &["can", "you"],
    &["could", "you"],
    &["would", "you"],
    &["on", "second", "thought"],
    &["on", "second", "thoughts"],
    &["what", "i'd", "like", "is", "that"],
    &["what", "i", "want", "is", "that"],
    &["what", "i", "would", "like", "is", "that"],
    &["after", "that"],
    &["i", "mean"],
    &["i", "meant"],
    &["let's"],
    &["we", "should"],
    &["you", "should"],
    &["i", "think"],
    &["it", "should"],
    &["make", "sure", "that"],
    &["make", "sure", "to"],
    &["please"],
    &["then"],
    &["and"],
    &["also"],
    &["finally"],
    &["but"],
    &["so"],
    &["actually"],
    &["sorry"],
    &["oh"],
    &["hmm"],
    &["hm"],
    &["ok"],
    &["okay"],
    &["well"],
    &["perhaps"],
    &["maybe"],
    &["kindly"],
    &["just"],
    &["now"],
    &["alright"],
    &["right"],
    &["rather"],
    &["first"],
];

const SMALL_TALK: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "thanks",
    "thank",
    "you",
    "there",
    "good",
    "morning",
    "afternoon",
    "evening",
    "cheers",
    "great",
    "perfect",
    "nice",
    "ok",
    "okay",
    "cool",
    "please",
    "a",
    "lot",
    "so",
    "much",
    "very",
    "fine",
    "hmm",
    "hm",
    "oh",
    "ah",
    "well",
    "lovely",
    "sorry",
    "actually",
    "super",
];

impl Clause {
    /// Without what adds nothing.
    pub(super) fn bare(&self) -> Self {
        let mut words = self.0.as_slice();
        loop {
            let before = words.len();
            words = words.trim_start_breaks();
            for opener in OPENERS {
                let fits = words.len() > opener.len()
                    && words
                        .iter()
                        .zip(opener.iter())
                        .all(|(word, low)| word.low == *low && word.sort == Sort::Plain);
                if fits {
                    words = words.get(opener.len()..).unwrap_or_default();
                }
            }
            // `No, make it amber`: the no belongs to what follows.
            if let [no, comma, rest @ ..] = words
                && matches!(no.low.as_str(), "no" | "nope")
                && comma.sort == Sort::Comma
                && rest.len() > 1
                && opens(rest, comma)
            {
                words = rest;
            }
            if words.len() == before {
                break;
            }
        }
        let mut words = words.to_vec();
        while words.last().is_some_and(|word| {
            word.is_break()
                || (words.len() > 1
                    && matches!(word.low.as_str(), "then" | "please" | "thanks" | "and" | "too"))
        }) {
            words.pop();
        }
        Self(words)
    }

    /// How many words it has.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it says nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is politeness alone.
    pub(super) fn is_small_talk(&self) -> bool {
        let adds_nothing = |low: &str| {
            SMALL_TALK.contains(&low) || CONNECTORS.contains(&low) || matches!(low, "do" | "it" | "that")
        };
        self.0.iter().all(|word| word.is_break() || adds_nothing(&word.low))
    }

    /// Whether any of these words is in it.
    pub(super) fn has(&self, any: &[&str]) -> bool {
        self.0.iter().any(|word| word.sort == Sort::Plain && any.contains(&word.low.as_str()))
    }

    /// Whether it begins with one of these words.
    pub(super) fn starts_with(&self, any: &[&str]) -> bool {
        self.0.first().is_some_and(|word| any.contains(&word.low.as_str()))
    }

    /// The place of the first of these words.
    pub(super) fn find(&self, any: &[&str]) -> Option<usize> {
        self.0.iter().position(|word| word.sort == Sort::Plain && any.contains(&word.low.as_str()))
    }

    /// Whether these words stand in it one after the other.
    pub(super) fn phrase(&self, phrase: &[&str]) -> bool {
        self.place_of(phrase).is_some()
    }

    /// Where these words stand in it one after the other.
    pub(super) fn place_of(&self, phrase: &[&str]) -> Option<usize> {
        self.0.windows(phrase.len()).position(|window| {
            window.iter().zip(phrase).all(|(word, low)| word.sort == Sort::Plain && word.low == *low)
        })
    }

    /// The words from a place on.
    pub(super) fn after(&self, at: usize) -> &[Word] {
        self.0.get(at..).unwrap_or_default()
    }

    /// The words up to a place.
    pub(super) fn before(&self, at: usize) -> &[Word] {
        self.0.get(..at).unwrap_or_default()
    }

    /// The texts in quotes.
    pub(super) fn quotes(&self) -> Vec<&str> {
        self.0.iter().filter(|word| word.sort == Sort::Quoted).map(|word| word.raw.as_str()).collect()
    }

    /// As it was written, about.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for word in &self.0 {
            if !text.is_empty() && !word.is_break() {
                text.push(' ');
            }
            text.push_str(&word.raw);
        }
        text.chars().take(120).collect()
    }
}

/// Breaks at the front of words.
trait TrimBreaks {
    fn trim_start_breaks(&self) -> &Self;
}

impl TrimBreaks for [Word] {
    fn trim_start_breaks(&self) -> &Self {
        let breaks = self.iter().take_while(|word| word.is_break()).count();
        self.get(breaks..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::clauses;

    fn cut(text: &str) -> Vec<String> {
        clauses(text).iter().map(|clause| clause.bare().text()).collect()
    }

    #[test]
    fn each_clause_says_one_thing() {
        assert_eq!(
            cut(
                "When critical CVEs go red, open a Jira ticket in SEC and wait for Priya's approval, remind after a day."
            ),
            [
                "When critical CVEs go red",
                "open a Jira ticket in SEC",
                "wait for Priya's approval",
                "remind after a day"
            ]
        );
        assert_eq!(
            cut("Every weekday at nine in Berlin email Priya, Marco and Lena"),
            ["Every weekday at nine in Berlin", "email Priya, Marco and Lena"]
        );
        assert_eq!(
            cut("Email Lena when stale accounts go red"),
            ["Email Lena", "when stale accounts go red"]
        );
        assert_eq!(cut("If nobody answers in time, reject."), ["If nobody answers in time, reject"]);
        assert_eq!(cut("no, make it amber"), ["no", "make it amber"]);
        assert_eq!(cut("critical cves red: email owner"), ["critical cves red", "email owner"]);
    }
}
