//! KRIs by what people call them: slug, name, some of its words, or nearly so.

use std::collections::BTreeSet;

use crate::interview::Scene;
use crate::interview::rules::word::{Sort, Word};
use crate::workflow::KriFact;

/// Which KRI is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::interview) enum Meant {
    /// This one.
    One(String),
    /// One of these, or none.
    Perhaps(String, Vec<String>),
    /// Nothing that could name one was said.
    Nothing,
}

/// Words that name no KRI.
const EMPTY: &[&str] = &[
    "the",
    "a",
    "an",
    "of",
    "our",
    "my",
    "your",
    "their",
    "kri",
    "kris",
    "indicator",
    "number",
    "count",
    "value",
    "on",
    "in",
    "is",
    "goes",
    "go",
    "turns",
    "turn",
    "gets",
    "get",
    "becomes",
    "become",
    "hits",
    "hit",
    "reaches",
    "reach",
    "are",
    "when",
    "whenever",
    "if",
    "as",
    "soon",
    "once",
    "to",
    "and",
    "or",
    "it",
    "this",
    "that",
    "something",
    "anything",
    "level",
    "status",
    "ever",
    "one",
    "ones",
    "for",
    "with",
    "any",
    "some",
    "please",
    "should",
    "called",
    "named",
    "mean",
    "meant",
    "i",
    "we",
    "instead",
    "do",
    "then",
    "yes",
    "no",
    "into",
    "falls",
    "fall",
    "crosses",
    "start",
];

/// The KRI that these words mean.
pub(in crate::interview) fn meant(words: &[Word], scene: &Scene) -> Meant {
    let content: Vec<String> = words
        .iter()
        .filter(|word| matches!(word.sort, Sort::Plain | Sort::Quoted))
        .flat_map(|word| split(&word.low))
        .filter(|low| !EMPTY.contains(&low.as_str()))
        .collect();
    if content.is_empty() {
        return Meant::Nothing;
    }
    let heard: String = words
        .iter()
        .filter(|word| !word.is_break() && !EMPTY.contains(&word.low.as_str()))
        .map(|word| word.raw.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let said: BTreeSet<String> = content.iter().map(|low| stem(low)).collect();
    let mut scored: Vec<(Score, &KriFact)> = scene
        .tenant
        .kris
        .iter()
        .map(|kri| (score(&said, kri, scene), kri))
        .filter(|(score, _)| score.hits > 0)
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.slug.as_str().cmp(b.1.slug.as_str())));
    let slug = |kri: &KriFact| kri.slug.as_str().to_owned();
    let whole: Vec<_> = scored.iter().filter(|(score, _)| score.exact == said.len()).collect();
    if let [(best, kri), rest @ ..] = whole.as_slice() {
        let same = rest.iter().any(|(score, _)| score.left == best.left || best.left > 0);
        if rest.is_empty() || !same {
            return Meant::One(slug(kri));
        }
        let candidates = whole.iter().take(3).map(|(_, kri)| slug(kri)).collect();
        return Meant::Perhaps(heard, candidates);
    }
    let near = scored.iter().filter(|(score, _)| score.hits.saturating_mul(2) >= said.len());
    let best = scored.first().map_or(0, |(score, _)| score.hits);
    let candidates = near.filter(|(score, _)| score.hits == best).take(3).map(|(_, kri)| slug(kri)).collect();
    Meant::Perhaps(heard, candidates)
}

/// How well a KRI fits what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// How many of the words fit, near misses with them.
    hits: usize,
    /// How many fit exactly.
    exact: usize,
    /// How many of its own words nobody said: the fewer, the better.
    left: usize,
}

fn score(said: &BTreeSet<String>, kri: &KriFact, scene: &Scene) -> Score {
    let text = format!("{} {}", kri.slug.as_str(), scene.kri_name(kri).to_lowercase());
    let own: BTreeSet<String> =
        split(&text).into_iter().filter(|low| !EMPTY.contains(&low.as_str())).map(|low| stem(&low)).collect();
    let exact = said.iter().filter(|word| own.contains(*word)).count();
    let near = said
        .iter()
        .filter(|word| !own.contains(*word) && own.iter().any(|known| nearly(word, known)))
        .count();
    let left = own.iter().filter(|word| !said.contains(*word)).count();
    Score { hits: exact.saturating_add(near), exact, left }
}

pub(in crate::interview) fn split(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A word without its plural, and one word for what goes by several.
pub(in crate::interview) fn stem(low: &str) -> String {
    let bare = match low {
        "vulnerabilities" | "vulnerability" | "vulns" | "vuln" => "cve",
        "2fa" | "multifactor" => "mfa",
        "phish" => "phishing",
        "clicks" | "clicked" => "click",
        _ if low.ends_with("ies") && low.len() > 4 => {
            return format!("{}y", low.strip_suffix("ies").unwrap_or(low));
        }
        _ if low.ends_with("ss") || low.ends_with("us") || low.len() < 4 => low,
        _ => low.strip_suffix('s').unwrap_or(low),
    };
    bare.to_owned()
}

/// Whether two words differ by a slip of the pen: one letter in a word of four or more, two in one of eight or more.
pub(in crate::interview) fn nearly(one: &str, other: &str) -> bool {
    let longest = one.chars().count().max(other.chars().count());
    let allowed = match longest {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    allowed > 0 && distance(one, other) <= allowed
}

fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (n, a) in one.chars().enumerate() {
        let mut next = vec![n.saturating_add(1)];
        for ((diagonal, above), b) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let left = next.last().copied().unwrap_or(0);
            let replaced = diagonal.saturating_add(usize::from(a != *b));
            next.push(replaced.min(above.saturating_add(1)).min(left.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The KRI of a slug.
pub(in crate::interview) fn by_slug<'a>(slug: &str, scene: &'a Scene) -> Option<&'a KriFact> {
    scene.tenant.kris.iter().find(|kri| kri.slug.as_str() == slug)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearly, stem};

    #[test]
    fn a_slip_of_the_pen_is_near_and_another_word_is_not() {
        assert_eq!(
            (distance("phising", "phishing"), distance("", "ab"), distance("same", "same")),
            (1, 2, 0)
        );
        assert!(nearly("phising", "phishing") && nearly("acount", "account"));
        assert!(!nearly("patch", "unpatched") && !nearly("mfa", "edr"));
        assert_eq!(
            (stem("rates").as_str(), stem("status").as_str(), stem("policies").as_str()),
            ("rate", "status", "policy")
        );
    }
}
