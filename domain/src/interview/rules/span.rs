//! Spans of time in words: a day, 36 hours, two weeks, half an hour.

use crate::interview::rules::word::{Word, number};
use crate::workflow::Span;

/// The spans that the words name, with the place of each one's unit.
pub(in crate::interview) fn spans(words: &[Word]) -> Vec<(Span, usize)> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = |n: usize| at.checked_sub(n).and_then(|at| words.get(at)).map(|word| word.low.as_str());
        if let Some(span) = joined(&word.low) {
            found.push((span, at));
            continue;
        }
        let Some(unit) = unit(&word.low) else { continue };
        let count = match (before(2), before(1)) {
            (Some("half"), Some("a" | "an")) | (_, Some("half")) => Some((1, 2)),
            (Some("couple"), Some("of")) | (_, Some("couple")) => Some((2, 1)),
            (Some("one" | "a" | "an"), Some("working" | "business" | "full" | "whole"))
            | (_, Some("a" | "an" | "one" | "the" | "another")) => Some((1, 1)),
            (Some(count), Some("working" | "business" | "full" | "whole" | "calendar" | "more")) => {
                number(count).map(|count| (count, 1))
            }
            (_, Some(count)) => number(count).map(|count| (count, 1)),
            (_, None) => None,
        };
        let seconds = count.and_then(|(count, part)| Some(count.checked_mul(unit)? / part));
        if let Some(span) = seconds.and_then(|seconds| Span::try_from_seconds(seconds).ok()) {
            found.push((span, at));
        }
    }
    found
}

/// The first of them.
pub(in crate::interview) fn span(words: &[Word]) -> Option<Span> {
    spans(words).first().map(|(span, _)| *span)
}

fn unit(low: &str) -> Option<u64> {
    match low {
        "second" | "seconds" | "sec" | "secs" => Some(1),
        "minute" | "minutes" | "min" | "mins" => Some(60),
        "hour" | "hours" | "hr" | "hrs" => Some(3_600),
        "day" | "days" => Some(86_400),
        "week" | "weeks" => Some(604_800),
        "fortnight" => Some(1_209_600),
        "month" | "months" => Some(30 * 86_400),
        _ => None,
    }
}

/// `36h`, `2d`, `15min`.
fn joined(low: &str) -> Option<Span> {
    let digits = low.chars().take_while(char::is_ascii_digit).count();
    let (count, rest) = low.split_at_checked(digits)?;
    let seconds = match rest.trim_start_matches('-') {
        "m" | "min" | "mins" => 60,
        "h" | "hr" | "hrs" | "hours" | "hour" => 3_600,
        "d" | "days" | "day" => 86_400,
        "w" | "weeks" | "week" => 604_800,
        _ => return None,
    };
    Span::try_from_seconds(count.parse::<u64>().ok()?.checked_mul(seconds)?).ok()
}

#[cfg(test)]
mod tests {
    use super::span;
    use crate::interview::rules::word::words;

    #[test]
    fn spans_are_read_as_people_say_them() {
        for (text, read) in [
            ("after a day", "P1D"),
            ("within three days", "P3D"),
            ("36 hours", "PT36H"),
            ("half an hour", "PT30M"),
            ("two weeks", "P14D"),
            ("a couple of days", "P2D"),
            ("5 working days", "P5D"),
            ("48h", "P2D"),
            ("a fortnight", "P14D"),
            ("a week", "P7D"),
        ] {
            assert_eq!(
                span(&words(text)).map(String::from).as_deref(),
                Some(&*String::from(read.parse::<crate::workflow::Span>().unwrap())),
                "{text}"
            );
        }
        for text in ["soon", "at nine", "12", "every day"] {
            assert_eq!(span(&words(text)), None, "{text}");
        }
    }
}
