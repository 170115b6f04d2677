//! Vendor: a third party that the tenant depends on (product.md section 3).

use serde::{Deserialize, Serialize};

use crate::{AccountId, Description, Moment, Name, Reason, Rejection, VendorId};

/// A vendor as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Vendor {
    /// No event yet: there is no such vendor.
    #[default]
    Absent,
    /// Defined and in use.
    Active(VendorDefinition),
    /// Kept for its history, out of use.
    Archived(VendorDefinition),
}

/// A defined vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VendorDefinition {
    /// Its id.
    pub id: VendorId,
    /// Counts edits from 1; the `ETag`.
    pub version: u64,
    /// What it is.
    pub body: VendorBody,
}

/// The body of a define or edit command, on the wire as in the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VendorBody {
    /// What people call it.
    pub name: Name,
    /// What it does for the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Who answers for the relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<AccountId>,
    /// How much hangs on it.
    pub criticality: Criticality,
    /// Why it is defined or edited so; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

/// How much hangs on a third party.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    /// Hardly anything.
    Low,
    /// Something that can wait.
    Medium,
    /// Something that cannot wait.
    High,
    /// The business itself.
    Critical,
}

/// What can be asked of a vendor.
#[derive(Debug, Clone)]
pub enum VendorCommand {
    /// Brings a new one into being.
    Define {
        /// Its id, made by the caller.
        id: VendorId,
        /// What it is to be.
        body: VendorBody,
    },
    /// Replaces what it is.
    Edit {
        /// What it is to be.
        body: VendorBody,
    },
    /// Takes it out of use.
    Archive,
}

events! {
    /// What happened to a vendor.
    pub enum VendorEvent {
        /// It came into being.
        Defined(VendorDefined) = "vendor.defined" v 1,
        /// What it is was replaced.
        Edited(VendorEdited) = "vendor.edited" v 1,
        /// It was taken out of use.
        Archived(VendorArchived) = "vendor.archived" v 1,
    }
}

/// It came into being, as version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VendorDefined {
    /// Its id.
    pub id: VendorId,
    /// What it is.
    #[serde(flatten)]
    pub body: VendorBody,
}

/// What it is was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VendorEdited {
    /// The version this edit made.
    pub version: u64,
    /// What it is from now on.
    #[serde(flatten)]
    pub body: VendorBody,
}

/// It was taken out of use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VendorArchived {}

impl VendorBody {
    /// Without the reason, which belongs to the metadata.
    fn without_reason(self) -> Self {
        Self { reason: None, ..self }
    }
}

impl Vendor {
    /// The version an edit must name; 0 where there is none.
    pub fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Active(definition) | Self::Archived(definition) => definition.version,
        }
    }

    /// The definition, where the vendor exists and is not archived.
    pub fn in_use(&self) -> Option<&VendorDefinition> {
        match self {
            Self::Active(current) => Some(current),
            Self::Absent | Self::Archived(_) => None,
        }
    }

    fn decide(&self, command: VendorCommand, moment: &Moment) -> Result<Vec<VendorEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, VendorCommand::Define { id, body }) => {
                let body = body.without_reason();
                Ok(vec![VendorEvent::Defined(VendorDefined { id, body })])
            }
            (Self::Active(_) | Self::Archived(_), VendorCommand::Define { .. })
            | (Self::Archived(_), VendorCommand::Archive) => Ok(Vec::new()),
            (Self::Absent, VendorCommand::Edit { .. } | VendorCommand::Archive) => {
                Err(Rejection::NotFound { noun: "vendor" })
            }
            (Self::Active(current), VendorCommand::Edit { body }) => {
                moment.must_match(current.version)?;
                let body = body.without_reason();
                if body == current.body {
                    return Ok(Vec::new());
                }
                let version = current.version.saturating_add(1);
                Ok(vec![VendorEvent::Edited(VendorEdited { version, body })])
            }
            (Self::Active(current), VendorCommand::Archive) => {
                moment.must_match(current.version)?;
                Ok(vec![VendorEvent::Archived(VendorArchived {})])
            }
            (Self::Archived(_), VendorCommand::Edit { .. }) => Err(Rejection::conflict(
                "vendor.archived",
                "the vendor is archived and read-only; define another one",
            )),
        }
    }

    fn evolve(&mut self, event: VendorEvent) {
        *self = match (std::mem::take(self), event) {
            (_, VendorEvent::Defined(VendorDefined { id, body })) => {
                Self::Active(VendorDefinition { id, version: 1, body })
            }
            (Self::Active(current), VendorEvent::Edited(VendorEdited { version, body })) => {
                Self::Active(VendorDefinition { version, body, ..current })
            }
            (Self::Active(current), VendorEvent::Archived(_)) => Self::Archived(current),
            (unchanged, VendorEvent::Edited(_) | VendorEvent::Archived(_)) => unchanged,
        };
    }
}

aggregate!(Vendor, "vendor", VendorCommand, VendorEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{Vendor, VendorBody, VendorCommand, VendorEvent};
    use crate::{Actor, EventSet, Moment, Rejection, VendorId};

    fn moment() -> Moment {
        Moment::new(DateTime::UNIX_EPOCH, Actor::Runner)
    }

    fn body(text: &str) -> VendorBody {
        serde_json::from_str(text).unwrap()
    }

    fn given(commands: Vec<VendorCommand>) -> Vendor {
        let mut vendor = Vendor::default();
        let define = VendorCommand::Define {
            id: VendorId::default(),
            body: body(r#"{"name":"Payments Ltd","criticality":"high"}"#),
        };
        for command in std::iter::once(define).chain(commands) {
            for event in vendor.decide(command, &moment()).unwrap() {
                let stored = event.payload().unwrap();
                let read = VendorEvent::decode(event.wire_type(), event.wire_version(), &stored).unwrap();
                assert_eq!(read, event, "{stored}");
                vendor.evolve(read);
            }
        }
        vendor
    }

    #[test]
    fn how_much_hangs_on_a_vendor_is_always_said() {
        assert!(serde_json::from_str::<VendorBody>(r#"{"name":"Payments Ltd"}"#).is_err());
        assert!(serde_json::from_str::<VendorBody>(r#"{"name":"x","criticality":"huge"}"#).is_err());
    }

    #[test]
    fn an_edit_replaces_what_it_is_on_the_current_version() {
        let edit = || VendorCommand::Edit {
            body: body(
                r#"{"name":"Payments Ltd","criticality":"critical","reason":"all cards go there now"}"#,
            ),
        };
        let edited = given(vec![edit()]);
        assert_eq!(edited.in_use().map(|current| current.version), Some(2));
        assert_eq!(edited.decide(edit(), &moment()), Ok(Vec::new()), "the reason alone is no edit");
        let stale = Moment { expected_version: Some(1), ..moment() };
        assert_eq!(edited.decide(edit(), &stale), Err(Rejection::Stale { current: 2 }));
    }

    #[test]
    fn an_archived_vendor_is_read_only() {
        let archived = given(vec![VendorCommand::Archive]);
        assert!(archived.in_use().is_none());
        assert_eq!(archived.decide(VendorCommand::Archive, &moment()), Ok(Vec::new()));
        let refused = archived.decide(
            VendorCommand::Edit {
                body: body(
                    r#"{"name":"Payments Ltd","criticality":"critical","reason":"all cards go there now"}"#,
                ),
            },
            &moment(),
        );
        assert!(matches!(refused, Err(Rejection::Conflict { code: "vendor.archived", .. })));
        let unknown = Vendor::default().decide(VendorCommand::Archive, &moment());
        assert_eq!(unknown, Err(Rejection::NotFound { noun: "vendor" }));
    }
}
