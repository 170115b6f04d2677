//! Organization: a direct customer, or a partner with many client tenants (product.md section 1).

use serde::{Deserialize, Serialize};

use crate::{Moment, Name, OrganizationId, Rejection};

/// An organization as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Organization {
    /// No event yet: there is no such organization.
    #[default]
    Absent,
    /// Created.
    Active,
}

/// What can be asked of an organization.
#[derive(Debug, Clone)]
pub enum OrganizationCommand {
    /// Brings a new one into being.
    Create {
        /// Its id, made by the caller.
        id: OrganizationId,
        /// What people call it.
        name: Name,
    },
}

events! {
    /// What happened to an organization.
    pub enum OrganizationEvent {
        /// It came into being.
        Created(OrganizationCreated) = "organization.created" v 1,
    }
}

/// It came into being.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationCreated {
    /// Its id.
    pub id: OrganizationId,
    /// What people call it.
    pub name: Name,
}

impl Organization {
    /// Whether it has come into being.
    pub const fn exists(&self) -> bool {
        matches!(self, Self::Active)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the shape of every aggregate's rule")]
    fn decide(&self, command: OrganizationCommand, _: &Moment) -> Result<Vec<OrganizationEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, OrganizationCommand::Create { id, name }) => {
                Ok(vec![OrganizationEvent::Created(OrganizationCreated { id, name })])
            }
            (Self::Active, OrganizationCommand::Create { .. }) => Ok(Vec::new()),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the shape of every aggregate's step")]
    fn evolve(&mut self, event: OrganizationEvent) {
        let OrganizationEvent::Created(OrganizationCreated { .. }) = event;
        *self = Self::Active;
    }
}

aggregate!(Organization, "organization", OrganizationCommand, OrganizationEvent);
