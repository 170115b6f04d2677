//! Which part of a stream somebody asks for, in a query string.

use chrono::{DateTime, Utc};
use draxis_commands::sealing::{ExportFormat, Selection};
use draxis_domain::Position;
use draxis_domain::audit::StreamPart;
use serde::Deserialize;

use crate::case_file::filter;
use crate::problem::Problem;

/// No name in a stream is longer.
const LONGEST: usize = 200;

/// The query parameters of a reading or an export.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartQuery {
    pub(super) after: Option<u64>,
    pub(super) cursor: Option<u64>,
    pub(super) limit: Option<u32>,
    pub(super) format: Option<String>,
    pub(super) question: Option<String>,
    until: Option<u64>,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    aggregate_type: Option<String>,
    aggregate_id: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    actor: Option<String>,
    correlation: Option<String>,
}

impl PartQuery {
    /// The part, with texts within bounds: they will stand in an event.
    pub(super) fn part(&self) -> Result<StreamPart, Problem> {
        for (name, text) in [
            ("aggregateType", &self.aggregate_type),
            ("aggregateId", &self.aggregate_id),
            ("type", &self.event_type),
            ("actor", &self.actor),
            ("correlation", &self.correlation),
        ] {
            let unfit = |text: &String| text.len() > LONGEST || text.chars().any(char::is_control);
            if text.as_ref().is_some_and(unfit) {
                let detail = "must have at most 200 bytes and no control characters";
                return Err(Problem::invalid_at(format!("/{name}"), detail));
            }
        }
        Ok(StreamPart {
            after: self.after.map(Position::new),
            until: self.until.map(Position::new),
            from: self.from,
            to: self.to,
            aggregate_type: self.aggregate_type.clone(),
            aggregate_id: self.aggregate_id.clone(),
            event_type: self.event_type.clone(),
            actor: self.actor.clone(),
            correlation: self.correlation.clone(),
        })
    }

    /// The form of an export.
    pub(super) fn format(&self) -> Result<ExportFormat, Problem> {
        let format = self.format.as_deref().unwrap_or(ExportFormat::Bundle.name());
        format.parse().map_err(|error| Problem::invalid_at("/format", format!("{error}")))
    }
}

/// The part as an export selects it.
pub(super) fn selection(part: &StreamPart) -> Selection {
    Selection { after: part.after.unwrap_or_default(), filter: filter(part) }
}
