//! A template fills a request from the source's settings, the run's clock and earlier replies: `${config.domain}`.

mod hole;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::credentials::Credentials;
use draxis_commands::secret::Secret;

pub use hole::{EachForm, Hole, TimeForm};

/// What RFC 3986 section 2.3 leaves alone; everything else that comes from outside is encoded in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b',');

/// A text with holes.
#[derive(Debug, Clone)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Hole(Hole),
}

/// What the holes are filled from.
pub struct Filling<'a> {
    /// The run's clock.
    pub now: DateTime<Utc>,
    /// Settings by key.
    pub config: &'a BTreeMap<String, String>,
    /// Values of earlier replies by name.
    pub from: &'a BTreeMap<String, String>,
    /// The values of this round.
    pub each: &'a [String],
}

/// Where the text goes, and so how what fills it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is: base URLs, query values (encoded later, whole), header values.
    Plain,
    /// Percent-encoded, so that a value is one segment and cannot climb.
    Path,
    /// Within a JSON text: quotes and controls escaped.
    Json,
}

/// A mistake in a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` without its `}`.
    #[error("a hole is opened with ${{ and never closed with }}")]
    Unclosed,
    /// A hole that says nothing known.
    #[error(
        "unknown hole ${{{0}}}: use config.…, secret.…, from.…, each, each:json or now, now-30d, now-1h:epoch"
    )]
    Unknown(String),
}

/// A hole that nothing fills.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the setting `{0}` is missing: fill it in")]
pub struct Unfilled(pub String);

impl Template {
    /// A text without holes, whatever it looks like.
    pub fn literal(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    /// This and then another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (hole, tail) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Hole(Hole::parse(hole)?));
            rest = tail;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The holes in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.0.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole),
            Part::Text(_) => None,
        })
    }

    /// Fills every hole; a template with a secret cannot be filled this way.
    pub fn fill(&self, filling: &Filling<'_>, encoding: Encoding) -> Result<String, Unfilled> {
        self.0.iter().try_fold(String::new(), |mut text, part| {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Hole(Hole::Each(EachForm::Json)) => {
                    text.push_str(&serde_json::json!(filling.each).to_string());
                }
                Part::Hole(hole) => text.push_str(&encoding.apply(&hole.value(filling)?)),
            }
            Ok(text)
        })
    }

    /// Fills a template that may hold secrets.
    pub fn fill_secret(
        &self,
        config: &BTreeMap<String, String>,
        credentials: &Credentials,
    ) -> Result<Secret, Unfilled> {
        let mut text = zeroize::Zeroizing::new(String::new());
        for part in &self.0 {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Hole(Hole::Secret(key)) => {
                    text.push_str(credentials.get(key).ok_or_else(|| Unfilled(key.clone()))?.expose());
                }
                Part::Hole(Hole::Config(key)) => {
                    text.push_str(config.get(key).ok_or_else(|| Unfilled(key.clone()))?);
                }
                Part::Hole(Hole::Now(..) | Hole::From(_) | Hole::Each(_)) => {
                    return Err(Unfilled("auth reads only config and secret".to_owned()));
                }
            }
        }
        Ok(Secret::new(std::mem::take(&mut *text)))
    }
}

impl Encoding {
    fn apply(self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Path => utf8_percent_encode(value, IN_PATH).to_string(),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted.strip_prefix('"').and_then(|q| q.strip_suffix('"')).unwrap_or_default().to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn fill(template: &str, encoding: Encoding) -> Result<String, Unfilled> {
        let config = BTreeMap::from([("org".to_owned(), "../a \"b\"".to_owned())]);
        let from = BTreeMap::from([("uuid".to_owned(), "u-1".to_owned())]);
        let each = ["a/1".to_owned(), "b".to_owned()];
        let now = Utc.with_ymd_and_hms(2026, 3, 31, 12, 0, 0).unwrap();
        let filling = Filling { now, config: &config, from: &from, each: &each };
        Template::parse(template).unwrap().fill(&filling, encoding)
    }

    #[test]
    fn holes_are_filled_from_settings_replies_and_the_clock() {
        assert_eq!(fill("/x/${from.uuid}/y", Encoding::Plain).unwrap(), "/x/u-1/y");
        assert_eq!(
            fill("${now-30d} ${now:epoch} ${now-1h:date}", Encoding::Plain).unwrap(),
            "2026-03-01T12:00:00Z 1774958400 2026-03-31"
        );
        assert_eq!(fill("${now-15m:epoch_ms}", Encoding::Plain).unwrap(), "1774957500000");
        assert_eq!(fill("{\"ids\": ${each:json}}", Encoding::Json).unwrap(), "{\"ids\": [\"a/1\",\"b\"]}");
    }

    #[test]
    fn a_value_cannot_climb_out_of_its_place() {
        assert_eq!(fill("/orgs/${config.org}/x", Encoding::Path).unwrap(), "/orgs/..%2Fa%20%22b%22/x");
        assert_eq!(fill("{\"o\":\"${config.org}\"}", Encoding::Json).unwrap(), "{\"o\":\"../a \\\"b\\\"\"}");
        assert_eq!(fill("/t/${each}", Encoding::Path).unwrap(), "/t/a%2F1%2Cb".replace("%2Cb", ",b"));
    }

    #[test]
    fn what_is_missing_is_named_and_mistakes_are_refused() {
        assert_eq!(fill("${config.domain}", Encoding::Plain), Err(Unfilled("domain".to_owned())));
        assert!(fill("${secret.token}", Encoding::Plain).is_err(), "a secret is filled only into auth");
        assert_eq!(Template::parse("${config.x").unwrap_err(), TemplateError::Unclosed);
        for hole in ["conf.x", "now-3y", "now+1d", "now:iso", "each:csv", "", "config"] {
            assert!(Template::parse(&format!("${{{hole}}}")).is_err(), "{hole}");
        }
    }
}
