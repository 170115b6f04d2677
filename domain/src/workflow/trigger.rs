//! Triggers: what starts a run.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kri::Level;
use crate::{KriId, KriSlug};

/// What starts a run (product.md section 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Trigger {
    /// A KRI's breach reaches a level.
    KriBreach(KriBreach),
    /// A wall-clock time in a time zone.
    Schedule(Schedule),
    /// A person presses the button.
    Manual(Manual),
}

/// A KRI's breach reaches a level: one run for an episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KriBreach {
    /// Which KRI.
    pub kri: KriRef,
    /// The level that counts; `amber` also where the breach opens at red.
    pub level: Level,
    /// Whether a breach that is open at activation counts (hazards H13).
    #[serde(default)]
    pub on_activate: OnActivate,
}

/// A KRI by slug or by id. Slugs have lower-case letters and ids upper-case ones, so a text is never both; a text of
/// twenty-six digits is read as an id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum KriRef {
    /// By id.
    Id(KriId),
    /// By slug.
    Slug(KriSlug),
}

text_schema!(KriRef, "minLength": 1, "maxLength": 100);

impl KriRef {
    /// Whether this is what the KRI is called.
    pub fn names(&self, id: KriId, slug: &KriSlug) -> bool {
        match self {
            Self::Id(named) => *named == id,
            Self::Slug(named) => named == slug,
        }
    }
}

impl fmt::Display for KriRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Slug(slug) => f.write_str(slug.as_str()),
        }
    }
}

impl TryFrom<String> for KriRef {
    type Error = crate::slug::SlugError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.parse() {
            Ok(id) if !text.contains(|c: char| c.is_ascii_lowercase()) => Ok(Self::Id(id)),
            Ok(_) | Err(_) => KriSlug::parse(&text).map(Self::Slug),
        }
    }
}

impl From<KriRef> for String {
    fn from(kri: KriRef) -> Self {
        kri.to_string()
    }
}

/// What becomes of a breach that is open when the workflow is activated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnActivate {
    /// Only the next one counts.
    #[default]
    NextBreach,
    /// It counts as if it had just opened.
    OpenBreach,
}

/// A wall-clock time in a time zone (hazards H4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// Five cron fields, matched on the wall clock.
    pub cron: String,
    /// An IANA zone.
    pub time_zone: String,
    /// What becomes of times that passed unserved.
    #[serde(default)]
    pub missed: Missed,
    /// What becomes of a due time while a run is under way.
    #[serde(default)]
    pub overlap: Overlap,
}

/// What becomes of times that passed unserved; each one not run is recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Missed {
    /// The latest is run.
    #[default]
    Latest,
    /// None is run.
    None,
    /// All are run, the most recent ones first kept.
    All {
        /// How many at most.
        up_to: u32,
    },
}

/// What becomes of a due time while a run of the workflow is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is missed.
    Skip,
    /// One waits for the run to end; further ones are missed.
    #[default]
    QueueOne,
    /// It starts beside.
    Allow,
}

/// A person presses the button.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manual {
    /// What that person is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
}

/// One thing the person who starts a run is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Its name for templates: `trigger.inputs.<name>`.
    pub name: String,
    /// What the person reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What is accepted.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Whether it must be given.
    #[serde(default = "yes")]
    pub required: bool,
    /// What can be chosen, for a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What is taken where nothing is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
}

/// What an input accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day, `2026-03-01`.
    Date,
    /// One of the options.
    Choice,
}

pub(super) const fn yes() -> bool {
    true
}
