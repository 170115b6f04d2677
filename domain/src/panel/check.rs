//! The figure check: every figure of an answer stands in the data where its citation says, or it is struck out.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::panel::figure::{Figure, Says, figures};
use crate::panel::{Citation, CitedKind, Ledger, Snapshot, Struck, StruckWhy};

/// A text of which every figure has been looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The texts, with what nothing bears out struck through and marked.
    pub texts: Vec<String>,
    /// The citations that hold.
    pub citations: Vec<Citation>,
    /// What was struck out, and why.
    pub struck: Vec<Struck>,
}

/// What is put in the place of a figure that nothing bears out.
const MARK: &str = "[unverified]";

/// Checks texts against the data that they speak of. A citation holds where its place holds its value, or, in a text that somebody
/// wrote, where its value is an excerpt. A figure holds where a citation that holds says it.
pub fn check(texts: &[&str], citations: &[Citation], snapshot: &Snapshot) -> Checked {
    let ledger = Ledger::of(snapshot);
    let names = snapshot.names();
    let (mut holding, mut struck) = (Vec::new(), BTreeSet::new());
    for citation in citations {
        match judge(citation, &ledger) {
            Ok(()) => holding.push(citation.clone()),
            Err(why) => {
                let figure = format!("{}.{} = {}", citation.id, citation.field, citation.value);
                struck.insert(Struck { figure: bounded(&figure), why });
            }
        }
    }
    holding.sort();
    holding.dedup();
    let borne_out = BorneOut::by(&holding);
    let texts = texts
        .iter()
        .map(|text| {
            let mut kept = (*text).to_owned();
            for figure in figures(text, &names).into_iter().rev() {
                if !borne_out.holds(&figure) {
                    kept.replace_range(figure.span, &format!("~~{}~~ {MARK}", figure.text));
                    struck.insert(Struck { figure: figure.text, why: StruckWhy::Uncited });
                }
            }
            kept
        })
        .collect();
    Checked { texts, citations: holding, struck: struck.into_iter().collect() }
}

fn bounded(text: &str) -> String {
    text.chars().take(200).collect()
}

fn judge(citation: &Citation, ledger: &Ledger) -> Result<(), StruckWhy> {
    let stands = ledger.find(citation.kind, &citation.id, &citation.field).ok_or(StruckWhy::NoSuchPlace)?;
    let written = matches!(citation.kind, CitedKind::Fact | CitedKind::Document);
    let holds = stands == citation.value
        || same_number(stands, &citation.value)
        || (written && !citation.value.trim().is_empty() && is_excerpt(stands, citation.value.trim()));
    if holds { Ok(()) } else { Err(StruckWhy::Wrong) }
}

/// Whether a text stands within another and does not begin or end in the middle of a number: "2" is no excerpt of "12".
fn is_excerpt(whole: &str, part: &str) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    whole.match_indices(part).any(|(at, found)| {
        let before = whole.get(..at).and_then(|text| text.chars().next_back());
        let after = whole.get(at.saturating_add(found.len())..).and_then(|text| text.chars().next());
        let begins = found.chars().next().is_some_and(|c| c.is_ascii_digit());
        let ends = found.chars().next_back().is_some_and(|c| c.is_ascii_digit());
        !(begins && digit(before) || ends && after.is_some_and(|c| c.is_ascii_digit()))
    })
}

fn same_number(one: &str, other: &str) -> bool {
    let number = |text: &str| Decimal::from_str_exact(text.trim()).ok();
    number(one).zip(number(other)).is_some_and(|(one, other)| one == other)
}

/// What the citations that hold say.
struct BorneOut {
    numbers: BTreeSet<Decimal>,
    dates: BTreeSet<String>,
}

impl BorneOut {
    fn by(citations: &[Citation]) -> Self {
        let mut borne_out = Self { numbers: BTreeSet::new(), dates: BTreeSet::new() };
        for citation in citations {
            for figure in figures(&citation.value, &[]) {
                match figure.says {
                    Says::Number(number) => drop(borne_out.numbers.insert(number.normalize())),
                    Says::Date(date) => drop(borne_out.dates.insert(date)),
                }
            }
        }
        borne_out
    }

    fn holds(&self, figure: &Figure) -> bool {
        match &figure.says {
            Says::Number(number) => self.numbers.contains(&number.normalize()),
            // A day is borne out by a time on it.
            Says::Date(date) => self.dates.iter().any(|known| known.starts_with(date.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::panel::rules::sample::{kri_id, snapshot};
    use crate::panel::{Citation, CitedKind, StruckWhy};

    fn cite(field: &str, value: &str) -> Citation {
        Citation {
            kind: CitedKind::Kri,
            id: kri_id(1).to_string(),
            field: field.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn a_figure_that_is_cited_as_it_stands_stays() {
        let checked = check(&["It is at 12."], &[cite("value", "12")], &snapshot());
        assert_eq!(checked.texts, ["It is at 12."]);
        assert!(checked.struck.is_empty());
        assert_eq!(checked.citations.len(), 1);
        let checked = check(&["It is at twelve."], &[cite("value", "12.0")], &snapshot());
        assert!(checked.struck.is_empty(), "{:?}", checked.struck);
    }

    #[test]
    fn a_figure_without_a_citation_is_struck_out_and_marked() {
        let checked = check(&["It is at 12, soon 99."], &[cite("value", "12")], &snapshot());
        assert_eq!(checked.texts, ["It is at 12, soon ~~99~~ [unverified]."]);
        assert_eq!(checked.struck.len(), 1);
        assert_eq!((checked.struck[0].figure.as_str(), checked.struck[0].why), ("99", StruckWhy::Uncited));
    }

    #[test]
    fn a_citation_that_says_something_else_than_the_data_bears_nothing_out() {
        let checked = check(&["It is at 13."], &[cite("value", "13")], &snapshot());
        assert_eq!(checked.texts, ["It is at ~~13~~ [unverified]."]);
        assert!(checked.citations.is_empty());
        assert!(checked.struck.iter().any(|struck| struck.why == StruckWhy::Wrong));
    }

    #[test]
    fn a_place_that_there_is_not_bears_nothing_out() {
        let mut citation = cite("value", "12");
        citation.id = kri_id(77).to_string();
        let checked = check(&["It is at 12."], &[citation], &snapshot());
        assert!(checked.struck.iter().any(|struck| struck.why == StruckWhy::NoSuchPlace));
        assert!(checked.texts[0].contains("[unverified]"));
    }

    #[test]
    fn an_excerpt_of_a_fact_bears_out_what_it_says_and_half_a_number_does_not() {
        let fact = |value: &str| Citation {
            kind: CitedKind::Fact,
            id: "insurance.limit".to_owned(),
            field: "value".to_owned(),
            value: value.to_owned(),
        };
        let whole = check(&["The limit is 25 million."], &[fact("25 million")], &snapshot());
        assert!(whole.struck.is_empty(), "{:?}", whole.struck);
        let half = check(&["The limit is 5 million."], &[fact("5 million")], &snapshot());
        assert!(!half.struck.is_empty());
    }
}
