//! Outcome: a business outcome that risks threaten, such as "customers can pay" (product.md section 3).

use serde::{Deserialize, Serialize};

use crate::{Description, Moment, Name, OutcomeId, Reason, Rejection};

/// An outcome as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// No event yet: there is no such outcome.
    #[default]
    Absent,
    /// Defined and in use.
    Active(OutcomeDefinition),
    /// Kept for its history, no longer rolled up to.
    Archived(OutcomeDefinition),
}

/// What an outcome is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeDefinition {
    /// Its id.
    pub id: OutcomeId,
    /// Counts edits from 1; the `ETag`.
    pub version: u64,
    /// What people call it.
    pub name: Name,
    /// What it means.
    pub description: Option<Description>,
}

/// What can be asked of an outcome.
#[derive(Debug, Clone)]
pub enum OutcomeCommand {
    /// Brings a new one into being.
    Define {
        /// Its id, made by the caller.
        id: OutcomeId,
        /// What it is to be.
        body: OutcomeBody,
    },
    /// Replaces what it is.
    Edit {
        /// What it is to be.
        body: OutcomeBody,
    },
    /// Takes it out of use.
    Archive,
}

/// The body of a define or edit command, on the wire as in the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutcomeBody {
    /// What people call it.
    pub name: Name,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Why it is defined or edited so; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

events! {
    /// What happened to an outcome.
    pub enum OutcomeEvent {
        /// It came into being.
        Defined(OutcomeDefined) = "outcome.defined" v 1,
        /// What it is was replaced.
        Edited(OutcomeEdited) = "outcome.edited" v 1,
        /// It was taken out of use.
        Archived(OutcomeArchived) = "outcome.archived" v 1,
    }
}

/// It came into being.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeDefined {
    /// Its id.
    pub id: OutcomeId,
    /// What people call it.
    pub name: Name,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// What it is was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeEdited {
    /// The version this edit made.
    pub version: u64,
    /// What people call it from now on.
    pub name: Name,
    /// What it means from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// It was taken out of use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeArchived {}

impl Outcome {
    /// The version an edit must name; 0 where there is none.
    pub fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Active(definition) | Self::Archived(definition) => definition.version,
        }
    }

    fn decide(&self, command: OutcomeCommand, moment: &Moment) -> Result<Vec<OutcomeEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, OutcomeCommand::Define { id, body }) => {
                Ok(vec![OutcomeEvent::Defined(OutcomeDefined {
                    id,
                    name: body.name,
                    description: body.description,
                })])
            }
            (Self::Active(_) | Self::Archived(_), OutcomeCommand::Define { .. })
            | (Self::Archived(_), OutcomeCommand::Archive) => Ok(Vec::new()),
            (Self::Absent, OutcomeCommand::Edit { .. } | OutcomeCommand::Archive) => {
                Err(Rejection::NotFound { noun: "outcome" })
            }
            (Self::Active(current), OutcomeCommand::Edit { body }) => {
                moment.must_match(current.version)?;
                if body.name == current.name && body.description == current.description {
                    return Ok(Vec::new());
                }
                Ok(vec![OutcomeEvent::Edited(OutcomeEdited {
                    version: current.version.saturating_add(1),
                    name: body.name,
                    description: body.description,
                })])
            }
            (Self::Active(current), OutcomeCommand::Archive) => {
                moment.must_match(current.version)?;
                Ok(vec![OutcomeEvent::Archived(OutcomeArchived {})])
            }
            (Self::Archived(_), OutcomeCommand::Edit { .. }) => Err(Rejection::conflict(
                "outcome.archived",
                "the outcome is archived and read-only; define another one",
            )),
        }
    }

    fn evolve(&mut self, event: OutcomeEvent) {
        *self = match (std::mem::take(self), event) {
            (_, OutcomeEvent::Defined(OutcomeDefined { id, name, description })) => {
                Self::Active(OutcomeDefinition { id, version: 1, name, description })
            }
            (Self::Active(current), OutcomeEvent::Edited(OutcomeEdited { version, name, description })) => {
                Self::Active(OutcomeDefinition { version, name, description, ..current })
            }
            (Self::Active(current), OutcomeEvent::Archived(_)) => Self::Archived(current),
            (unchanged, OutcomeEvent::Edited(_) | OutcomeEvent::Archived(_)) => unchanged,
        };
    }
}

aggregate!(Outcome, "outcome", OutcomeCommand, OutcomeEvent);
