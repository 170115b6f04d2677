//! Values pushed to us: `POST /api/kri-sources/<id>/values` with a batch, of now or of the past.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::reading::{Reading, ReadingMistake, decimal, time, without_doubles};
use super::slug::Slug;

/// The most values of one batch.
pub const MOST_VALUES: usize = 1_000;

/// The most mistakes named in one answer.
const MOST_MISTAKES: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    #[serde(borrow)]
    values: Vec<Pushed<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Pushed<'a> {
    slug: String,
    // Raw, because a number would lose digits on its way through a float.
    #[serde(borrow)]
    value: &'a RawValue,
    observed_at: Option<String>,
}

/// Reads a batch whole or not at all: `{"values": [{"slug", "value", "observedAt"?}]}`.
pub fn read(body: &str, now: DateTime<Utc>) -> Result<Vec<Reading>, Vec<ReadingMistake>> {
    let batch: Batch<'_> = serde_json::from_str(body).map_err(|error| {
        vec![ReadingMistake::new(
            "",
            format!("not a batch of values (line {}): {}", error.line(), plain(&error)),
        )]
    })?;
    if batch.values.is_empty() || batch.values.len() > MOST_VALUES {
        return Err(vec![ReadingMistake::new("/values", format!("a batch has 1 to {MOST_VALUES} values"))]);
    }
    let mut readings = Vec::new();
    let mut mistakes = Vec::new();
    for (index, pushed) in batch.values.iter().enumerate() {
        match reading(&format!("/values/{index}"), pushed, now) {
            Ok(reading) => readings.push((format!("/values/{index}"), reading)),
            Err(mistake) => mistakes.push(mistake),
        }
        if mistakes.len() == MOST_MISTAKES {
            break;
        }
    }
    if mistakes.is_empty() { without_doubles(readings) } else { Err(mistakes) }
}

fn reading(place: &str, pushed: &Pushed<'_>, now: DateTime<Utc>) -> Result<Reading, ReadingMistake> {
    let at = |member: &str, reason: &str| ReadingMistake::new(format!("{place}/{member}"), reason);
    let slug = Slug::parse(&pushed.slug).map_err(|error| at("slug", &error.to_string()))?;
    let raw = pushed.value.get();
    let text = raw.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(raw);
    let value = decimal(text).map_err(|reason| at("value", reason))?;
    let observed_at = time(pushed.observed_at.as_deref(), now).map_err(|reason| at("observedAt", reason))?;
    Ok(Reading { slug, value, observed_at })
}

/// What kind of mistake it is, without what was sent.
fn plain(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io | serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it ends too soon",
        serde_json::error::Category::Data => {
            "each value has slug, value and, if it is not of now, observedAt"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-31T12:00:00Z".parse().unwrap()
    }

    fn places(body: &str) -> Vec<String> {
        read(body, now()).unwrap_err().into_iter().map(|mistake| mistake.place).collect()
    }

    #[test]
    fn a_batch_takes_texts_and_numbers_exactly_and_times_of_the_past() {
        let body = r#"{"values": [
            {"slug": "open_risks", "value": "12.10"},
            {"slug": "open_risks", "value": 0.30000000000000000001, "observedAt": "2025-12-31T23:59:59+01:00"},
            {"slug": "uptime_pct", "value": -5}]}"#;
        let readings = read(body, now()).unwrap();
        assert_eq!(
            readings.iter().map(|r| r.value.to_string()).collect::<Vec<_>>(),
            ["12.10", "0.30000000000000000001", "-5"]
        );
        assert_eq!(readings[0].observed_at, now());
        assert_eq!(readings[1].observed_at.to_rfc3339(), "2025-12-31T22:59:59+00:00");
    }

    #[test]
    fn every_mistake_is_pointed_at() {
        let body = r#"{"values": [{"slug": "A", "value": 1}, {"slug": "ok_slug", "value": "1e3"},
            {"slug": "ok_slug", "value": null}, {"slug": "ok_slug", "value": 1, "observedAt": "2026-04-01T00:00:00Z"},
            {"slug": "ok_slug", "value": "NaN"}, {"slug": "ok_slug", "value": 1, "observedAt": "1999-01-01T00:00:00Z"}]}"#;
        let expected = [
            "/values/0/slug",
            "/values/1/value",
            "/values/2/value",
            "/values/3/observedAt",
            "/values/4/value",
            "/values/5/observedAt",
        ];
        assert_eq!(places(body), expected);
    }

    #[test]
    fn a_batch_is_bounded_and_says_nothing_twice() {
        assert_eq!(places(r#"{"values": []}"#), ["/values"]);
        assert_eq!(
            places(r#"{"values": [{"slug": "a_b", "value": 1}, {"slug": "a_b", "value": 2}]}"#),
            ["/values/1"]
        );
        assert_eq!(places(r#"{"values": [{"slug": "a_b", "value": 1, "tenant": "x"}]}"#), [""]);
        assert_eq!(places("[]"), [""]);
        let many = vec![r#"{"slug": "a_b", "value": 1}"#; 1_001].join(",");
        assert_eq!(places(&format!(r#"{{"values": [{many}]}}"#)), ["/values"]);
    }
}
