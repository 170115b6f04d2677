//! MFA policy: for whom a second factor is required (product.md section 1: per platform, organization, tenant or user).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AccountId, Moment, OrganizationId, Rejection, TenantId};

/// Whom a requirement is about. Each is an aggregate of its own, named by this.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum MfaSubject {
    /// Everybody.
    Platform,
    /// Whoever administers one organization or acts in its tenants.
    Organization {
        /// The organization.
        organization_id: OrganizationId,
    },
    /// Whoever acts in one tenant.
    Tenant {
        /// The tenant.
        tenant_id: TenantId,
    },
    /// One person.
    Account {
        /// The account.
        account_id: AccountId,
    },
}

impl fmt::Display for MfaSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("platform"),
            Self::Organization { organization_id } => write!(f, "organization:{organization_id}"),
            Self::Tenant { tenant_id } => write!(f, "tenant:{tenant_id}"),
            Self::Account { account_id } => write!(f, "account:{account_id}"),
        }
    }
}

/// What is asked for of the subject, as the events have made it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MfaPolicy {
    /// A second factor is everybody's own choice.
    #[default]
    Optional,
    /// Nobody gets further without one.
    Required,
}

/// What can be asked of a policy.
#[derive(Debug, Clone, Copy)]
pub enum MfaPolicyCommand {
    /// From now on a second factor is required.
    Require(MfaSubject),
    /// From now on it is not.
    Lift(MfaSubject),
}

events! {
    /// What happened to a policy.
    pub enum MfaPolicyEvent {
        /// A second factor is required from now on.
        Required(MfaPolicyChanged) = "mfa_policy.required" v 1,
        /// It is no longer.
        Lifted(MfaPolicyChanged) = "mfa_policy.lifted" v 1,
    }
}

/// A requirement came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MfaPolicyChanged {
    /// For whom.
    pub subject: MfaSubject,
}

impl MfaPolicy {
    #[expect(
        clippy::unnecessary_wraps,
        clippy::trivially_copy_pass_by_ref,
        reason = "the shape of every aggregate's rule"
    )]
    fn decide(&self, command: MfaPolicyCommand, _: &Moment) -> Result<Vec<MfaPolicyEvent>, Rejection> {
        Ok(match (self, command) {
            (Self::Optional, MfaPolicyCommand::Require(subject)) => {
                vec![MfaPolicyEvent::Required(MfaPolicyChanged { subject })]
            }
            (Self::Required, MfaPolicyCommand::Lift(subject)) => {
                vec![MfaPolicyEvent::Lifted(MfaPolicyChanged { subject })]
            }
            (Self::Required, MfaPolicyCommand::Require(_)) | (Self::Optional, MfaPolicyCommand::Lift(_)) => {
                Vec::new()
            }
        })
    }

    #[expect(clippy::needless_pass_by_value, reason = "the shape of every aggregate's step")]
    fn evolve(&mut self, event: MfaPolicyEvent) {
        *self = match event {
            MfaPolicyEvent::Required(_) => Self::Required,
            MfaPolicyEvent::Lifted(_) => Self::Optional,
        };
    }
}

aggregate!(MfaPolicy, "mfa_policy", MfaPolicyCommand, MfaPolicyEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::Actor;

    #[test]
    fn a_requirement_comes_once_and_goes_once() {
        let moment = Moment::new(DateTime::UNIX_EPOCH, Actor::Runner);
        let (require, lift) =
            (MfaPolicyCommand::Require(MfaSubject::Platform), MfaPolicyCommand::Lift(MfaSubject::Platform));
        let mut policy = MfaPolicy::default();
        assert_eq!(policy.decide(lift, &moment), Ok(Vec::new()));
        policy.evolve(policy.decide(require, &moment).unwrap().remove(0));
        assert_eq!((policy, policy.decide(require, &moment)), (MfaPolicy::Required, Ok(Vec::new())));
        policy.evolve(policy.decide(lift, &moment).unwrap().remove(0));
        assert_eq!(policy, MfaPolicy::Optional);
    }
}
