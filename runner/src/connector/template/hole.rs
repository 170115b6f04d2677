//! What stands between `${` and `}`.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::{Filling, TemplateError, Unfilled};

/// What fills a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hole {
    /// `${config.key}`: a setting that is not secret.
    Config(String),
    /// `${secret.key}`: a credential; only in `auth`.
    Secret(String),
    /// `${now}`, `${now-30d}`, `${now-1h:epoch}`: the run's clock.
    Now(TimeDelta, TimeForm),
    /// `${from.name}`: a value read from an earlier reply.
    From(String),
    /// `${each}` (joined by commas) or `${each:json}` (a JSON list): the values of this round of `each`.
    Each(EachForm),
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// `2026-03-31T12:00:00Z`.
    Rfc3339,
    /// Seconds since 1970.
    Epoch,
    /// Milliseconds since 1970.
    EpochMillis,
    /// `2026-03-31`.
    Date,
}

/// How the values of a round are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EachForm {
    /// Joined by commas.
    Commas,
    /// A JSON list of strings.
    Json,
}

impl Hole {
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let unknown = || TemplateError::Unknown(text.to_owned());
        let (what, form) = text.split_once(':').unwrap_or((text, ""));
        match (what, form) {
            ("each", "") => return Ok(Self::Each(EachForm::Commas)),
            ("each", "json") => return Ok(Self::Each(EachForm::Json)),
            _ => {}
        }
        if let Some(back) = what.strip_prefix("now") {
            let form = match form {
                "" | "rfc3339" => TimeForm::Rfc3339,
                "epoch" => TimeForm::Epoch,
                "epoch_ms" => TimeForm::EpochMillis,
                "date" => TimeForm::Date,
                _ => return Err(unknown()),
            };
            return Ok(Self::Now(span(back).ok_or_else(unknown)?, form));
        }
        match (what.split_once('.'), form) {
            (Some(("config", key)), "") => Ok(Self::Config(key.to_owned())),
            (Some(("secret", key)), "") => Ok(Self::Secret(key.to_owned())),
            (Some(("from", key)), "") => Ok(Self::From(key.to_owned())),
            _ => Err(unknown()),
        }
    }

    pub(super) fn value(&self, filling: &Filling<'_>) -> Result<String, Unfilled> {
        match self {
            Self::Config(key) => filling.config.get(key).cloned().ok_or_else(|| Unfilled(key.clone())),
            Self::From(key) => filling.from.get(key).cloned().ok_or_else(|| Unfilled(key.clone())),
            Self::Each(_) => Ok(filling.each.join(",")),
            Self::Now(back, form) => {
                let time = filling.now.checked_sub_signed(*back).unwrap_or(filling.now);
                Ok(form.write(time))
            }
            Self::Secret(key) => Err(Unfilled(format!("{key} (a secret may stand only in auth)"))),
        }
    }
}

impl TimeForm {
    fn write(self, time: DateTime<Utc>) -> String {
        match self {
            Self::Rfc3339 => time.to_rfc3339_opts(SecondsFormat::Secs, true),
            Self::Epoch => time.timestamp().to_string(),
            Self::EpochMillis => time.timestamp_millis().to_string(),
            Self::Date => time.format("%Y-%m-%d").to_string(),
        }
    }
}

/// Reads nothing, `-30d`, `-12h` or `-15m`.
fn span(text: &str) -> Option<TimeDelta> {
    if text.is_empty() {
        return Some(TimeDelta::zero());
    }
    let text = text.strip_prefix('-')?;
    let unit = text.chars().last()?;
    let amount = text.strip_suffix(unit)?.parse::<u32>().ok().map(i64::from)?;
    match unit {
        'd' => TimeDelta::try_days(amount),
        'h' => TimeDelta::try_hours(amount),
        'm' => TimeDelta::try_minutes(amount),
        _ => None,
    }
}
