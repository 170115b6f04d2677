//! Control: what holds risks down, such as patching within a month (product.md section 3).

use serde::{Deserialize, Serialize};

use crate::{AccountId, ControlId, Description, Moment, Name, Reason, Rejection};

/// A control as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Control {
    /// No event yet: there is no such control.
    #[default]
    Absent,
    /// Defined and in use.
    Active(ControlDefinition),
    /// Kept for its history, out of use.
    Archived(ControlDefinition),
}

/// A defined control.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlDefinition {
    /// Its id.
    pub id: ControlId,
    /// Counts edits from 1; the `ETag`.
    pub version: u64,
    /// What it is.
    pub body: ControlBody,
}

/// The body of a define or edit command, on the wire as in the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ControlBody {
    /// What people call it.
    pub name: Name,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AccountId>,
    /// How well it works.
    #[serde(default)]
    pub state: ControlState,
    /// Why it is defined or edited so; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

/// How well a control works.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ControlState {
    /// It does what it is for.
    Effective,
    /// It does some of it.
    Partial,
    /// It does not; the risks it should hold down are raised (product.md section 3).
    Ineffective,
    /// Nobody has looked.
    #[default]
    Unknown,
}

/// What can be asked of a control.
#[derive(Debug, Clone)]
pub enum ControlCommand {
    /// Brings a new one into being.
    Define {
        /// Its id, made by the caller.
        id: ControlId,
        /// What it is to be.
        body: ControlBody,
    },
    /// Replaces what it is.
    Edit {
        /// What it is to be.
        body: ControlBody,
    },
    /// Takes it out of use.
    Archive,
}

events! {
    /// What happened to a control.
    pub enum ControlEvent {
        /// It came into being.
        Defined(ControlDefined) = "control.defined" v 1,
        /// What it is was replaced.
        Edited(ControlEdited) = "control.edited" v 1,
        /// It was taken out of use.
        Archived(ControlArchived) = "control.archived" v 1,
    }
}

/// It came into being, as version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlDefined {
    /// Its id.
    pub id: ControlId,
    /// What it is.
    #[serde(flatten)]
    pub body: ControlBody,
}

/// What it is was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlEdited {
    /// The version this edit made.
    pub version: u64,
    /// What it is from now on.
    #[serde(flatten)]
    pub body: ControlBody,
}

/// It was taken out of use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlArchived {}

impl ControlBody {
    /// Without the reason, which belongs to the metadata.
    fn without_reason(self) -> Self {
        Self { reason: None, ..self }
    }
}

impl Control {
    /// The version an edit must name; 0 where there is none.
    pub fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Active(definition) | Self::Archived(definition) => definition.version,
        }
    }

    /// The definition, where the control exists and is not archived.
    pub fn in_use(&self) -> Option<&ControlDefinition> {
        match self {
            Self::Active(current) => Some(current),
            Self::Absent | Self::Archived(_) => None,
        }
    }

    fn decide(&self, command: ControlCommand, moment: &Moment) -> Result<Vec<ControlEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, ControlCommand::Define { id, body }) => {
                let body = body.without_reason();
                Ok(vec![ControlEvent::Defined(ControlDefined { id, body })])
            }
            (Self::Active(_) | Self::Archived(_), ControlCommand::Define { .. })
            | (Self::Archived(_), ControlCommand::Archive) => Ok(Vec::new()),
            (Self::Absent, ControlCommand::Edit { .. } | ControlCommand::Archive) => {
                Err(Rejection::NotFound { noun: "control" })
            }
            (Self::Active(current), ControlCommand::Edit { body }) => {
                moment.must_match(current.version)?;
                let body = body.without_reason();
                if body == current.body {
                    return Ok(Vec::new());
                }
                let version = current.version.saturating_add(1);
                Ok(vec![ControlEvent::Edited(ControlEdited { version, body })])
            }
            (Self::Active(current), ControlCommand::Archive) => {
                moment.must_match(current.version)?;
                Ok(vec![ControlEvent::Archived(ControlArchived {})])
            }
            (Self::Archived(_), ControlCommand::Edit { .. }) => Err(Rejection::conflict(
                "control.archived",
                "the control is archived and read-only; define another one",
            )),
        }
    }

    fn evolve(&mut self, event: ControlEvent) {
        *self = match (std::mem::take(self), event) {
            (_, ControlEvent::Defined(ControlDefined { id, body })) => {
                Self::Active(ControlDefinition { id, version: 1, body })
            }
            (Self::Active(current), ControlEvent::Edited(ControlEdited { version, body })) => {
                Self::Active(ControlDefinition { version, body, ..current })
            }
            (Self::Active(current), ControlEvent::Archived(_)) => Self::Archived(current),
            (unchanged, ControlEvent::Edited(_) | ControlEvent::Archived(_)) => unchanged,
        };
    }
}

aggregate!(Control, "control", ControlCommand, ControlEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Control, ControlBody, ControlCommand, ControlEvent, ControlState};
    use crate::{Actor, ControlId, EventSet, Moment, Rejection};

    fn moment() -> Moment {
        Moment::new(DateTime::UNIX_EPOCH, Actor::Runner)
    }

    fn body(text: &str) -> ControlBody {
        serde_json::from_str(text).unwrap()
    }

    fn given(commands: Vec<ControlCommand>) -> Control {
        let mut control = Control::default();
        let define =
            ControlCommand::Define { id: ControlId::default(), body: body(r#"{"name":"Patching"}"#) };
        for command in std::iter::once(define).chain(commands) {
            for event in control.decide(command, &moment()).unwrap() {
                let stored = event.payload().unwrap();
                let read = ControlEvent::decode(event.wire_type(), event.wire_version(), &stored).unwrap();
                assert_eq!(read, event, "{stored}");
                control.evolve(read);
            }
        }
        control
    }

    #[test]
    fn a_control_nobody_has_looked_at_is_unknown() {
        let state = given(Vec::new()).in_use().map(|current| current.body.state);
        assert_eq!(state, Some(ControlState::Unknown));
        assert!(serde_json::from_str::<ControlBody>(r#"{"name":"Patching","state":"fine"}"#).is_err());
    }

    #[test]
    fn an_edit_replaces_what_it_is_on_the_current_version() {
        let edit = || ControlCommand::Edit {
            body: body(r#"{"name":"Patching","state":"ineffective","reason":"audit finding 7"}"#),
        };
        let edited = given(vec![edit()]);
        assert_eq!(edited.in_use().map(|current| current.version), Some(2));
        assert_eq!(edited.decide(edit(), &moment()), Ok(Vec::new()), "the reason alone is no edit");
        let stale = Moment { expected_version: Some(1), ..moment() };
        assert_eq!(edited.decide(edit(), &stale), Err(Rejection::Stale { current: 2 }));
    }

    #[test]
    fn an_archived_control_is_read_only() {
        let archived = given(vec![ControlCommand::Archive]);
        assert!(archived.in_use().is_none());
        assert_eq!(archived.decide(ControlCommand::Archive, &moment()), Ok(Vec::new()));
        let refused = archived.decide(
            ControlCommand::Edit {
                body: body(r#"{"name":"Patching","state":"ineffective","reason":"audit finding 7"}"#),
            },
            &moment(),
        );
        assert!(matches!(refused, Err(Rejection::Conflict { code: "control.archived", .. })));
        let unknown = Control::default().decide(ControlCommand::Archive, &moment());
        assert_eq!(unknown, Err(Rejection::NotFound { noun: "control" }));
    }
}
